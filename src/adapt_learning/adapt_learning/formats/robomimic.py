"""
Robomimic's HDF5: data/demo_N with obs/*, next_obs/*, actions, rewards, dones; mask/*.

Form: robomimic documentation, "Dataset contents and structure". One array per observation key, so
the contract's features go in and come out by their names.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from adapt_learning.data import DatasetFolder
from adapt_learning.errors import DatasetError
from adapt_learning.formats import hdf5
from adapt_learning.formats.base import Demonstration, Format, ReadOptions, Source

_GYM = 2
"""Robomimic's number for environments of gym."""


class Robomimic(Format):
    """Robomimic HDF5 files."""

    title = 'robomimic HDF5'
    cannot_hold = ('pictures',)
    settings = ('mask',)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether this is an HDF5 file with the group `data`."""
        if not path.is_file() or not hdf5.is_hdf5(path):
            return False
        with hdf5.opened(path) as file:
            return 'data' in file and bool(hdf5.numbered(file['data'], 'demo_'))

    @classmethod
    @contextmanager
    def open(cls, paths: Sequence[Path], options: ReadOptions) -> Iterator[Source]:
        """Open one file."""
        if len(paths) != 1 or not paths[0].is_file():
            raise DatasetError('robomimic data are one .hdf5 file; got '
                               f'{", ".join(map(str, paths))}')
        with hdf5.opened(paths[0]) as file:
            yield _Demos(paths[0], file, options)

    @classmethod
    def write(cls, dataset: DatasetFolder, target: Path) -> None:
        """Write one file; every feature of the contract is one key of obs."""
        spec = dataset.contract.observation_spec
        with h5py.File(target, 'w') as file:
            data = file.create_group('data')
            data.attrs['total'] = dataset.steps
            data.attrs['env_args'] = json.dumps({
                'env_name': dataset.contract.name, 'type': _GYM,
                'env_kwargs': {'control_freq': dataset.contract.rate_hz}})
            data.attrs[hdf5.ADAPT] = hdf5.say_about(dataset)
            for number, episode in enumerate(dataset):
                hdf5.keep_room(file, episode)
                demo = data.create_group(f'demo_{number}')
                demo.attrs['num_samples'] = len(episode)
                following = np.minimum(np.arange(1, len(episode) + 1), len(episode) - 1)
                for key, place in spec.slices.items():
                    part = episode.observation[:, place]
                    demo[f'obs/{key}'] = part
                    demo[f'next_obs/{key}'] = part[following]
                demo['actions'] = episode.action
                demo['rewards'] = episode.reward
                demo['dones'] = (np.arange(len(episode)) == len(episode) - 1).astype(np.int64)
                hdf5.store_rest(demo, episode)


class _Demos(Source):
    def __init__(self, path: Path, file: h5py.File, options: ReadOptions):
        super().__init__()
        self.name, self._path, self._data = path.stem, path, file.get('data')
        if self._data is None:
            raise DatasetError(f'{path} has no group `data`, so it is not of robomimic; it has '
                               f'{sorted(file)}')
        self._demos = hdf5.numbered(self._data, 'demo_')
        wanted = options.settings.get('mask')
        if wanted is not None:
            masks = sorted(file.get('mask', {}))
            if wanted not in masks:
                raise DatasetError(f"{path} has no mask '{wanted}'; it has {masks}")
            chosen = {hdf5.text_of(name) for name in file['mask'][wanted][()]}
            self._demos = [name for name in self._demos if name in chosen]
        if not self._demos:
            raise DatasetError(f'{path} has no demonstrations (no data/demo_N'
                               + (f" in the mask '{wanted}')" if wanted else ')'))
        self.count = len(self._demos)
        about = self._data.attrs.get(hdf5.ADAPT)
        self.contract, self.meta = hdf5.read_about(
            path, None if about is None else hdf5.text_of(about))
        first = self._group(self._demos[0])
        arrays = dict(hdf5.leaves(first['obs']))
        self.observation = {name: hdf5.width(a) for name, a in arrays.items() if hdf5.is_column(a)}
        if left := sorted(arrays.keys() - self.observation.keys()):
            self.notes.append(f'observations that are not [T, n] numbers are left out: {left}')
        self.action = {'actions': hdf5.width(first['actions'])}
        self.rate_hz = self._environment_rate()

    def _environment_rate(self) -> float | None:
        try:
            values = json.loads(hdf5.text_of(self._data.attrs['env_args']))
            return float(values['env_kwargs']['control_freq'])
        except (KeyError, TypeError, ValueError):
            return None

    def _group(self, name: str) -> h5py.Group:
        demo = self._data[name]
        missing = [part for part in ('obs', 'actions') if part not in demo]
        if missing:
            raise DatasetError(f'{self._path}: data/{name} lacks {missing}; it has {sorted(demo)} '
                               '(robomimic makes observations with dataset_states_to_obs.py)')
        return demo

    def demonstrations(self) -> Iterator[Demonstration]:
        for name in self._demos:
            demo = self._group(name)
            arrays = dict(hdf5.leaves(demo['obs']))
            yield Demonstration(**({
                'observation': {key: arrays[key][()] for key in self.observation if key in arrays},
                'action': {'actions': demo['actions'][()]},
                'reward': demo['rewards'][()] if 'rewards' in demo else None,
                'name': name} | hdf5.read_rest(demo)))
