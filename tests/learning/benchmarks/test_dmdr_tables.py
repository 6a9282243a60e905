"""The tables of DMDR from beginning to end, with data and networks that are far too small."""

import importlib
import json
import shutil

import numpy as np
import pytest

from adapt_learning import catalog
from adapt_learning.benchmarks import dmdr_tables
from adapt_learning.benchmarks.dmdr_page import write_table
from adapt_learning.benchmarks.dmdr_tables import CLEAN, NOISY, RESTORATIONS, DmdrTable, Row
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.restore_job import RestoreJob, quality
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.data import load_dataset
from adapt_learning.data.pollution import KINDS, corrupt
from adapt_learning.restoration.lineage import SideOutcome

BC = ('network.width=8', 'network.depth=1', 'optimization.steps=20', 'optimization.batch=8',
      'optimization.warmup_steps=1')
_NET = 'restorer_settings.training.'
RESTORING = ('filter=lof', 'least_clean_pairs=20', f'{_NET}denoiser.width=8',
             f'{_NET}denoiser_optimization.steps=20', f'{_NET}predictor.width=8',
             f'{_NET}predictor_optimization.steps=20')
TINY = DmdrTable(
    'table-3.6', 'A tiny table', (
        Row('clean', 'bc', CLEAN), Row('noisy', 'bc', NOISY, {'fetch_pick': (44.38, 11.02)}),
        Row('restored', 'bc', 'dmdr'), Row('generated', 'bc', 'restorer generation')),
    tasks=('fetch_pick',), seeds=(0, 1), episodes=2, preset='cpu',
    demonstrations={'fetch_pick': 12}, overrides=(('bc', BC),), restoring=RESTORING)
MODULES = ('table_3_4', 'table_3_5', 'table_3_6', 'table_3_7', 'dmdr_kinds', 'dmdr_settings')


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Return the workplace of a finished tiny table."""
    folder = tmp_path_factory.mktemp('bench')
    place = Workplace(folder / 'benchmarks' / 'dmdr', folder / 'cache')
    run_jobs(TINY.jobs(), place, 1)
    return place


def test_every_seed_has_its_own_pollution_and_restoration(made):
    noisy = [TINY.data(NOISY, 'fetch_pick', seed).result(made) for seed in (0, 1)]
    restored = [TINY.data('dmdr', 'fetch_pick', seed).result(made) for seed in (0, 1)]
    assert noisy[0]['dataset'] != noisy[1]['dataset']
    assert restored[0]['dataset'] != restored[1]['dataset']
    for one in noisy:
        assert all(0.1 < share < 0.3 for share in one['polluted'].values())
    for before, after in zip(noisy, restored, strict=True):
        assert after['counts']['pairs'] == before['steps']
        assert after['steps'] == after['counts']['kept'] + after['counts']['restored']


def test_a_row_may_change_settings_of_its_training(made):
    plain, early = (TINY.evaluation(Row('x', 'bc', NOISY, settings=changes), 'fetch_pick', 0)
                    for changes in ((), ('optimization.keep=best',)))
    assert early.training.overrides == (*plain.training.overrides, 'optimization.keep=best')
    assert early.training.key(made) != plain.training.key(made)
    assert '--set optimization.keep=best' in early.training.command


def test_rows_learn_from_what_they_name(made):
    by_title = {row.title: TINY.evaluation(row, 'fetch_pick', 0) for row in TINY.rows}
    hashes = {title: job.training.inputs(made)['dataset'] for title, job in by_title.items()}
    assert len(set(hashes.values())) == 4
    for title, job in by_title.items():
        assert load_dataset(job.training.data.folder(made)).hash == hashes[title]


def test_variants_take_over_what_was_learnt(made):
    """The variant of a restorer only walks back anew: filter and networks are those of DMDR."""
    variant = TINY.data('restorer generation', 'fetch_pick', 0)
    assert set(variant.result(made)['seconds']) == {'restore states', 'restore actions'}


def test_what_older_code_left_under_the_same_name_is_replaced(made):
    job = TINY.data('dmdr', 'fetch_pick', 1)
    folder = job.folder(made)
    shutil.rmtree(folder)
    shutil.copytree(TINY.data(NOISY, 'fetch_pick', 1).folder(made), folder)
    assert job.run(made)['dataset'] == load_dataset(folder).hash == job.result(made)['dataset']


def test_table_in_markdown_and_json(made):
    path = write_table(TINY, made)
    text, content = path.read_text(), json.loads(path.with_suffix('.json').read_text())
    assert path.name == 'table-3.6.md' and '| 44.4 ± 11.0 |' in text
    assert '{' not in text and 'ROC AUC' in text
    assert [cell['row'] for cell in content['cells']] == [row.title for row in TINY.rows]
    assert all(len(cell['per_seed']) == 2 for cell in content['cells'])
    assert {one['name'] for one in content['restorations']} == {'dmdr', 'restorer generation'}
    assert str(made.cache.parent) not in text + json.dumps(content)


def test_an_unfinished_table_shows_what_there_is(made):
    more = DmdrTable(**{**vars(TINY), 'seeds': (0, 7)})
    cells = more.results(made).cells
    assert {cell.seeds for cell in cells.values()} == {(0,)} and len(cells) == 4


def test_a_task_with_returns_shows_returns(tmp_path):
    """Results of single seeds make one cell."""
    rows = (Row('BC', 'bc', CLEAN, {'walker': (4456.8, 1051.1)}),)
    table = DmdrTable('table-3.4', 'Walker', rows, tasks=('walker',), seeds=(0, 1), episodes=2)
    place = Workplace(tmp_path / 'dmdr', tmp_path / 'cache')
    place.results.mkdir()
    table.data(CLEAN, 'walker', 0).store(place, {'dataset': 'a', 'steps': 9, 'attempts': 1}, {})
    for seed, returns in ((0, [100.0, 200.0]), (1, [300.0, 400.0])):
        job = table.evaluation(table.rows[0], 'walker', seed)
        job.training.store(place, {'train_s': 1.0}, {})
        job.store(place, {'seeds': [seed], 'episodes': 2, 'successes': [0], 'returns': [returns]},
                  {})
    cell, = table.results(place).cells.values()
    assert cell.seeds == (0, 1) and cell.values == (150.0, 350.0)
    polluted = {task: DmdrTable(**{**vars(table), 'tasks': (task,)}).data(NOISY, task, 0).p
                for task in ('fetch_pick', 'walker')}
    assert polluted == {'fetch_pick': 0.2, 'walker': 0.2}
    assert dmdr_tables.POLLUTED['hand_rotate'] == 0.4


def test_nothing_is_done_twice(made, monkeypatch):
    monkeypatch.setattr(RestoreJob, 'run', lambda *_: pytest.fail('restores again'))
    run_jobs(TINY.jobs(), made, 1)


def test_a_restoration_brings_back_the_clean_data_that_it_is_compared_with(made):
    """The cache may lose any dataset; the results stay."""
    job = TINY.data('dmdr', 'fetch_pick', 0)
    shutil.rmtree(job.folder(made))
    shutil.rmtree(job.data.data.folder(made))
    job.result_file(made).unlink()
    run_jobs([job], made, 1)
    assert job.has_product(made) and job.data.data.has_product(made)


def test_quality_is_right_on_a_restoration_that_is_known(made):
    clean = load_dataset(TINY.data(CLEAN, 'fetch_pick', 0).folder(made))
    polluted = corrupt(clean, 'gaussian', 0.3, 1.0, 0)
    truth = np.concatenate([e.extras['adapt.state_polluted'] for e in polluted])
    kept = np.ones(len(truth), bool)
    perfect = SideOutcome(clean.pairs()[0], truth.astype(np.float32), truth, truth,
                          np.where(truth, 10, -1).astype(np.int16))
    found = quality('state', clean, polluted, perfect, kept)
    assert found['roc_auc'] == found['found'] == 1 and found['false_alarms'] == 0
    assert found['before'] == pytest.approx(0.8, abs=0.1) and found['after'] == 0
    assert found['clean_changed'] == found['clean_change'] == 0
    spoilt = SideOutcome(polluted.pairs()[0], -perfect.score, ~truth, ~truth, perfect.level)
    found = quality('state', clean, polluted, spoilt, kept)
    assert found['roc_auc'] == found['found'] == 0 and found['false_alarms'] == 1
    assert found['after'] == found['before'] and found['clean_changed'] == 1


def test_a_row_may_name_another_kind_of_pollution():
    table = DmdrTable('t', 't', (), ('fetch_pick',))
    stuck = table.data('stuck: restorer generation', 'fetch_pick', 3)
    assert stuck.data == stuck.after.data == table.data('stuck: noisy', 'fetch_pick', 3)
    assert stuck.data.pollution == 'stuck' and stuck.data != table.data(NOISY, 'fetch_pick', 3)


@pytest.mark.parametrize('name', MODULES)
def test_rows_of_the_tables_name_members_that_exist(name):
    module = importlib.import_module(f'adapt_learning.benchmarks.{name}')
    assert module.NAME == name.replace('_', '-', 1).replace('_', '.')
    for row in module.ROWS:
        assert row.policy in catalog.names('policy')
        kind, _, data = row.data.rpartition(': ')
        assert data in {CLEAN, NOISY, *RESTORATIONS} and kind in {'', *KINDS}
        assert module.NAME != 'dmdr-kinds' or kind or data == CLEAN
        assert set(row.published) <= set(dmdr_tables.DEMONSTRATIONS)


@pytest.mark.parametrize('name', RESTORATIONS)
def test_every_restoration_has_settings_that_are_valid(name):
    table = DmdrTable('t', 't', (), ('fetch_pick',))
    config = table.data(name, 'fetch_pick', 0).config
    if name.startswith(('filter', 'restorer')):
        part, member = name.split(' ')
        assert getattr(config, part) == member
