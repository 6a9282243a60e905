"""The table from beginning to end, with data and networks that are far too small."""

import json
from dataclasses import replace

import pytest

from adapt_learning.benchmarks.evaluate_job import EvaluateJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.benchmarks.table_3_3 import Table33, write_table
from adapt_learning.errors import SettingError

BC = ('network.width=8', 'network.depth=1', 'optimization.steps=20', 'optimization.batch=8',
      'optimization.warmup_steps=1')
DBC = (*BC, 'diffusion.network.width=8', 'diffusion.network.depth=1', 'diffusion.schedule.steps=10',
       'diffusion.optimization.steps=20', 'diffusion.optimization.batch=8',
       'diffusion.optimization.warmup_steps=1', 'likeness.draws=2')
TINY = Table33(seeds=(0, 1), episodes=2, demonstrations=12, levels=(1.0, 2.0),
               policies=('bc', 'dbc'),
               overrides=(('bc', BC), ('dbc', DBC)))


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Return the workplace of a finished tiny table."""
    folder = tmp_path_factory.mktemp('bench')
    place = Workplace(folder / 'benchmarks' / TINY.name, folder / 'cache')
    run_jobs(TINY.jobs(), place, 1)
    return place


def test_cells_and_files(made):
    cells = TINY.cells(made)
    assert {policy: list(row) for policy, row in cells.items()} == {
        policy: [1.0, 2.0] for policy in ('bc', 'dbc')}
    assert all(cell.seeds == (0, 1) and cell.episodes == 2
               for row in cells.values() for cell in row.values())
    kinds = [path.name.split('-')[0] for path in made.results.iterdir()]
    assert sorted(kinds) == ['collect'] + 4 * ['evaluate'] + 2 * ['train']
    training = TINY.training('dbc')
    assert training.inputs(made)['dataset'] == training.data.result(made)['dataset']


def test_table_in_markdown_and_json(made):
    whole = replace(TINY, policies=('bc', 'implicit_bc', 'dbc'))  # one has no results yet
    path = write_table(whole, made)
    text = path.read_text()
    assert path.parent == made.results.parent and path.name == 'table-3.3.md'
    assert 'ignores' in text and '| BC, dissertation | 92.4 | 67.4 |' in text
    assert '| DBC - BC, dissertation | +7.1 | +6.1 |' in text and 'Implicit' not in text
    assert 'Preset cpu, smooth expert' in text and 'staged expert' not in text
    content = json.loads(path.with_suffix('.json').read_text())
    variant, = content['variants']
    assert len(variant['cells']) == 4 and variant['cells'][0]['published'] == 92.4
    assert str(made.cache.parent) not in text + json.dumps(content)


def test_nothing_is_done_twice(made, monkeypatch):
    from adapt_learning.benchmarks.train_job import TrainJob
    monkeypatch.setattr(TrainJob, 'run', lambda *_: pytest.fail('trains again'))
    monkeypatch.setattr(EvaluateJob, 'run', lambda *_: pytest.fail('evaluates again'))
    run_jobs(TINY.jobs(), made, 1)


def test_a_lost_evaluation_needs_no_training_and_comes_out_the_same(made, monkeypatch):
    from adapt_learning.benchmarks.train_job import TrainJob
    monkeypatch.setattr(TrainJob, 'run', lambda *_: pytest.fail('trains again'))
    job = TINY.jobs()[0]
    before = {name: job.result(made)[name] for name in ('successes', 'mean_steps', 'failed')}
    job.result_file(made).unlink()
    run_jobs(TINY.jobs(), made, 1)
    assert {name: job.result(made)[name] for name in before} == before


def test_key_is_of_the_settings_and_not_of_their_names(made):
    training = TINY.training('bc')
    assert replace(training, name='other').key(made) == training.key(made)
    same = replace(training, overrides=(*BC, 'run.threads=2'))
    assert same.key(made) == training.key(made)
    watched = TINY.training('dbc')
    other = replace(watched, overrides=(*DBC, 'likeness.window=3'))
    assert other.key(made) == watched.key(made)  # the detector does not act
    other = replace(training, overrides=(*BC, 'optimization.learning_rate=0.1'))
    assert other.key(made) != training.key(made)
    assert replace(training, seeds=(0, 2)).key(made) != training.key(made)


def test_what_is_incomplete_is_not_in_the_table(made):
    assert replace(TINY, expert='staged').cells(made) == {}
    assert replace(TINY, episodes=3).cells(made) == {}
    assert replace(TINY, levels=(1.0, 1.5)).cells(made) == {}


def test_demonstrations_and_evaluation_are_kept_apart(made):
    training = TINY.training('bc')
    first = training.data.plan.episode_seed(0)
    with pytest.raises(SettingError, match='another seed of evaluation'):
        EvaluateJob(training, 1.0, episodes=3, seed=first - 1).run(made)
