"""
The published method's `.pt`: one torch dict of obs, next_obs, actions, done, all steps in a row.

Form: the demonstrations of "Diffusion Model-Augmented Behavioral Cloning" (dissertation 3.1) and of
goal_prox_il. What is known of these files: `next_obs` may be a copy of `obs`, so it is not used;
actions may leave -1..1; neither rate, outcome nor names of the elements are in them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from adapt_learning.data import DatasetFolder
from adapt_learning.errors import DatasetError
from adapt_learning.formats.base import Demonstration, Format, ReadOptions, Source


class Pt(Format):
    """The `.pt` dict of the published method."""

    title = "the published method's .pt"
    cannot_hold = ('contract', 'times', 'rewards', 'outcomes', 'seeds and noise levels', 'tasks',
                   'extra columns', 'lineage', 'pictures')

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether the name ends with .pt or .pth."""
        return path.is_file() and path.suffix in ('.pt', '.pth')

    @classmethod
    @contextmanager
    def open(cls, paths: Sequence[Path], options: ReadOptions) -> Iterator[Source]:
        """Read one file; it is loaded without running code from it."""
        if len(paths) != 1 or not paths[0].is_file():
            raise DatasetError('these demonstrations are one .pt file; got '
                               f'{", ".join(map(str, paths))}')
        yield _Steps(paths[0])

    @classmethod
    def write(cls, dataset: DatasetFolder, target: Path) -> None:
        """Write one file."""
        import torch
        size = dataset.contract.observation_spec.size
        obs = np.empty((dataset.steps, size), np.float32)
        following = np.empty_like(obs)
        actions = np.empty((dataset.steps, dataset.contract.action_spec.size), np.float32)
        done = np.zeros(dataset.steps, np.float32)
        start = 0
        for episode in dataset:
            end = start + len(episode)
            obs[start:end], actions[start:end] = episode.observation, episode.action
            following[start:end - 1] = episode.observation[1:]
            following[end - 1] = episode.observation[-1]
            done[end - 1], start = 1.0, end
        torch.save({'obs': torch.from_numpy(obs), 'next_obs': torch.from_numpy(following),
                    'actions': torch.from_numpy(actions), 'done': torch.from_numpy(done)}, target)


class _Steps(Source):
    def __init__(self, path: Path):
        super().__init__()
        self.name = path.stem
        values = _load(path)
        missing = sorted({'obs', 'actions', 'done'} - values.keys())
        if missing:
            raise DatasetError(f'{path} lacks {missing}; it has {sorted(map(str, values))}')
        self._obs, self._actions = values['obs'], values['actions']
        done = values['done'].reshape(-1)
        lengths = {'obs': len(self._obs), 'actions': len(self._actions), 'done': len(done)}
        if len(set(lengths.values())) > 1 or not len(done):
            raise DatasetError(f'{path}: obs, actions and done have one row per step and at least '
                               f'one; got {lengths}')
        self._obs, self._actions = (a.reshape(len(done), -1) for a in (self._obs, self._actions))
        ends = np.flatnonzero(done > 0.5) + 1
        if not ends.size or ends[-1] != len(done):
            self.notes.append('the last demonstration is not ended by done, it ends with the file')
            ends = np.append(ends, len(done))
        self._ends = ends.tolist()
        self.count = len(self._ends)
        self.observation = {'obs': self._obs.shape[1]}
        self.action = {'actions': self._actions.shape[1]}
        self._look(values.get('next_obs'))

    def _look(self, following: np.ndarray | None) -> None:
        if following is not None and np.array_equal(
                following.reshape(self._obs.shape), self._obs, equal_nan=True):
            self.notes.append('next_obs is a copy of obs (a known fault of such files); it is not '
                              'used')
        outside = float((np.abs(self._actions) > 1.0).any(axis=1).mean())
        if outside:
            self.notes.append(f'{outside:.1%} of the actions leave -1..1, the largest is '
                              f'{float(np.nanmax(np.abs(self._actions))):.2f}')

    def demonstrations(self) -> Iterator[Demonstration]:
        start = 0
        for number, end in enumerate(self._ends):
            yield Demonstration({'obs': self._obs[start:end]},
                                {'actions': self._actions[start:end]}, name=f'{number}')
            start = end


def _load(path: Path) -> dict[str, np.ndarray]:
    import torch
    try:
        values = torch.load(path, map_location='cpu', weights_only=True, mmap=False)
    except Exception as error:  # torch raises many classes for damaged and for unsafe files
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DatasetError(f'{path} cannot be loaded as plain tensors ({reason}); files that would '
                           'run code are refused: save a dict of tensors') from error
    if not isinstance(values, dict):
        raise DatasetError(f'{path} holds a {type(values).__name__}; a dict of tensors is needed')
    bad = sorted(str(key) for key, value in values.items() if not isinstance(value, torch.Tensor))
    if bad := [key for key in bad if key in ('obs', 'next_obs', 'actions', 'done')]:
        raise DatasetError(f'{path}: {bad} are no tensors')
    return {key: value.detach().numpy() for key, value in values.items()
            if isinstance(value, torch.Tensor) and value.dtype != torch.bfloat16}
