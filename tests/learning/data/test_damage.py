"""Damaged folders give one clear error; interrupted writing harms nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapt_learning.data import (
    Dataset,
    DatasetWriter,
    load_dataset,
    meta_files,
    save_dataset,
    writer,
)
from adapt_learning.errors import DatasetError

DATA = 'data/chunk-000/file-000.parquet'
EPISODES = 'meta/episodes/chunk-000/file-000.parquet'
TASKS = 'meta/tasks.parquet'


@pytest.fixture
def folder(tmp_path, dataset):
    save_dataset(tmp_path / 'demos', dataset)
    return tmp_path / 'demos'


def refuses(folder, *words):
    """Check that loading raises a DatasetError with all the words."""
    with pytest.raises(DatasetError) as caught:
        load_dataset(folder)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize('file', [DATA, EPISODES, 'meta/tasks.parquet', 'meta/info.json',
                                  'meta/adapt.json'])
@pytest.mark.parametrize('share', [0.0, 0.5, 0.99])
def test_truncated_files(folder, file, share):
    path = folder / file
    content = path.read_bytes()
    path.write_bytes(content[:int(len(content) * share)])
    refuses(folder, str(path), 'truncated or damaged', 'make it again')


@pytest.mark.parametrize('file, words', [
    (DATA, 'is missing'), ('meta/tasks.parquet', 'is missing'), (EPISODES, 'has 0 rows'),
    ('meta/info.json', 'is not a dataset')])
def test_missing_files(folder, file, words):
    (folder / file).unlink()
    refuses(folder, str(folder), words)


def test_a_folder_that_is_no_dataset(tmp_path):
    refuses(tmp_path / 'nothing', 'is not a dataset', 'adapt collect', 'adapt data import')


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize('changes, words', [
    ({'codebase_version': 'v2.1'}, "codebase_version is 'v2.1'"),
    ({'total_frames': 3}, 'total_frames is 3'),
    ({'total_episodes': 7}, 'has 5 rows'),
    ({'total_episodes': 'many'}, "total_episodes is 'many'"),
])
def test_inconsistent_info(folder, changes, words):
    edit(folder / 'meta/info.json', **changes)
    refuses(folder, words)


def test_a_damaged_contract(folder):
    contract = json.loads((folder / 'meta/adapt.json').read_text())['contract']
    edit(folder / 'meta/adapt.json', contract=contract | {'rate_hz': 50})
    refuses(folder, 'contract_hash', 'edited')
    edit(folder / 'meta/adapt.json', contract={'name': 'x'})
    refuses(folder, 'the contract in it is damaged')


def test_a_changed_number_is_noticed(folder):
    table = pq.read_table(folder / DATA)
    place = table.schema.get_field_index('next.reward')
    changed = pa.array([1.0] * len(table), pa.float32())
    pq.write_table(table.set_column(place, 'next.reward', changed), folder / DATA)
    refuses(folder, 'has the hash', 'changed or damaged')


@pytest.mark.parametrize('change, words', [
    (lambda table: table.slice(0, len(table) - 3), 'only'),
    (lambda table: pa.concat_tables([table, table.slice(0, 2)]), 'rows, but the episodes table'),
    (lambda table: table.take(list(range(len(table)))[::-1]), 'episode_index of episode 0'),
    (lambda table: table.drop_columns(['action']), "['action'] are missing"),
])
def test_data_that_does_not_fit_the_episodes_table(folder, change, words):
    table = pq.read_table(folder / DATA)
    pq.write_table(change(table), folder / DATA)
    refuses(folder, DATA, words)


def test_an_empty_cell(folder):
    table = pq.read_table(folder / DATA)
    place = table.schema.get_field_index('next.reward')
    values = pa.array([None, *[0.0] * (len(table) - 1)], pa.float32())
    pq.write_table(table.set_column(place, 'next.reward', values), folder / DATA)
    refuses(folder, DATA, '1 empty cells')


def replaced(name, values):
    """Return a change of a table: another content of one column."""
    def change(table):
        place = table.column_names.index(name)
        made = values if isinstance(values, pa.Array) else pa.array([values] * len(table))
        return table.set_column(place, name, made)
    return change


NOTHING = {name: (lambda table, name=name: table.set_column(
    table.column_names.index(name), name, pa.nulls(len(table), table[name].type)))
    for name in ('length', 'data/chunk_index', 'task_index', 'index')}


@pytest.mark.parametrize('file, change, words', [
    (EPISODES, NOTHING['length'], 'the column length has 5 empty cells'),
    (EPISODES, NOTHING['data/chunk_index'], 'the column data/chunk_index has 5 empty cells'),
    (EPISODES, replaced('length', 'x'), 'the column length holds whole numbers; got string'),
    (EPISODES, replaced('length', float('nan')), 'the column length holds whole numbers'),
    (EPISODES, replaced('length', [1, 2]), 'the column length holds whole numbers; got list'),
    (EPISODES, replaced('length', 2**62), 'expected [0, 0,'),
    (EPISODES, replaced('data/file_index', -5), 'file--05.parquet is missing'),
    (EPISODES, replaced('adapt/success', 'x'), 'adapt/success holds true or false'),
    (EPISODES, replaced('adapt/seed', 'x'), 'adapt/seed holds whole numbers'),
    (EPISODES, replaced('adapt/noise_level', [1]), 'adapt/noise_level holds numbers'),
    (EPISODES, lambda t: t.append_column('length', t['length']), 'Multiple matches'),
    (DATA, lambda t: t.append_column('action', t['action']), 'Multiple matches'),
    (DATA, lambda t: t.slice(0, 0), 'episode 0 has 8 rows by the episodes table, only 0'),
    (DATA, NOTHING['index'], 'the column index has 70 empty cells'),
    (DATA, replaced('index', 'x'), 'the column index holds whole numbers; got string'),
    (DATA, replaced('task_index', float('nan')), 'the column task_index holds whole numbers'),
    (DATA, replaced('task_index', [0]), 'the column task_index holds whole numbers; got list'),
    (DATA, replaced('task_index', 7), 'task_index 7 is not in'),
    (DATA, replaced('timestamp', [1.0]), 'the column timestamp holds numbers; got list'),
    (DATA, replaced('adapt.time_ns', float('nan')), 'adapt.time_ns holds whole numbers'),
    (DATA, replaced('action', [[0.5]]), 'the column action holds numbers, or lists of them'),
    (DATA, replaced('action', 'x'), 'the column action holds numbers, or lists of them'),
    (DATA, replaced('action', pa.array([[0.5] * (1 + i % 3) for i in range(70)])), 'one length'),
    (DATA, replaced('action', pa.array([[]] * 70, pa.list_(pa.float32()))), 'one length from 1'),
    (DATA, replaced('next.reward', [[0.5]]), 'next.reward holds lists of lists'),
    (TASKS, NOTHING['task_index'], 'the column task_index has 2 empty cells'),
    (TASKS, replaced('task_index', [1]), 'the column task_index holds whole numbers'),
    (TASKS, replaced('task', 3.5), 'the column task holds texts'),
    (TASKS, lambda t: pa.concat_tables([t, t]), 'expected 0..3'),
])
def test_tables_with_other_types_and_empty_cells(folder, file, change, words):
    pq.write_table(change(pq.read_table(folder / file, partitioning=None)), folder / file)
    refuses(folder, words if words.startswith(('expected [0', 'file--')) else file, words)


def features_with(**changes):
    return lambda info: {'features': info['features'] | changes}


@pytest.mark.parametrize('changes, words', [
    ({'features': None}, 'features is an object with one entry per column; got None'),
    ({'features': []}, 'features is an object with one entry per column; got []'),
    (features_with(action=None), 'the feature action is an object'),
    (features_with(action='x'), 'the feature action is an object'),
    (features_with(action={'dtype': 'float32', 'shape': 'x'}), 'the feature action is an object'),
    (features_with(action={'dtype': 'video', 'shape': [3]}), 'action is a feature of numbers'),
    ({'total_frames': None}, 'total_frames is None'),
    ({'total_episodes': True}, 'total_episodes is True'),
    ({'fps': 2**70}, 'fps is a number above 0'),
    ({'fps': 'x'}, 'fps is a number above 0'),
    ({'chunks_size': None}, 'chunks_size is a whole number from 1 up; got None'),
    ({'data_path': '../../../etc/passwd'}, 'leaves the folder'),
    ({'data_path': '/etc/passwd'}, 'leaves the folder'),
    ({'data_path': '{chunk_index.__class__}'}, 'no pattern of file names'),
    ({'data_path': '{chunk_index:9999999999d}'}, 'no pattern of file names'),
    ({'data_path': 'a\0b'}, 'no pattern of file names'),
    ({'data_path': 'a' * 5000}, 'no pattern of file names'),
    ({'data_path': 7}, 'no pattern of file names'),
    ({'data_path': 'x.parquet'}, 'x.parquet is missing'),
])
def test_info_of_another_form(folder, changes, words):
    path = folder / 'meta/info.json'
    edit(path, **(changes(json.loads(path.read_text())) if callable(changes) else changes))
    refuses(folder, 'x.parquet' if 'x.parquet' in words else str(path), words)


@pytest.mark.parametrize('changes, words', [
    ({'meta': ['x']}, "meta is an object of names and values; got ['x']"),
    ({'meta': 'x'}, 'meta is an object'),
    ({'hash': [1]}, 'hash is a text'),
    ({'contract': None}, 'the contract in it is damaged'),
    ({'contract_hash': {}}, 'contract_hash is {}'),
    ({'format': -1}, 'format is -1; this version knows 1'),
    ({'format': 2**70}, 'this version knows 1'),
    ({'format': 'x'}, "format is 'x'; this version knows 1"),
    ({'format': True}, 'format is True'),
    ({'format': None}, 'format is None'),
])
def test_our_own_file_of_another_form(folder, changes, words):
    edit(folder / 'meta/adapt.json', **changes)
    refuses(folder, str(folder / 'meta/adapt.json'), words)


def test_only_files_with_the_names_of_the_form_are_of_the_dataset(folder, dataset):
    shutil.copy(folder / EPISODES, (folder / EPISODES).with_name('a copy.parquet'))
    shutil.copytree((folder / EPISODES).parent, folder / 'meta/episodes/a backup')
    assert load_dataset(folder) == dataset
    (folder / 'meta/episodes/chunk-000').rename(folder / 'meta/episodes/old')
    refuses(folder, 'meta/episodes has 0 rows', 'chunk-N/file-N.parquet')


def test_values_too_large_for_float32_are_infinity(folder, recwarn):
    table = pq.read_table(folder / DATA)
    pq.write_table(replaced('action', [1e300] * 4)(table), folder / DATA)
    refuses(folder, 'has the hash')
    assert not recwarn.list


def test_a_file_that_may_not_be_read_is_not_called_damaged(folder, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(meta_files.pq, 'read_table', forbidden)
    with pytest.raises(DatasetError, match='cannot be read: Permission denied') as caught:
        load_dataset(folder)
    assert 'damaged' not in str(caught.value)


def test_never_overwrites(folder, dataset):
    before = sorted((p, p.stat().st_mtime_ns) for p in folder.rglob('*'))
    with pytest.raises(DatasetError, match='never overwritten'):
        save_dataset(folder, dataset)
    with pytest.raises(DatasetError, match='never overwritten'):
        DatasetWriter(folder, dataset.contract)
    assert sorted((p, p.stat().st_mtime_ns) for p in folder.rglob('*')) == before


def test_an_empty_dataset_is_refused_and_an_empty_folder_is_filled(tmp_path, dataset, contract):
    with pytest.raises(DatasetError, match='without episodes'):
        save_dataset(tmp_path / 'none', Dataset((), contract))
    (tmp_path / 'empty').mkdir()
    save_dataset(tmp_path / 'empty', dataset)
    assert load_dataset(tmp_path / 'empty') == dataset


def test_a_failing_write_leaves_nothing(tmp_path, dataset, monkeypatch):
    def full(*_, **__):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(writer.pq, 'write_table', full)
    with pytest.raises(OSError, match='No space'):
        save_dataset(tmp_path / 'demos', dataset)
    assert list(tmp_path.iterdir()) == []


def test_every_kill_in_the_middle_can_be_resumed(tmp_path, contract, dataset, monkeypatch):
    """Stop before each rename in turn; what was flushed is there, and the rest can follow."""
    renames = 0

    def counting(path, write, real=writer.write_atomically):
        nonlocal renames
        if renames == limit:
            raise KeyboardInterrupt
        renames += 1
        real(path, write)

    monkeypatch.setattr(writer, 'write_atomically', counting)
    for limit in range(9):
        folder = tmp_path / str(limit)
        renames = 0
        begun = DatasetWriter(folder, contract, dataset.meta)
        with pytest.raises(KeyboardInterrupt):
            for episode in dataset:
                begun.add(episode)
                begun.flush()
            pytest.fail('the write was not interrupted')
        renames = -1000
        resumed = DatasetWriter.resume(folder)
        assert resumed.episodes == begun.episodes
        for episode in dataset.episodes[resumed.episodes:]:
            resumed.add(episode)
            resumed.flush()
        resumed.finish()
        assert load_dataset(folder).hash == dataset.hash
        assert not list(folder.rglob('*.tmp'))


def test_kill_9_while_saving_leaves_the_old_and_the_next_run_works(tmp_path, dataset):
    """The first dataset stays, the second is not there in part, a third attempt succeeds."""
    save_dataset(tmp_path / 'old', dataset)
    code = textwrap.dedent("""
        import os, signal, sys
        from adapt_learning.data import load_dataset, save_dataset, writer
        dataset = load_dataset(sys.argv[1])
        def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
        writer.publish_folder = kill
        save_dataset(sys.argv[2], dataset)
    """)
    done = subprocess.run([sys.executable, '-c', code, tmp_path / 'old', tmp_path / 'new'])
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / 'new').exists()
    assert load_dataset(tmp_path / 'old') == dataset
    save_dataset(tmp_path / 'new', dataset)
    assert load_dataset(tmp_path / 'new') == dataset
    assert sorted(os.listdir(tmp_path)) == ['new', 'old']


def test_resume_needs_something_of_ours(tmp_path, folder):
    with pytest.raises(DatasetError, match='is not a dataset'):
        DatasetWriter.resume(tmp_path / 'nothing')
    (folder / 'meta/adapt.json').unlink()
    with pytest.raises(DatasetError, match='was not written by this stack'):
        DatasetWriter.resume(folder)


def test_a_finished_dataset_can_grow(folder, dataset, make_episode):
    more = make_episode(9, 77, task='new', extras={
        'edit_mask': np.zeros(9, bool), 'predicted_level': np.zeros((9, 2), np.int32)})
    grown = DatasetWriter.resume(folder)
    grown.add(more)
    grown.finish()
    loaded = load_dataset(folder)
    assert loaded.episodes == (*dataset.episodes, more)
    with pytest.raises(DatasetError, match='differs in'):
        DatasetWriter.resume(folder).add(make_episode(9))
    shutil.rmtree(folder)
