"""LeRobot's reader finds all that it needs in what we write; the rules find what is not so."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filmed import KEY, film, written
from lerobot_rules import broken_rules

from adapt_learning.data import DatasetWriter, load_dataset
from adapt_learning.errors import DatasetError
from adapt_learning.formats import convert
from adapt_learning.formats.base import ReadOptions


@pytest.fixture
def folder(tmp_path, dataset):
    """Return a dataset with jitter in its times, an extra column and a camera."""
    spans = film(tmp_path / 'film.mp4', [len(e) for e in dataset])
    written(tmp_path / 'out', dataset, spans).seal()
    return tmp_path / 'out'


def test_a_dataset_with_a_camera_keeps_all_rules(folder):
    assert broken_rules(folder) == []
    assert len(list(folder.rglob('*.mp4'))) == 1


def test_true_times_beside_the_grid(tmp_path, contract, make_episode):
    times = np.arange(12) * 0.04 + np.abs(np.random.default_rng(0).normal(0, 0.002, 12))
    writer = DatasetWriter(tmp_path / 'out', contract)
    writer.add(make_episode(12, timestamp_s=times))
    writer.seal()
    assert broken_rules(tmp_path / 'out') == []
    np.testing.assert_allclose(load_dataset(tmp_path / 'out').episodes[0].timestamp_s, times,
                               atol=1e-9)


def test_small_files_and_a_resumed_writer_keep_all_rules(tmp_path, dataset):
    spans = film(tmp_path / 'film.mp4', [len(e) for e in dataset])
    writer = written(tmp_path / 'out', dataset, spans, chunks_size=2)
    writer.flush()
    writer = DatasetWriter.resume(tmp_path / 'out')
    for episode, span in zip(dataset, spans, strict=True):
        writer.add(episode, {KEY: span})
    orphan = tmp_path / f'out/videos/{KEY}/chunk-000/file-001.mp4'
    assert orphan.is_file()
    writer.seal()
    assert broken_rules(tmp_path / 'out') == []
    assert load_dataset(tmp_path / 'out').steps == 2 * dataset.steps


def edit_info(folder, change):
    path = folder / 'meta/info.json'
    info = json.loads(path.read_text())
    change(info)
    path.write_text(json.dumps(info))


def edit_data(folder, key, value):
    path = folder / 'data/chunk-000/file-000.parquet'
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.schema.get_field_index(key), key, value(table[key])),
                   path)


DAMAGES = {
    'timestamp is not': lambda f: edit_data(f, 'timestamp', lambda c: pa.array(
        c.to_numpy() + np.float32(3e-4))),
    'index does not count': lambda f: edit_data(f, 'index', lambda c: pa.array(
        c.to_numpy() + 1)),
    'the feature says': lambda f: edit_data(f, 'next.reward', lambda c: c.cast(pa.float64())),
    'rows': lambda f: edit_data(f, 'frame_index', lambda c: pa.array(c.to_numpy()[::-1])),
    'task_index without': lambda f: edit_data(f, 'task_index', lambda c: pa.array(
        c.to_numpy() + 5)),
    'total_frames': lambda f: edit_info(f, lambda i: i.update(total_frames=3)),
    'version or fps': lambda f: edit_info(f, lambda i: i.update(fps=0)),
    'columns': lambda f: edit_info(f, lambda i: i['features'].pop('next.reward')),
    'no video': lambda f: next(f.rglob('*.mp4')).unlink(),
    'are not at the rows': lambda f: film(next(f.rglob('*.mp4')), [80], rate=24),
    'stats of action': lambda f: (f / 'meta/stats.json').write_text(json.dumps(
        {k: v for k, v in json.loads((f / 'meta/stats.json').read_text()).items()
         if k != 'action'})),
}


@pytest.mark.parametrize('rule', DAMAGES)
def test_the_rules_find_what_is_broken(folder, rule):
    DAMAGES[rule](folder)
    assert any(rule in line for line in broken_rules(folder))


@pytest.fixture
def foreign(tmp_path, dataset):
    """Return a folder as others write it: rate 30, float64 and ints, joints, several files."""
    spans = film(tmp_path / 'film.mp4', [len(e) for e in dataset], rate=25)
    folder = tmp_path / 'foreign'
    written(folder, dataset, spans).seal()
    (folder / 'meta/adapt.json').unlink()
    edit_data(folder, 'observation.state', lambda c: pa.FixedSizeListArray.from_arrays(
        c.combine_chunks().flatten().cast(pa.float64()), 16))
    edit_data(folder, 'action', lambda c: pa.FixedSizeListArray.from_arrays(
        pa.array(np.round(c.combine_chunks().flatten().to_numpy() * 9).astype(np.int32)), 4))
    path = folder / 'data/chunk-000/file-000.parquet'
    table = pq.read_table(path).drop_columns(['adapt.time_ns', 'edit_mask', 'predicted_level'])
    pq.write_table(table.append_column('observation.force', pa.array(
        np.arange(len(table), dtype=np.int16))), path)

    def change(info):
        for name in ('adapt.time_ns', 'edit_mask', 'predicted_level'):
            info['features'].pop(name)
        info['features']['observation.state'] |= {
            'dtype': 'float64', 'names': {'motors': [f'j{i}' for i in range(16)]}}
        info['features']['action']['dtype'] = 'int32'
        info['features']['observation.force'] = {'dtype': 'int16', 'shape': [1], 'names': None}
    edit_info(folder, change)
    return folder


def test_a_folder_of_others_comes_in_with_its_pictures(foreign, dataset, tmp_path):
    made = convert.import_data([foreign], tmp_path / 'in')
    assert made.format == 'lerobot' and made.contract.rate_hz == 25
    assert {f.key: f.size for f in made.contract.observation} == {'state': 16, 'force': 1}
    assert made.contract.observation_spec.labels[0] == 'state.j0'
    data = load_dataset(tmp_path / 'in')
    assert [e.task for e in data] == [e.task for e in dataset]
    for ours, theirs in zip(dataset, data, strict=True):
        place = made.contract.observation_spec.slices['state']
        assert np.array_equal(theirs.observation[:, place], ours.observation)
        assert np.array_equal(theirs.action, np.round(ours.action * 9))
        np.testing.assert_allclose(theirs.timestamp_s, np.arange(len(theirs)) / 25, atol=1e-9)
    assert broken_rules(tmp_path / 'in') == []
    film_in, film_out = (next((tmp_path / n).rglob('*.mp4')) for n in ('foreign', 'in'))
    assert film_in.read_bytes() == film_out.read_bytes()


def test_pictures_can_be_left_out_and_missing_ones_are_named(foreign, tmp_path):
    next(foreign.rglob('*.mp4')).unlink()
    with pytest.raises(DatasetError, match='--no-videos'):
        convert.import_data([foreign], tmp_path / 'in')
    made = convert.import_data([foreign], tmp_path / 'in', options=ReadOptions(videos=False))
    assert any('pictures are left out' in note for note in made.notes)
    assert broken_rules(tmp_path / 'in') == []


def test_an_older_version_is_refused(foreign, tmp_path):
    edit_info(foreign, lambda info: info.update(codebase_version='v2.1'))
    with pytest.raises(DatasetError, match=r"'v2.1'.*convert it with LeRobot"):
        convert.import_data([foreign], tmp_path / 'in')


def test_pictures_at_another_rate_are_refused(foreign, tmp_path):
    with pytest.raises(DatasetError, match='pictures are at 25.0 Hz and the contract says 10 Hz'):
        convert.import_data([foreign], tmp_path / 'in', options=ReadOptions(rate_hz=10.0))
    assert not (tmp_path / 'in').exists()


@pytest.mark.parametrize('pattern', ['../{video_key}.mp4', '/etc/{file_index}', '{nobody}', '{'])
def test_paths_that_leave_the_folder_are_not_followed(foreign, tmp_path, pattern):
    edit_info(foreign, lambda info: info.update(video_path=pattern))
    with pytest.raises(DatasetError, match='leaves the folder|no pattern'):
        convert.import_data([foreign], tmp_path / 'in')
