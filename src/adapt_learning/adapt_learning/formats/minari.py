"""
Minari's folders: main_data.hdf5 with episode_N, and metadata.json.

Form: Minari 0.5 (data_format hdf5). Observations are T + 1 per episode, the last one without an
action. Spaces may be nested: names are joined by /. The library itself is not needed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from adapt_learning.data import DatasetFolder, Episode
from adapt_learning.data.files import read_json, write_json
from adapt_learning.errors import DatasetError
from adapt_learning.formats import hdf5
from adapt_learning.formats.base import Demonstration, Format, ReadOptions, Source

_DATA, _METADATA = 'main_data.hdf5', 'metadata.json'
_VERSION = '0.5.4'
"""Of Minari, whose form is written here and was checked."""


class Minari(Format):
    """Minari datasets (HDF5)."""

    title = 'Minari'
    cannot_hold = ('pictures',)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether this is a Minari folder, or the `data` folder in it."""
        return _folder(path) is not None

    @classmethod
    @contextmanager
    def open(cls, paths: Sequence[Path], options: ReadOptions) -> Iterator[Source]:
        """Open one folder."""
        folder = _folder(paths[0]) if len(paths) == 1 else None
        if folder is None:
            raise DatasetError(f'a Minari dataset is one folder with data/{_METADATA}; got '
                               f'{", ".join(map(str, paths))}')
        metadata = read_json(folder / _METADATA)
        if metadata.get('data_format', 'hdf5') != 'hdf5':
            raise DatasetError(f'{folder / _METADATA}: data_format is {metadata["data_format"]!r}; '
                               "only 'hdf5' can be read: convert it with Minari")
        with ExitStack() as stack:
            file = stack.enter_context(hdf5.opened(folder / _DATA))
            yield _Episodes(folder, file, metadata)

    @classmethod
    def write(cls, dataset: DatasetFolder, target: Path) -> None:
        """Write one folder; the observation is a Dict space of the contract's features."""
        folder = target / 'data'
        folder.mkdir(parents=True)
        spec, contract = dataset.contract.observation_spec, dataset.contract
        with h5py.File(folder / _DATA, 'w', track_order=True) as file:
            for number, episode in enumerate(dataset):
                hdf5.keep_room(file, episode)
                group = file.create_group(f'episode_{number}')
                group.attrs['id'], group.attrs['total_steps'] = number, len(episode)
                if episode.seed is not None:
                    group.attrs['seed'] = episode.seed
                # What came after the last action was not recorded: the last observation stands in.
                rows = np.minimum(np.arange(len(episode) + 1), len(episode) - 1)
                for key, place in spec.slices.items():
                    group[f'observations/{key}'] = episode.observation[rows, place]
                _write_steps(group, episode)
                hdf5.store_rest(group, episode)
        size = sum(path.stat().st_size for path in folder.iterdir())
        write_json(folder / _METADATA, {
            'dataset_id': f'adapt/{contract.name.replace("_", "-")}-v0',
            'total_episodes': len(dataset), 'total_steps': dataset.steps, 'data_format': 'hdf5',
            'jpeg_encoding': False,
            'observation_space': json.dumps({'type': 'Dict', 'subspaces': {
                feature.key: _box(feature.size) for feature in spec.features}}),
            'action_space': json.dumps(_box(contract.action_spec.size)),
            'minari_version': _VERSION, 'dataset_size': round(size / 1e6, 1),
            'requirements': [], 'description': contract.description,
            hdf5.ADAPT: hdf5.say_about(dataset)})


class _Episodes(Source):
    def __init__(self, folder: Path, file: h5py.File, metadata: Mapping[str, Any]):
        super().__init__()
        self._folder, self._file = folder, file
        self.name = str(metadata.get('dataset_id') or folder.parent.name).split('/')[-1]
        self._names = hdf5.numbered(file, 'episode_')
        self.count = len(self._names)
        if not self._names:
            raise DatasetError(f'{folder / _DATA} has no episodes')
        if metadata.get('total_episodes', self.count) != self.count:
            raise DatasetError(f'{folder / _METADATA}: total_episodes is '
                               f'{metadata["total_episodes"]}, but {_DATA} has {self.count}; '
                               'restore the folder from a copy')
        self.contract, self.meta = hdf5.read_about(folder / _METADATA, metadata.get(hdf5.ADAPT))
        first = file[self._names[0]]
        self.observation = self._columns(first, 'observations')
        self.action = self._columns(first, 'actions')

    def _columns(self, group: h5py.Group, kind: str) -> dict[str, int]:
        arrays = _arrays(self._folder, group, kind)
        sizes = {name: hdf5.width(a) for name, a in arrays.items() if hdf5.is_column(a)}
        if left := sorted(arrays.keys() - sizes.keys()):
            self.notes.append(f'{kind} that are not [T, n] numbers are left out: {left}')
        return sizes

    def demonstrations(self) -> Iterator[Demonstration]:
        for name in self._names:
            group = self._file[name]
            observations = _arrays(self._folder, group, 'observations')
            actions = {key: array[()] for key, array in
                       _arrays(self._folder, group, 'actions').items() if key in self.action}
            steps = max((len(array) for array in actions.values()), default=0)
            seed = group.attrs.get('seed')
            yield Demonstration(**({
                'observation': {key: observations[key][:steps] for key in self.observation
                                if key in observations},
                'action': actions, 'reward': group['rewards'][()] if 'rewards' in group else None,
                # Gymnasium's environments say so in their infos; the last step decides.
                'success': _success(group), 'seed': None if seed is None else int(seed),
                'name': name} | hdf5.read_rest(group)))


def _success(group: h5py.Group) -> bool | None:
    for name in ('infos/success', 'infos/is_success'):
        if name in group and len(group[name]):
            return bool(np.asarray(group[name][()]).reshape(-1).any())
    return None


def _write_steps(group: h5py.Group, episode: Episode) -> None:
    last = np.arange(len(episode)) == len(episode) - 1
    group['actions'], group['rewards'] = episode.action, episode.reward
    group['terminations'] = last & bool(episode.success)
    group['truncations'] = last & (not episode.success)
    group.create_group('infos')


def _arrays(folder: Path, group: h5py.Group, kind: str) -> dict[str, h5py.Dataset]:
    item = group.get(kind)
    if item is None:
        raise DatasetError(f'{folder / _DATA}: {group.name} lacks {kind}; it has {sorted(group)}')
    return {kind: item} if isinstance(item, h5py.Dataset) else dict(hdf5.leaves(item))


def _box(size: int) -> dict[str, Any]:
    # JSON has no infinity; these are the bounds of float32.
    limit = float(np.finfo(np.float32).max)
    return {'type': 'Box', 'dtype': 'float32', 'shape': [size], 'low': [-limit] * size,
            'high': [limit] * size}


def _folder(path: Path) -> Path | None:
    for folder in (path, path / 'data'):
        if (folder / _DATA).is_file() and (folder / _METADATA).is_file():
            return folder
    return None
