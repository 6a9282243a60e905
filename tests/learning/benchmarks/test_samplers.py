"""The comparison of samplers from beginning to end, with data and networks that are too small."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from adapt_learning.artifacts import load_artifact
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.benchmarks.samplers import NAME, SAMPLERS, Sampler, SamplerTable, measured
from adapt_learning.benchmarks.samplers_page import write_page
from adapt_learning.cli.main import app
from adapt_learning.data.chunk import Chunk

SMALL = ('network.width=8', 'network.depth=1', 'optimization.steps=20', 'optimization.batch=8',
         'optimization.warmup_steps=1')
TINY = SamplerTable(
    tasks=('maze',), seeds=(0,), episodes=2, chunks=(Chunk(3, 2),), demonstrations={'maze': 4},
    samplers=(Sampler('flow_matching', 'Euler', (), (1, 2)),), overrides=SMALL)


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Return the workplace of a finished tiny comparison."""
    folder = tmp_path_factory.mktemp('bench')
    place = Workplace(folder / 'benchmarks' / NAME, folder / 'cache')
    run_jobs(TINY.jobs(), place, 1)
    return place


def test_it_trains_once_per_policy_and_chunk_and_exports_per_number_of_steps(made):
    kinds = [path.name.split('-')[0] for path in made.results.iterdir()]
    assert sorted(kinds) == ['collect', 'evaluate', 'evaluate', 'evaluate', 'export', 'export',
                             'latency', 'train', 'train']
    one, two = (load_artifact(row.export.artifacts(made)[0]).manifest for row in TINY.rows)
    assert [m.config['inference_steps'] for m in (one, two)] == [1, 2]
    assert one.chunk == two.chunk == {'length': 3, 'executed': 2}
    assert one.files['weights.safetensors'] == two.files['weights.safetensors']


def test_rows_have_success_and_latency(made):
    bc, one, two = measured(TINY, 'maze', made)
    assert bc.row is None and bc.ratio == 1.0 and (one.row.steps, two.row.steps) == (1, 2)
    assert one.ratio > 0 and one.ratio_per_tick == one.ratio / 2
    assert one.cell.episodes == 2 and one.cell.seeds == (0,)


def test_page_json_and_picture(made):
    path = write_page(TINY, made)
    text = path.read_text()
    assert path.name == 'samplers.md' and '| flow_matching | Euler | 2 | 2 of 3 |' in text
    assert '## maze, noise level 1' in text and 'fetch_pick' not in text
    rows = json.loads(path.with_suffix('.json').read_text())['tasks']['maze']['rows']
    assert [row['policy'] for row in rows] == ['bc', 'flow_matching', 'flow_matching']
    assert 'inference_steps=2' in rows[2]['commands'][1]
    assert path.with_suffix('.png').read_bytes().startswith(b'\x89PNG')
    assert str(made.cache.parent) not in text + json.dumps(rows)


def test_what_is_missing_is_left_out_and_run_later_without_training_again(made, monkeypatch):
    from adapt_learning.benchmarks.train_job import TrainJob
    monkeypatch.setattr(TrainJob, 'run', lambda *_: pytest.fail('trains again'))
    assert measured(replace(TINY, episodes=3), 'maze', made) == []
    row = TINY.rows[1]
    before = row.evaluation.result(made)['mean_steps']
    row.evaluation.result_file(made).unlink()
    assert [one.row and one.row.steps for one in measured(TINY, 'maze', made)] == [None, 1]
    run_jobs(TINY.jobs(), made, 1)
    assert row.evaluation.result(made)['mean_steps'] == before


def test_rows_of_the_full_comparison():
    table = SamplerTable()
    said = {(r.sampler.title, r.steps, r.chunk.length) for r in table.rows if r.task == 'maze'}
    expected = {(title, steps, length) for length in (1, 8) for title, each in (
        ('DDIM', (1, 2, 5, 10, 20)), ('DDPM', (100,)), ('Euler', (1, 2, 5, 10)))
        for steps in each}
    assert said == expected and len(table.rows) == 2 * len(expected)
    trainings = {row.export.training for row in table.rows}
    assert len(trainings) == 2 * len({s.policy for s in SAMPLERS}) * 2
    assert 'sampler=ddpm' in next(
        row.export.settings for row in table.rows if row.sampler.title == 'DDPM')


@pytest.mark.parametrize('arguments, says', [
    (('--tasks', 'maze,kitchen'), 'maze, fetch_pick'), (('--preset', 'gpu'), 'cpu, paper'),
    (('--seeds', '0,0'), 'different')])
def test_bad_input(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ['bench', 'samplers', *arguments])
    assert done.exit_code == 2 and says in done.stderr and list(tmp_path.iterdir()) == []
