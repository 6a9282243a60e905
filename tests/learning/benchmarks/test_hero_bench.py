"""Runs with a hidden rule become a page; what has a result is not run again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_pipeline import tiny_pipeline

from adapt_learning import catalog
from adapt_learning.benchmarks.hero_bench import HeroBench, HeroCell, answers_needed, cells_of
from adapt_learning.benchmarks.hero_job import METHODS, HeroJob, variety
from adapt_learning.benchmarks.hero_page import _same_seeds, write_page
from adapt_learning.benchmarks.hero_transfer import TransferJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.artifact import Tuned
from adapt_learning.generation.hero.run import HeroRun
from adapt_learning.generation.small.rules.base import Judgement

ROOT = Path(__file__).parents[3]
RULE = 'red_circle_above_blue_square'
SMALL = ('rounds=2', 'pictures=4', 'sampling.steps=3', 'embedding.updates=2', 'embedding.width=8',
         'embedding.head=[4]', 'ddpo.steps=1', 'd3po.steps=1', 'supervised.updates=2')


@pytest.fixture(scope='module')
def bench(tmp_path_factory):
    """Return a bench of the tiny pipeline."""
    folder = tiny_pipeline(tmp_path_factory.mktemp('pipeline') / 'tiny')
    return HeroBench(folder, (RULE,), ('pretrained', 'd3po', 'hero'), (0,), samples=4,
                     overrides=SMALL)


def test_a_page_is_made_of_results(bench, tmp_path, monkeypatch):
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    run_jobs(bench.jobs(), place, 1)
    page = write_page(bench, place).read_text()
    for title in ('| pretrained |', '| D3PO |', '| HERO |', 'Answers needed'):
        assert title in page
    assert 'HERO-binary' not in page
    values = json.loads((tmp_path / 'hero.json').read_text())
    assert [cell['method'] for cell in values['cells']] == ['pretrained', 'd3po', 'hero']
    assert '## How much the pictures differ' in page
    assert all(cell['variety'] > 0 for cell in values['cells'])
    assert values['cells'][0]['noises_rate'] is None, 'the pretrained model has no stored noises'
    assert values['cells'][2]['answers'] == 8 and len(values['cells'][2]['curve']) == 3
    monkeypatch.setattr(HeroRun, 'create', None)  # would be noticed
    run_jobs(bench.jobs(), place, 1)


def test_an_interrupted_job_goes_on_with_its_run(bench, tmp_path, monkeypatch):
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    job = bench.job(RULE, 'hero', 0)
    place.cache.mkdir()
    answer, calls = HeroRun.answer, []

    def answers_once(run, *arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return answer(run, *arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(HeroRun, 'answer', answers_once)
        job.run(place)
    monkeypatch.setattr(HeroRun, 'create', None)
    assert job.run(place)['answers'] == 8


def test_stored_results_keep_their_names():
    """Settings that came later are left out of the key where they are as they were."""
    names = {path.name for path in (ROOT / 'benchmarks/hero').glob('*.json')}
    table = HeroBench(ROOT / 'models/small_diffusion', catalog.names('evaluator'))
    place = Workplace(ROOT / 'benchmarks/hero', ROOT / 'none')
    assert names <= names_of(table, place)
    assert not names & names_of(replace(table, overrides=('best_among_good=true',)), place)


def names_of(table, place):
    """Return the names of results, but of jobs that wait for another one."""
    return {path.name for job in table.jobs() if (path := job.result_file(place)) is not None}


def test_every_input_is_in_the_key(bench, tmp_path):
    place = Workplace(tmp_path, tmp_path)
    keys = {HeroJob(bench.pipeline, RULE, method, seed, overrides=SMALL).key(place)
            for method in METHODS for seed in (0, 1)}
    assert len(keys) == 2 * len(METHODS)
    for name in METHODS:
        assert HeroJob(bench.pipeline, RULE, name, 0).config


def test_a_rule_that_judges_otherwise_has_other_results(bench, tmp_path, monkeypatch):
    place = Workplace(tmp_path, tmp_path)
    job = bench.job(RULE, 'hero', 0)
    before = job.key(place)
    monkeypatch.setattr(type(job.judge), 'version', 2)
    assert job.key(place) != before


def test_variety_is_the_difference_of_two_pictures():
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (6, 4, 4, 3), np.uint8)
    pairs = [((a.astype(float) - b) ** 2).mean() for i, a in enumerate(pictures)
             for b in pictures[:i]]
    assert variety(pictures) == pytest.approx(np.sqrt(np.mean(pairs)) / 255)
    assert variety(pictures[:1].repeat(3, 0)) == 0 == variety(pictures[:1])


def test_answers_needed_are_those_of_the_first_round_that_is_as_good():
    result = {'curve': [0.2, 0.4, 0.6], 'successes': 8, 'samples': 10, 'plain_successes': 5,
              'answers': 192}
    cell = HeroCell(RULE, 'hero', (0,), (result,))
    assert cell.curve == [0.2, 0.4, 0.6, 0.8] and cell.plain.rate == 0.5
    assert [answers_needed(cell, level, 64) for level in (0.1, 0.5, 0.7, 0.9)] == [
        0, 128, 192, None]


def test_a_method_with_fewer_seeds_stands_beside_hero_with_the_same(bench, tmp_path):
    """Stored by hand: HERO gets 2, 4 and 3 of 4 right with seeds 0, 1 and 2, binary 3 with 1."""
    table = replace(bench, methods=('hero', 'binary', 'random'), seeds=(0, 1, 2))
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    place.results.mkdir()
    for method, seed, successes in (('hero', 0, 2), ('hero', 1, 4), ('hero', 2, 3),
                                    ('binary', 1, 3), ('random', 1, 1)):
        table.job(RULE, method, seed).result_file(place).write_text(json.dumps({'result': {
            'successes': successes, 'plain_successes': successes, 'samples': 4, 'answers': 8,
            'curve': [0.0, 0.25], 'variety': 0.5}, 'provenance': {'seconds': 60 + seed}}))
    page = write_page(table, place).read_text()
    assert '| HERO | 3 | 60 | 61 | 62 |' in page and '| HERO-binary | 1 | 61 | 61 | 61 |' in page
    assert 'At or above HERO' not in page
    assert '; seed 1 only, HERO there 100.0 |' in line_of(page, '| HERO-binary')
    assert 'only' not in line_of(page, '| HERO |') and '| 75.0 (' in line_of(page, '| HERO |')
    drawn = _same_seeds({name: cells_of(table, place)[RULE, name] for name in ('hero', 'random')})
    assert {name: cell.seeds for name, cell in drawn.items()} == {'hero': (1,), 'random': (1,)}
    assert drawn['hero'].curve == [0.0, 0.25, 1.0]
    nothing = {'hero': drawn['hero'], 'random': replace(drawn['random'], seeds=(2,))}
    assert _same_seeds(nothing) == {}


def test_the_page_says_what_its_tables_do_not_show(bench, tmp_path):
    """Of 100 pictures: D3PO teaches nothing to one prompt; a variant is as good as HERO."""
    rules = ('red_circle_above_blue_square', 'two_green_circles')
    table = replace(bench, rules=rules, methods=('pretrained', 'd3po', 'hero', 'binary'))
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    place.results.mkdir()
    found = {'pretrained': (24, 20), 'd3po': (24, 50), 'hero': (80, 80), 'binary': (80, 70)}
    for method, counts in found.items():
        for rule, successes in zip(rules, counts, strict=True):
            table.job(rule, method, 0).result_file(place).write_text(json.dumps({'result': {
                'successes': successes, 'plain_successes': successes, 'samples': 100,
                'answers': 512, 'curve': [0.1, 0.7]}, 'provenance': {'seconds': 9}}))
    page = write_page(table, place).read_text()
    assert '| a red circle above a blue square | 24.0 | 24.0 | 512 | 64 |' in page
    assert '| two green circles | 20.0 | 50.0 | 512 | 64 |' in page
    assert 'For *a red circle above a blue square* the level of D3PO is that of the pret' in page
    assert 'is shown for *two green circles* only.' in page
    assert ('At or above HERO with the same seeds: HERO-binary on *a red circle above a blue '
            'square* (80.0 to 80.0).') in page


def test_what_was_learnt_is_counted_for_another_prompt(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(HeroJob, 'judge', property(lambda self: HalfGood()))
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    place.cache.mkdir()
    asked, pictures = [], Tuned.pictures
    monkeypatch.setattr(Tuned, 'pictures', lambda self, count, seed, prompt, plain: asked.append(
        (prompt, plain, self.collected.is_empty)) or pictures(self, count, seed, prompt, plain))
    done = TransferJob(bench.job(RULE, 'hero', 0), 'a red square', 4).run(place)
    assert done.keys() == {'samples', 'successes', 'plain_successes', 'pretrained_successes'}
    assert [one[:2] for one in asked] == [
        ('a red square', False), ('a red square', True), ('a red square', True)]
    assert asked[-1][2], 'the pretrained model has no stored noises'


def test_the_page_has_a_row_of_transfer(bench, tmp_path):
    table = replace(bench, rules=('two_green_circles',), methods=('hero',))
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    place.results.mkdir()
    job, transfer = table.jobs()
    assert transfer.prompt.startswith(job.judge.prompt) and transfer.needs == (job,)
    for one, result in ((job, {'successes': 3, 'plain_successes': 2, 'samples': 4, 'answers': 8,
                               'curve': [0.5]}),
                        (transfer, {'samples': 4, 'successes': 4, 'plain_successes': 2,
                                    'pretrained_successes': 1})):
        one.result_file(place).write_text(json.dumps(
            {'result': result, 'provenance': {'seconds': 1}}))
    row = line_of(write_page(table, place).read_text(), f'| two green circles | {transfer.prompt}')
    assert '| 1 | 25.0 (' in row and '| 50.0 (' in row and '| 100.0 (' in row


def line_of(page, start):
    return next(line for line in page.splitlines() if line.startswith(start))


class HalfGood:
    """Calls a picture good whose sum is even."""

    prompt, version = 'a red circle', 1

    def judge(self, picture):
        return Judgement(int(picture.sum()) % 2 == 0, 0.5)


def test_what_the_noises_alone_are_worth_is_counted(bench, tmp_path, monkeypatch):
    """The pretrained model draws other pictures from the stored noises than the tuned one."""
    monkeypatch.setattr(HeroJob, 'judge', property(lambda self: HalfGood()))
    counted = []
    monkeypatch.setattr(HeroJob, 'successes', lambda self, pictures: counted.append(
        int(pictures.sum())) or 1)
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    place.cache.mkdir()
    done = bench.job(RULE, 'hero', 0).run(place)
    assert done['noises_successes'] == 1 and len(set(counted[-3:])) == 3, 'three ways to draw'
    cell = HeroCell(RULE, 'hero', (0,), (done,))
    assert cell.noises.rate == 1 / done['samples']
    del done['noises_successes']
    assert HeroCell(RULE, 'hero', (0,), (done,)).noises is None
    assert 'noises_successes' not in bench.job(RULE, 'd3po', 0).run(place)


def test_no_results_no_rows(bench, tmp_path):
    place = Workplace(tmp_path / 'hero', tmp_path / 'cache')
    assert cells_of(bench, place) == {}
    assert 'No results yet' in write_page(bench, place).read_text()


def test_an_unknown_method_is_refused(bench):
    with pytest.raises(SettingError, match='no method ppo'):
        HeroBench(bench.pipeline, (RULE,), ('ppo',))
