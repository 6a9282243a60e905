"""What is on disk is what LeRobot v3.0 says, and comes back unchanged."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from adapt_learning.data import Dataset, DatasetWriter, Episode, load_dataset, save_dataset
from adapt_learning.errors import DatasetError
from adapt_learning.frames import load_contract

STATS = {'min', 'max', 'mean', 'std', 'count', 'q01', 'q10', 'q50', 'q90', 'q99'}


@pytest.fixture
def folder(tmp_path, dataset):
    save_dataset(tmp_path / 'demos', dataset)
    return tmp_path / 'demos'


def test_comes_back_equal_to_the_last_bit(folder, dataset):
    loaded = load_dataset(folder)
    assert loaded == dataset and loaded.hash == dataset.hash and loaded.meta == dataset.meta


KINDS = st.sampled_from([np.bool_, np.int8, np.uint16, np.int64, np.float32, np.float64])


@st.composite
def datasets(draw):
    """Make datasets of 1 to 3 episodes with any outcome, text, seed and extra columns."""
    contract = load_contract('fetch_pick')
    extras = draw(st.dictionaries(st.text('abc.', min_size=1, max_size=5),
                                  st.tuples(KINDS, st.integers(0, 3)), max_size=2))
    episodes = []
    for _ in range(draw(st.integers(1, 3))):
        length = draw(st.integers(1, 6))

        def numbers(size, length=length):
            return draw(hnp.arrays(np.float32, (length, size),
                                   elements=st.floats(width=32, allow_nan=True)))
        steps_ns = draw(st.lists(st.integers(1, 10**9), min_size=length, max_size=length))
        episodes.append(Episode(
            numbers(16), numbers(4), np.cumsum(steps_ns) * 1e-9, numbers(1)[:, 0],
            draw(st.sampled_from([True, False, None])),
            draw(st.none() | st.integers(0, 2**63 - 1)),
            draw(st.none() | st.floats(0, 3)), draw(st.text(max_size=8)),
            {key: np.ones((length, size) if size else length, kind)
             for key, (kind, size) in extras.items()}))
    return Dataset(tuple(episodes), contract)


@settings(max_examples=25, deadline=None)
@given(datasets())
def test_anything_comes_back_equal(made):
    with tempfile.TemporaryDirectory() as folder:
        save_dataset(Path(folder) / 'd', made)
        loaded = load_dataset(Path(folder) / 'd', allow_not_finite=True)
    assert loaded == made and loaded.hash == made.hash


def test_info_is_lerobots(folder, dataset):
    info = json.loads((folder / 'meta/info.json').read_text())
    assert info['codebase_version'] == 'v3.0' and info['fps'] == 25
    assert info['total_episodes'] == 5 and info['total_frames'] == dataset.steps
    assert info['total_tasks'] == 2 and info['splits'] == {'train': '0:5'}
    state = info['features']['observation.state']
    assert state['dtype'] == 'float32' and state['shape'] == [16] and len(state['names']) == 16
    for key, dtype in {'timestamp': 'float32', 'frame_index': 'int64', 'episode_index': 'int64',
                       'index': 'int64', 'task_index': 'int64', 'next.reward': 'float32',
                       'next.done': 'bool', 'next.success': 'bool', 'edit_mask': 'bool',
                       }.items():
        assert info['features'][key] == {'dtype': dtype, 'shape': [1], 'names': None}
    assert info['features']['predicted_level']['shape'] == [2]


def test_data_columns_are_the_features_with_their_types(folder):
    info = json.loads((folder / 'meta/info.json').read_text())
    schema = pq.read_schema(folder / 'data/chunk-000/file-000.parquet')
    assert set(schema.names) == set(info['features'])
    kinds = {'float32': pa.float32(), 'int64': pa.int64(), 'int32': pa.int32(), 'bool': pa.bool_()}
    for key, feature in info['features'].items():
        kind, size = kinds[feature['dtype']], feature['shape'][0]
        assert schema.field(key).type == (kind if size == 1 else pa.list_(kind, size)), key


def test_rows_are_numbered_through(folder, dataset):
    table = pq.read_table(folder / 'data/chunk-000/file-000.parquet')
    assert table['index'].to_pylist() == list(range(dataset.steps))
    assert table['frame_index'].to_pylist()[:10] == [*range(8), 0, 1]
    done = np.array(table['next.done'].to_pylist())
    assert done.sum() == 5 and done[-1]
    # success true, false, unknown, true, false: only the last row of a success says so
    assert sum(table['next.success'].to_pylist()) == 2


def test_episodes_table_points_to_the_rows(folder, dataset):
    table = pq.read_table(folder / 'meta/episodes/chunk-000/file-000.parquet')
    rows = table.to_pylist()
    assert [row['length'] for row in rows] == [len(episode) for episode in dataset]
    ends = np.cumsum([len(episode) for episode in dataset]).tolist()
    assert [row['dataset_to_index'] for row in rows] == ends
    assert [row['tasks'] for row in rows[:2]] == [['pick'], ['place']]
    first = rows[0]
    assert {name for name in first if name.startswith('stats/action/')} == {
        f'stats/action/{stat}' for stat in STATS}
    np.testing.assert_allclose(first['stats/action/mean'],
                               dataset.episodes[0].action.mean(axis=0), rtol=1e-5)
    assert first['stats/action/count'] == [8]
    assert {'data/chunk_index', 'data/file_index', 'dataset_from_index',
            'meta/episodes/chunk_index', 'meta/episodes/file_index'} <= set(first)


def test_stats_have_quantiles(folder, dataset):
    stats = json.loads((folder / 'meta/stats.json').read_text())
    observation, _ = dataset.pairs()
    assert set(stats['observation.state']) == STATS
    np.testing.assert_allclose(stats['observation.state']['q90'],
                               np.quantile(observation.astype(float), 0.9, axis=0))
    assert stats['observation.state']['count'] == [dataset.steps]
    assert len(stats['timestamp']['min']) == 1


def test_pandas_sees_the_task_as_index(folder):
    pandas = pytest.importorskip('pandas')
    tasks = pandas.read_parquet(folder / 'meta/tasks.parquet')
    assert tasks.index.name == 'task' and list(tasks.index) == ['pick', 'place']
    assert tasks.loc['place'].task_index == 1
    assert tasks.iloc[0].name == 'pick'  # this is how LeRobot finds the text of a row


def test_two_writes_give_the_same_bytes(tmp_path, dataset, folder):
    save_dataset(tmp_path / 'again', dataset)
    files = sorted(p.relative_to(folder) for p in folder.rglob('*') if p.is_file())
    assert len(files) == 6
    for file in files:
        assert (folder / file).read_bytes() == (tmp_path / 'again' / file).read_bytes(), file


def test_small_files_and_chunks(tmp_path, contract, dataset):
    writer = DatasetWriter(tmp_path / 'many', contract, chunks_size=2)
    for episode in dataset:
        writer.add(episode)
        writer.flush()
    writer.finish()
    names = sorted(str(p.relative_to(tmp_path / 'many/data'))
                   for p in (tmp_path / 'many/data').rglob('*.parquet'))
    assert names == ['chunk-000/file-000.parquet', 'chunk-000/file-001.parquet',
                     'chunk-001/file-000.parquet', 'chunk-001/file-001.parquet',
                     'chunk-002/file-000.parquet']
    assert load_dataset(tmp_path / 'many') == dataset


def test_a_full_file_is_flushed_by_itself(tmp_path, contract, make_episode):
    writer = DatasetWriter(tmp_path / 'big', contract, file_size_mb=1)
    for seed in range(4):
        writer.add(make_episode(3000, seed))
    assert writer.episodes == 3  # three times 3000 rows are above a megabyte
    writer.finish()
    assert len(load_dataset(tmp_path / 'big')) == 4


def test_nan_is_reported_with_its_place_unless_allowed(tmp_path, contract, make_episode):
    observation = np.zeros((12, 16))
    observation[4, 2] = np.nan
    dataset = Dataset((make_episode(), make_episode(observation=observation)), contract)
    save_dataset(tmp_path / 'raw', dataset)
    with pytest.raises(DatasetError, match=r'episode 1: observation gripper_position\.z.*row 4'):
        load_dataset(tmp_path / 'raw')
    assert load_dataset(tmp_path / 'raw', allow_not_finite=True) == dataset
    json.loads((tmp_path / 'raw/meta/stats.json').read_text(), parse_constant=pytest.fail)


def test_reads_what_lerobot_itself_writes(folder, dataset, contract):
    """Without our file and columns, with list columns and a plain task index, as LeRobot has it."""
    (folder / 'meta/adapt.json').unlink()
    data = folder / 'data/chunk-000/file-000.parquet'
    table = pq.read_table(data).drop_columns(['adapt.time_ns', 'edit_mask', 'predicted_level'])
    state = table['observation.state'].combine_chunks().cast(pa.list_(pa.float32()))
    pq.write_table(table.set_column(0, 'observation.state', state), data)
    episodes = folder / 'meta/episodes/chunk-000/file-000.parquet'
    rows = pq.read_table(episodes)
    pq.write_table(rows.drop_columns([n for n in rows.column_names if n.startswith('adapt/')]),
                   episodes)
    with pytest.raises(DatasetError, match='give the contract'):
        load_dataset(folder)
    loaded = load_dataset(folder, contract=contract)
    assert [e.success for e in loaded] == [True, False, False, True, False]
    np.testing.assert_array_equal(loaded.pairs()[0], dataset.pairs()[0])
    np.testing.assert_allclose(loaded.episodes[1].timestamp_s, dataset.episodes[1].timestamp_s,
                               rtol=1e-6)
