"""Data of other programs come in, and ours go out and come back."""

import json
import shutil

import h5py
import numpy as np
import pytest
import torch

from adapt_learning import catalog
from adapt_learning.data import Dataset, DatasetFolder, DatasetWriter, load_dataset, save_dataset
from adapt_learning.errors import DatasetError, SettingError, UserError
from adapt_learning.formats import convert
from adapt_learning.formats.base import ReadOptions

NAMES = {'robomimic': 'x.hdf5', 'minari': 'x', 'pt': 'x.pt', 'lerobot': 'x'}


@pytest.fixture
def folder(tmp_path, dataset):
    save_dataset(tmp_path / 'ours', dataset)
    return tmp_path / 'ours'


def there_and_back(folder, tmp_path, name, **options):
    out = tmp_path / NAMES[name]
    convert.export_data(folder, out, name)
    assert convert.recognised(out) == name
    made = convert.import_data([out], tmp_path / 'back', options=ReadOptions(**options))
    assert made.format == name
    return made, load_dataset(tmp_path / 'back', allow_not_finite=True)


@pytest.mark.parametrize('name', catalog.names('format'))
def test_every_format_holds_pairs_and_what_it_can(folder, dataset, tmp_path, name):
    made, back = there_and_back(folder, tmp_path, name, contract=dataset.contract)
    form = catalog.load('format', name)
    assert made.episodes == len(dataset) and made.steps == dataset.steps
    assert back.contract == dataset.contract
    for ours, theirs in zip(dataset, back, strict=True):
        assert np.array_equal(ours.observation, theirs.observation)
        assert np.array_equal(ours.action, theirs.action)
    if set(form.cannot_hold) <= {'pictures'}:
        assert back == dataset and back.hash == dataset.hash == made.hash
        assert {key: back.meta[key] for key in dataset.meta} == dataset.meta
    assert back.meta['import']['format'] == name
    assert not list(tmp_path.glob('.*'))


@pytest.mark.parametrize('name', ['robomimic', 'minari', 'lerobot'])
def test_the_contract_travels_in_the_file(folder, dataset, tmp_path, name):
    assert there_and_back(folder, tmp_path, name)[1] == dataset


def test_values_that_are_not_finite_come_through_and_are_counted(
        tmp_path, contract, make_episode):
    observation = np.zeros((5, 16))
    observation[2, 3] = np.nan
    broken = Dataset((make_episode(5, observation=observation),), contract)
    save_dataset(tmp_path / 'ours', broken)
    made, back = there_and_back(tmp_path / 'ours', tmp_path, 'robomimic')
    assert made.not_finite == 1 and back == broken


def test_a_pt_file_is_what_the_published_method_reads(folder, dataset, tmp_path):
    convert.export_data(folder, tmp_path / 'x.pt', 'pt')
    values = torch.load(tmp_path / 'x.pt', weights_only=True)
    assert {k: (v.dtype, tuple(v.shape)) for k, v in values.items()} == {
        'obs': (torch.float32, (dataset.steps, 16)),
        'next_obs': (torch.float32, (dataset.steps, 16)),
        'actions': (torch.float32, (dataset.steps, 4)), 'done': (torch.float32, (dataset.steps,))}
    inside = values['done'][:-1] == 0
    assert torch.equal(values['next_obs'][:-1][inside], values['obs'][1:][inside])
    assert values['done'].sum() == len(dataset) and values['done'][-1] == 1


def test_traps_of_pt_files_are_said(tmp_path):
    obs = torch.randn(30, 6)
    done = torch.zeros(30)
    done[[9, 19]] = 1
    torch.save({'obs': obs, 'next_obs': obs, 'actions': 4.6 * torch.ones(30, 2), 'done': done},
               tmp_path / 'maze.pt')
    made = convert.import_data([tmp_path / 'maze.pt'], tmp_path / 'out')
    notes = ' '.join(made.notes)
    assert 'next_obs is a copy of obs' in notes and 'the largest is 4.60' in notes
    assert 'ends with the file' in notes and '20 Hz was assumed' in notes
    data = load_dataset(tmp_path / 'out')
    assert [len(e) for e in data] == [10, 10, 10] and data.contract.name == 'maze'
    assert data.contract.action[0].limit == pytest.approx(4.6)
    assert data.contract.observation_spec.size == 6


def test_a_pt_file_that_would_run_code_is_refused(tmp_path):
    torch.save({'obs': convert.Imported}, tmp_path / 'evil.pt')
    with pytest.raises(DatasetError, match='files that would run code are refused'):
        convert.import_data([tmp_path / 'evil.pt'], tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


@pytest.fixture
def robomimic(tmp_path):
    """Return a file as robosuite's users have it, with pictures and states beside."""
    random = np.random.default_rng(1)
    with h5py.File(tmp_path / 'lift.hdf5', 'w') as file:
        data = file.create_group('data')
        data.attrs['env_args'] = json.dumps({
            'env_name': 'Lift', 'type': 1, 'env_kwargs': {'control_freq': 10}})
        for number in (0, 10, 2):
            length = 8 + number
            demo = data.create_group(f'demo_{number}')
            demo.attrs['num_samples'] = length
            demo['obs/robot0_eef_pos'] = random.normal(size=(length, 3))
            demo['obs/object'] = random.normal(size=(length, 5))
            demo['obs/agentview_image'] = np.zeros((length, 4, 4, 3), np.uint8)
            demo['actions'] = random.normal(size=(length, 7))
            demo['rewards'] = np.zeros(length)
            demo['states'] = random.normal(size=(length, 32))
        file['mask/train'] = np.array([b'demo_0', b'demo_2'])
    return tmp_path / 'lift.hdf5'


def test_a_robomimic_file_of_others_gets_a_contract(robomimic, tmp_path):
    made = convert.import_data([robomimic], tmp_path / 'out')
    assert [f.key for f in made.contract.observation] == ['object', 'robot0_eef_pos']
    assert made.contract.rate_hz == 10 and made.contract.action_spec.size == 7
    assert any('agentview_image' in note for note in made.notes)
    data = load_dataset(tmp_path / 'out')
    assert [len(e) for e in data] == [8, 10, 18]
    with h5py.File(robomimic) as file:
        demo = file['data/demo_2']
        expected = np.hstack([demo['obs/object'][()], demo['obs/robot0_eef_pos'][()]])
    assert np.array_equal(data.episodes[1].observation, expected.astype(np.float32))
    assert data.episodes[0].success is None
    assert data.episodes[0].timestamp_s[1] == pytest.approx(0.1)


def test_a_mask_and_a_mapping_choose(robomimic, tmp_path):
    options = ReadOptions(settings={'mask': 'train'}, mapping={'hand': 'robot0_eef_pos'})
    made = convert.import_data([robomimic], tmp_path / 'out', options=options)
    assert made.episodes == 2
    assert [(f.key, f.size) for f in made.contract.observation] == [('hand', 3)]
    with pytest.raises(DatasetError, match=r"no mask 'test'.*\['train'\]"):
        convert.import_data([robomimic], tmp_path / 'b',
                            options=ReadOptions(settings={'mask': 'test'}))
    with pytest.raises(SettingError, match=r"'eef'.*robot0_eef_pos \[3\]"):
        convert.import_data([robomimic], tmp_path / 'b', options=ReadOptions(mapping={'a': 'eef'}))


def test_a_wrong_contract_is_refused_with_both_sides(robomimic, tmp_path, contract):
    with pytest.raises(DatasetError, match=r'16 elements: gripper_position \[3\].*object \[5\]'):
        convert.import_data([robomimic], tmp_path / 'out', options=ReadOptions(contract=contract))
    assert [path.name for path in tmp_path.iterdir()] == ['lift.hdf5']


def test_keys_of_the_contract_are_mapped_and_derived_ones_computed(tmp_path, contract):
    length, random = 6, np.random.default_rng(0)
    sizes = {'eef': 3, 'object_position': 3, 'finger_position': 2, 'object_rotation': 2,
             'goal_position': 3}
    with h5py.File(tmp_path / 'x.hdf5', 'w') as file:
        for name, size in sizes.items():
            file[f'data/demo_0/obs/{name}'] = random.normal(size=(length, size))
        file['data/demo_0/actions'] = random.normal(size=(length, 4))
        arrays = {name: file[f'data/demo_0/obs/{name}'][()] for name in sizes}
    convert.import_data([tmp_path / 'x.hdf5'], tmp_path / 'out', options=ReadOptions(
        contract=contract, mapping={'gripper_position': 'eef'}))
    places = contract.observation_spec.slices
    got = load_dataset(tmp_path / 'out').episodes[0].observation
    assert np.array_equal(got[:, places['gripper_position']], arrays['eef'].astype(np.float32))
    np.testing.assert_allclose(got[:, places['object_relative_position']],
                               arrays['object_position'] - arrays['eef'], atol=1e-6)


def spoil(file, what):
    demo = file['data/demo_0']
    if what == 'lengths':
        del demo['actions']
        demo['actions'] = np.zeros((3, 7))
    elif what == 'sizes':
        del file['data/demo_10/obs/object']
        file['data/demo_10/obs/object'] = np.zeros((18, 4))
    elif what == 'key':
        del file['data/demo_10/obs/object']
    elif what == 'no obs':
        del demo['obs']
    elif what == 'empty':
        for name in list(file['data']):
            del file['data'][name]


@pytest.mark.parametrize('what, sentence', [
    ('lengths', '8 observations and 3 actions'), ('sizes', "'object' has 4 elements"),
    ('key', "'object' is missing"), ('no obs', r"lacks \['obs'\]"), ('empty', 'no demonstrations'),
])
def test_damage_is_one_sentence_and_nothing_is_written(robomimic, tmp_path, what, sentence):
    with h5py.File(robomimic, 'a') as file:
        spoil(file, what)
    with pytest.raises(DatasetError, match=sentence):
        convert.import_data([robomimic], tmp_path / 'out', 'robomimic')
    assert [path.name for path in tmp_path.iterdir()] == ['lift.hdf5']


def test_a_truncated_file_is_refused(robomimic, tmp_path):
    robomimic.write_bytes(robomimic.read_bytes()[:3000])
    with pytest.raises(DatasetError, match='cannot be read as HDF5'):
        convert.import_data([robomimic], tmp_path / 'out')
    (tmp_path / 'text.txt').write_text('hello')
    with pytest.raises(DatasetError, match='none of the known formats'):
        convert.import_data([tmp_path / 'text.txt'], tmp_path / 'out')
    with pytest.raises(DatasetError, match='does not exist'):
        convert.import_data([tmp_path / 'gone'], tmp_path / 'out')


@pytest.mark.parametrize('name', ['robomimic', 'minari'])
def test_an_export_stops_before_the_disk_is_full(folder, tmp_path, monkeypatch, name):
    # A full disk cannot be met: the HDF5 library would end this process, too.
    used = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: used._replace(free=1_000_000))
    with pytest.raises(OSError, match='No space left'):
        convert.export_data(folder, tmp_path / NAMES[name], name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['ours']


def test_a_full_disk_leaves_nothing(robomimic, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(DatasetWriter, 'flush', full)
    with pytest.raises(OSError, match='No space'):
        convert.import_data([robomimic], tmp_path / 'out')
    assert [path.name for path in tmp_path.iterdir()] == ['lift.hdf5']


def test_nothing_is_overwritten(folder, robomimic, tmp_path):
    with pytest.raises(DatasetError, match='never overwritten'):
        convert.import_data([robomimic], folder)
    with pytest.raises(DatasetError, match='never overwritten'):
        convert.export_data(folder, robomimic, 'robomimic')


def test_minari_opens_what_we_write(folder, dataset, tmp_path):
    minari = pytest.importorskip('minari')
    convert.export_data(folder, tmp_path / 'x', 'minari')
    opened = minari.MinariDataset(tmp_path / 'x/data')
    assert opened.total_episodes == len(dataset) and opened.total_steps == dataset.steps
    for ours, theirs in zip(dataset, opened.iterate_episodes(), strict=True):
        assert len(theirs.observations['gripper_position']) == len(ours) + 1
        assert np.array_equal(theirs.actions, ours.action)
        assert theirs.terminations[-1] == bool(ours.success)
        assert opened.observation_space.contains(
            {key: array[0] for key, array in theirs.observations.items()})


def test_we_open_what_minari_writes(tmp_path, monkeypatch):
    minari = pytest.importorskip('minari')
    import gymnasium
    from minari.data_collector import EpisodeBuffer
    monkeypatch.setenv('MINARI_DATASETS_PATH', str(tmp_path / 'root'))
    space = gymnasium.spaces.Dict({
        'observation': gymnasium.spaces.Box(-9, 9, (4,)), 'goal': gymnasium.spaces.Box(-9, 9, (2,)),
        'inner': gymnasium.spaces.Dict({'mode': gymnasium.spaces.Discrete(3)})})
    steps, random = 5, np.random.default_rng(0)
    observations = {'observation': random.normal(size=(steps + 1, 4)),
                    'goal': random.normal(size=(steps + 1, 2)),
                    'inner': {'mode': np.arange(steps + 1) % 3}}
    buffers = [EpisodeBuffer(
        id=None, seed=seed, observations=observations, actions=random.normal(size=(steps, 2)),
        rewards=np.ones(steps), terminations=np.zeros(steps, bool),
        truncations=np.arange(steps) == steps - 1,
        infos={'success': np.arange(steps + 1) == 3}) for seed in (4, 5)]
    minari.create_dataset_from_buffers(
        'toy/reach-v0', buffers, observation_space=space,
        action_space=gymnasium.spaces.Box(-9, 9, (2,)))
    made = convert.import_data([tmp_path / 'root/toy/reach-v0'], tmp_path / 'out')
    assert made.format == 'minari' and made.contract.observation_spec.size == 7
    data = load_dataset(tmp_path / 'out')
    assert [(len(e), e.seed, e.success) for e in data] == [(5, 4, True), (5, 5, True)]
    place = made.contract.observation_spec.slices['goal']
    assert np.array_equal(data.episodes[0].observation[:, place],
                          observations['goal'][:5].astype(np.float32))


def test_memory_is_bounded_by_a_file_and_a_column(tmp_path, contract, make_episode, monkeypatch):
    """A tenth of a million rows, in files of 1 MB: far less than all rows is in memory."""
    import tracemalloc
    monkeypatch.setitem(DatasetWriter.__init__.__kwdefaults__, 'file_size_mb', 1)
    long = make_episode(2000)
    with h5py.File(tmp_path / 'big.hdf5', 'w') as file:
        for number in range(50):
            file[f'data/demo_{number}/obs/all'] = long.observation
            file[f'data/demo_{number}/actions'] = long.action
    options = ReadOptions(contract=contract, mapping={'observation': 'all'})
    convert.format_named('robomimic')  # what is imported shall not count
    tracemalloc.start()
    made = convert.import_data([tmp_path / 'big.hdf5'], tmp_path / 'out', 'robomimic', options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert made.steps == 100_000 and len(DatasetFolder(tmp_path / 'out')) == 50
    row = 4 * (16 + 4 + 2) + 8 * 6  # bytes: what a dataset in memory holds
    assert peak < 0.9 * 100_000 * row, f'{peak / 100_000:.0f} bytes per row'


def test_the_command_says_what_is_wrong(tmp_path):
    from adapt_learning.cli.data_convert import _pairs
    with pytest.raises(UserError, match='KEY=VALUE'):
        _pairs('--map', ['x'])
    assert _pairs('--map', ['a=b', 'c=d=e']) == {'a': 'b', 'c': 'd=e'}
