"""Demonstrations of one contract, in memory."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from adapt_learning.data.chunk import action_chunks
from adapt_learning.data.episode import Episode
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.frames import Contract

SOURCE_EPISODE, SOURCE_ROW = 'adapt.source_episode', 'adapt.source_row'
"""Columns of a derived dataset: where a row was in the input; rows may be missing in between."""
NO_LEVEL = -1
"""In the columns `adapt.<side>_level` of a restored dataset: no noise level was predicted."""


class ContentHash:
    """The hash of a dataset's content, made episode by episode."""

    def __init__(self, contract: Contract):
        self._digest = hashlib.sha256(contract.hash.encode())

    def add(self, episode: Episode) -> None:
        """Take the next episode."""
        facts = [episode.success, episode.seed, episode.noise_level, episode.task]
        self._digest.update(json.dumps(facts).encode())
        for name, array in episode.arrays.items():
            self._digest.update(f'{name} {array.dtype.str} {array.shape}'.encode())
            self._digest.update(np.ascontiguousarray(array).data)

    @property
    def text(self) -> str:
        """Return the hash of all episodes so far (16 hex digits)."""
        return self._digest.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Episodes that speak one contract, with their origin; sizes are checked at birth."""

    episodes: tuple[Episode, ...]
    contract: Contract
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Lineage: which command made this, from what; JSON values only, not part of the hash."""

    def __post_init__(self):
        object.__setattr__(self, 'episodes', tuple(self.episodes))
        for index, episode in enumerate(self.episodes):
            check_episode(episode, self.contract, f'episode {index}')
            if _kinds(episode) != _kinds(self.episodes[0]):
                raise DatasetError('all episodes of a dataset have the same extra columns; '
                                   f'episode 0 has {_kinds(self.episodes[0])}, episode {index} '
                                   f'has {_kinds(episode)}')

    def __len__(self) -> int:
        """Return the number of episodes."""
        return len(self.episodes)

    def __iter__(self) -> Iterator[Episode]:
        """Iterate over the episodes."""
        return iter(self.episodes)

    @cached_property
    def steps(self) -> int:
        """Return the number of (observation, action) pairs."""
        return sum(len(episode) for episode in self.episodes)

    @cached_property
    def hash(self) -> str:
        """
        Return the hash of the content (16 hex digits).

        It covers the contract and everything in the episodes, but neither `meta` nor how the
        episodes are spread over files.
        """
        digest = ContentHash(self.contract)
        for episode in self.episodes:
            digest.add(episode)
        return digest.text

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return all observations [N, S] and actions [N, A], float32, in order."""
        if not self.episodes:
            return (np.zeros((0, self.contract.observation_spec.size), np.float32),
                    np.zeros((0, self.contract.action_spec.size), np.float32))
        return (np.concatenate([episode.observation for episode in self.episodes]),
                np.concatenate([episode.action for episode in self.episodes]))

    def chunks(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Return all observations [N, S] and the actions from each on [N, length, A], float32."""
        observation, action = self.pairs()
        if not self.episodes:
            return observation, action[:, None].repeat(length, 1)
        return observation, np.concatenate([
            action_chunks(episode, length, self.contract.rate_hz) for episode in self.episodes])

    def split(self, validation_fraction: float, seed: int) -> tuple['Dataset', 'Dataset']:
        """
        Return (training, validation), cut between episodes, never inside one.

        Neighbours in time are nearly equal, so a cut inside an episode would let training see the
        validation data. A fraction above 0 gives each side at least one episode; 0 leaves the
        validation side empty. The same seed gives the same split.
        """
        if not 0.0 <= validation_fraction < 1.0:
            raise SettingError('validation_fraction lies in 0..1 (1 excluded); got '
                               f'{validation_fraction}')
        count = round(len(self) * validation_fraction)
        if validation_fraction > 0:
            if len(self) < 2:
                raise DatasetError('a split needs at least 2 episodes, so that none is on both '
                                   f'sides; there are {len(self)}: collect more')
            count = min(max(count, 1), len(self) - 1)
        chosen = set(np.random.default_rng(seed).permutation(len(self))[:count].tolist())
        sides = ([i for i in range(len(self)) if i not in chosen], sorted(chosen))
        training, validation = (
            replace(self, episodes=tuple(self.episodes[i] for i in side)) for side in sides)
        return training, validation

    def not_finite(self) -> tuple[str, ...]:
        """Return one line for every episode and column that holds NaN or infinity."""
        labels = {'observation': self.contract.observation_spec.labels,
                  'action': self.contract.action_spec.labels, 'reward': ('reward',)}
        lines = []
        for index, episode in enumerate(self.episodes):
            if episode.is_finite:
                continue
            for part, names in labels.items():
                bad = ~np.isfinite(getattr(episode, part).reshape(len(episode), -1))
                lines += [f'episode {index}: {part} {names[column]}: {count} of {len(episode)} '
                          f'rows, first at row {int(bad[:, column].argmax())}'
                          for column, count in enumerate(bad.sum(axis=0)) if count]
        return tuple(lines)

    def __eq__(self, other: object) -> bool:
        """Return whether contract and content are equal (lineage may differ)."""
        if not isinstance(other, Dataset):
            return NotImplemented
        return self.contract == other.contract and self.episodes == other.episodes

    def __hash__(self) -> int:
        """Return a hash that agrees with ==."""
        return hash(self.hash)


def check_episode(episode: Episode, contract: Contract, name: str = 'the episode') -> None:
    """Raise DatasetError where the sizes of an episode are not the contract's."""
    for part, spec in (('observation', contract.observation_spec),
                       ('action', contract.action_spec)):
        size = getattr(episode, part).shape[1]
        if size != spec.size:
            raise DatasetError(f"{part} of {name} has {size} elements; the contract "
                               f"'{contract.name}' has {spec.size}: {', '.join(spec.labels)}")


def _kinds(episode: Episode) -> dict[str, str]:
    return {key: f'{array.dtype} {list(array.shape[1:])}'
            for key, array in sorted(episode.extras.items())}
