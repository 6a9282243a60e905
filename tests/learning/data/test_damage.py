"""Damaged folders give one clear error; interrupted writing harms nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapt_learning.data import Dataset, DatasetWriter, load_dataset, save_dataset, writer
from adapt_learning.errors import DatasetError

DATA = 'data/chunk-000/file-000.parquet'
EPISODES = 'meta/episodes/chunk-000/file-000.parquet'


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
    refuses(tmp_path / 'nothing', 'is not a dataset', 'adapt collect')


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
    import numpy as np
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
