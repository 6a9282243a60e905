"""Table 3.2 from beginning to end, with data and networks that are far too small."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from adapt_learning import catalog
from adapt_learning.benchmarks import table_3_2
from adapt_learning.benchmarks.cells import Cell, ReturnCell
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.benchmarks.table_3_2 import BC, COLUMNS, DBC, EXTRAS, METHODS, Method, Table32
from adapt_learning.benchmarks.table_3_2_page import (
    below_published,
    dbc_below,
    departures,
    write_table,
)
from adapt_learning.cli.main import app

NETWORK = ('network.width=8', 'network.depth=1', 'optimization.steps=20', 'optimization.batch=8',
           'optimization.warmup_steps=1')
TINY = Table32(('maze', 'cheetah'), (0, 1), 2, demonstrations={'maze': 3, 'cheetah': 2},
               overrides=(('bc', NETWORK),))
RATES = {'bc': (2, 2), 'implicit_bc': (0, 1), 'diffusion_policy': (1, 2), 'dbc': (2, 1)}
RETURNS = {'implicit_bc': (1600.0, 1700.0), 'diffusion_policy': (4640.0, 4700.0),
           'dbc': (4500.0, 4900.0)}
"""Per seed; BC really runs in cheetah, flow matching has no result at all."""


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Return the workplace of a table; most of its results are stored without running them."""
    folder = tmp_path_factory.mktemp('bench')
    place = Workplace(folder / 'benchmarks' / 'table-3.2', folder / 'cache')
    bc = TINY.evaluation(BC, 'cheetah')
    run_jobs([bc, TINY.data('maze')], place, 1)
    ran = bc.stored(place)['provenance']
    for task, reached in (('maze', RATES), ('cheetah', RETURNS)):
        for method in TINY.rows(task):
            if method.policy in reached:
                job, per_seed = TINY.evaluation(method, task), reached[method.policy]
                job.training.store(place, {'train_s': 7.0}, ran)
                job.store(place, {'seeds': [0, 1], 'episodes': 2, 'successes': per_seed,
                                  'returns': [[value - 10, value + 10] for value in per_seed]}, ran)
    return place


@pytest.fixture
def whole(monkeypatch):
    """Let the page show the tiny table and nothing else."""
    monkeypatch.setattr(Table32, 'whole', lambda table: table)


def test_a_task_has_the_cell_of_its_measure(made):
    results = TINY.results(made)
    assert results.tasks == ['maze', 'cheetah'] and len(results.cells) == 8
    maze, cheetah = results.cells['maze', 'BC'], results.cells['cheetah', 'BC']
    assert isinstance(maze, Cell) and isinstance(cheetah, ReturnCell)
    assert maze.seeds == cheetah.seeds == (0, 1) and maze.episodes == cheetah.episodes == 2
    assert results.expert('cheetah').mean > 4500 > max(cheetah.values)
    assert results.expert('maze').mean == 100


def test_an_evaluation_keeps_the_return_of_every_episode(made):
    result = TINY.evaluation(BC, 'cheetah').result(made)
    assert [len(of_seed) for of_seed in result['returns']] == [2, 2]
    assert result['returns'][0] != result['returns'][1] and result['successes'] == [0, 0]


def test_what_is_compared(made):
    results = TINY.results(made)
    assert results.gain('maze', BC).per_seed == (0.0, -50.0)
    assert results.gain('cheetah', METHODS[2]).per_seed == (-140.0, 200.0)
    assert results.gain('cheetah', DBC) is None
    titles = [method.title for method in results.baselines('cheetah')]
    assert titles == ['Diffusion policy', 'Implicit BC', 'BC']


def test_what_is_below_is_said(made):
    results = TINY.results(made)
    assert list(dbc_below(results)) == ['maze: DBC - BC = -25.0 (-342.7..+292.7)']
    below = list(below_published(results))
    assert [line.split(':')[0] for line in below] == [
        'maze, Implicit BC', 'maze, Diffusion policy', 'maze, DBC', 'cheetah, BC', 'cheetah, DBC']
    share = 100 * 4700.0 / results.expert('cheetah').mean
    assert below[-1] == ('cheetah, DBC: 4700.0, dissertation 4909.5, within our t interval; '
                         f'{share:.1f} % of our expert')


def test_page_and_json(made, whole):
    path = write_table(TINY, made)
    text, content = path.read_text(), json.loads(path.with_suffix('.json').read_text())
    assert path.name == 'table-3.2.md' and '92.1 ± 3.6' in text and '4909.5 ± 73.0' in text
    assert '### maze: success [%]' in text and '### cheetah: return' in text
    assert 'Flow matching' not in text and '- cheetah: DBC - Diffusion policy = +30.0' in text
    variant, = content['variants']
    assert len(variant['cells']) == 8 and len(variant['tasks']) == 2
    cell = next(c for c in variant['cells'] if (c['task'], c['row']) == ('cheetah', 'BC'))
    assert cell['published'] == [4873.3, 69.7] and cell['departs']['network.width'] == [8, 256]
    assert all(f'- {line}' in text for line in variant['below_published'] + variant['dbc_below'])
    assert str(made.cache.parent) not in text + json.dumps(content)


def test_a_changed_setting_has_a_row_of_its_own_and_is_named(made):
    extra, task = EXTRAS[0], 'maze'
    table = replace(TINY, methods=(DBC, extra), tasks=(task,))
    plain, changed = (table.training(method, task) for method in (DBC, extra))
    assert changed.config.lambda_dm == 30.0 != plain.config.lambda_dm
    assert changed.key(made) != plain.key(made) and 'lambda_dm' in changed.label
    assert extra.published(task) is None and DBC.published(task) == (95.4, 1.7)
    assert 'lambda_dm' not in departures(table, extra, task)
    assert Method('x', 'bc', {'cheetah': ('run.threads=1',)}).is_for('maze') is False


def test_other_inference_takes_the_weights_of_the_row_without(made):
    ancestral, plain = EXTRAS[1], METHODS[2]
    assert TINY.training(ancestral, 'maze') == TINY.training(plain, 'maze')
    evaluated = TINY.evaluation(ancestral, 'maze').training
    assert evaluated.config.sampler == 'ddpm' and evaluated.config.inference_steps == 100
    assert ancestral.published('maze') is None and ancestral.is_for('cheetah')
    assert 'inference_steps' not in departures(TINY, ancestral, 'maze')


def test_the_table_has_all_tasks_that_there_are():
    whole = Table32(('maze',), methods=METHODS).whole()
    assert set(whole.tasks) == set(COLUMNS) & set(catalog.names('task'))
    assert whole.methods == (*METHODS, *EXTRAS)
    assert [len(column.published) for column in COLUMNS.values()] == 6 * [4]


def test_long_episodes_and_searches_cost_more():
    table = Table32(('maze', 'cheetah', 'fetch_pick'))
    cost = {(task, method.policy): table.evaluation(method, task).cost
            for task in table.tasks for method in METHODS}
    assert cost['cheetah', 'bc'] > cost['maze', 'bc'] > cost['fetch_pick', 'bc']
    assert cost['maze', 'implicit_bc'] > cost['maze', 'diffusion_policy'] > cost['maze', 'bc']


def test_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny = Method('BC', 'bc', {'cheetah': NETWORK})
    monkeypatch.setattr(table_3_2, 'METHODS', (tiny,))
    done = CliRunner().invoke(app, [
        'bench', 'table-3.2', '--tasks', 'cheetah', '--seeds', '0', '--episodes', '1',
        '--jobs', '1', '--json', 'table.json'])
    assert done.exit_code == 0, done.stderr
    variant, = json.loads((tmp_path / 'table.json').read_text())['variants']
    assert variant['command'] == ('adapt bench table-3.2 --tasks cheetah --preset cpu --seeds 0 '
                                  '--episodes 1')
    row, = variant['cells']
    assert row['changed'] == list(NETWORK) and row['published'] is None
    text = (tmp_path / 'benchmarks' / 'table-3.2.md').read_text()
    assert '| BC (`network.width=8`)' in text
    kinds = {path.name.split('-')[0] for path in (tmp_path / 'benchmarks/table-3.2').iterdir()}
    assert kinds == {'collect', 'train', 'evaluate'}
