"""Columns of a foreign source -> the contract's vectors, and a contract where there is none."""

import re
from collections.abc import Mapping

import numpy as np
from pydantic import ValidationError

from adapt_learning.data import Episode
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.formats.base import Demonstration, ReadOptions, Source
from adapt_learning.frames import Contract

WHOLE = ('observation', 'action')
"""Keys of a mapping that mean a whole vector."""
_MAIN = frozenset({'state', 'obs', 'observations', 'action', 'actions'})
"""What formats call a whole vector; others of the same size are beside it."""
ASSUMED_HZ = 20.0
"""Rate where neither the files nor the caller say one; the import says that it was assumed."""


def derived_contract(source: Source, options: ReadOptions) -> Contract:
    """
    Return a contract for data that has none: keys, sizes, names of the elements and rate.

    Its topics are invented, so it serves reports, restoration and training; a robot needs one of
    its own. With a mapping, only the mapped observations are taken, in the order of the mapping.
    """
    parts = {
        kind: {_key(ours): theirs for ours, theirs in
               _selected(kind, have, other, options.mapping).items()}
        for kind, have, other in (('observation', source.observation, source.action),
                                  ('action', source.action, source.observation))}
    limits = _largest(source, parts['action'].values())
    rate = options.rate_hz or source.rate_hz or ASSUMED_HZ
    values = {
        'name': _key(source.name), 'rate_hz': rate,
        'description': 'Derived from imported data; the topics are invented.',
        'observation': [
            {'key': key, 'size': source.observation[theirs], 'unit': '1',
             'topic': f'imported/observation/{key}', 'type': 'sensor_msgs/msg/JointState',
             'field': 'position', 'names': _labels(source, theirs, source.observation[theirs])}
            for key, theirs in parts['observation'].items()],
        'action': [
            {'key': key, 'size': source.action[theirs], 'unit': '1',
             'topic': f'imported/action/{key}', 'type': 'sensor_msgs/msg/JointState',
             'field': 'position', 'names': _labels(source, theirs, source.action[theirs]),
             'max_abs': limits[theirs]}
            for key, theirs in parts['action'].items()],
    }
    try:
        return Contract.model_validate(values)
    except ValidationError as error:
        what = error.errors()[0]
        raise DatasetError(f'{source.name}: no contract can be derived ({what["msg"]}); write one '
                           'and give it with --contract') from error


class Columns:
    """Picks the arrays of a demonstration and puts them into the contract's order."""

    def __init__(self, source: Source, contract: Contract, mapping: Mapping[str, str],
                 by_key: bool = False):
        """
        Find every feature; DatasetError lists what is needed and what there is.

        `by_key`: 'observation' and 'action' in the mapping are keys like others.
        """
        self.contract = contract
        self._whole = () if by_key else WHOLE
        known = {*WHOLE, *(f.key for f in (*contract.observation, *contract.action))}
        if odd := sorted(set(mapping) - known):
            raise SettingError(f"--map gives {odd}, which the contract '{contract.name}' does "
                               f'not have; it has {sorted(known)}')
        self._observation = self._find('observation', source.observation, mapping)
        self._action = self._find('action', source.action, mapping)

    def episode(self, demonstration: Demonstration, default_task: str) -> Episode:
        """Return the episode; DatasetError where lengths or sizes do not fit."""
        action = self._vector(demonstration.action, self._action, self.contract.action)
        observation = self._vector(
            demonstration.observation, self._observation, self.contract.observation)
        length = len(action)
        if len(observation) != length:
            raise DatasetError(f'{len(observation)} observations and {length} actions; there is '
                               'one action per observation: leave this demonstration out')
        time_s, reward = demonstration.timestamp_s, demonstration.reward
        return Episode(
            observation=observation, action=action,
            timestamp_s=np.arange(length) / self.contract.rate_hz if time_s is None else time_s,
            reward=np.zeros(length) if reward is None else reward,
            success=demonstration.success, seed=demonstration.seed,
            noise_level=demonstration.noise_level,
            task=default_task if demonstration.task is None else demonstration.task,
            extras=demonstration.extras)

    def _find(self, kind: str, have: Mapping[str, int], mapping: Mapping[str, str]
              ) -> dict[str, str] | str:
        """Return {our key: their name}, or the name of the one array that is the whole vector."""
        features = getattr(self.contract, kind)
        wanted = {f.key: f for f in features}
        size = getattr(self.contract, f'{kind}_spec').size
        names = {key: mapping.get(key, key) for key in wanted}
        given = kind in mapping and kind in self._whole
        if not given:
            computed = {key for key, f in wanted.items() if getattr(f, 'derive', None)
                        and names[key] not in have and set(f.derive.of) <= set(wanted)}
            there = {key: name for key, name in names.items() if name in have}
            if set(wanted) == there.keys() | computed:
                for key, name in there.items():
                    if have[name] != wanted[key].size:
                        raise DatasetError(
                            f"'{name}' has {have[name]} elements and '{key}' of the contract "
                            f"'{self.contract.name}' has {wanted[key].size}: give the contract of "
                            'these data, or map another array with --map ours=theirs')
                return there
        whole = [mapping[kind]] if given else [n for n, k in have.items() if k == size]
        whole = [name for name in whole if name in _MAIN] or whole
        if len(whole) == 1 and have.get(whole[0]) == size:
            return whole[0]
        raise DatasetError(
            f"the {kind} of the contract '{self.contract.name}' has {size} elements: "
            f'{_listed({k: f.size for k, f in wanted.items()})}; the data have {_listed(have)}. '
            f'Give the contract of these data, or say which array is which with --map ours=theirs '
            f"('{kind}' is the whole vector)")

    def _vector(self, arrays: Mapping[str, np.ndarray], names: dict[str, str] | str,
                features) -> np.ndarray:
        if isinstance(names, str):
            return _matrix(arrays, names)
        got = {key: _matrix(arrays, name) for key, name in names.items()}
        lengths = {names[key]: len(array) for key, array in got.items()}
        if len(set(lengths.values())) > 1:
            raise DatasetError(f'the arrays differ in length: {lengths}; leave this demonstration '
                               'out')
        for feature in features:
            if feature.key not in got:
                first, second = feature.derive.of
                got[feature.key] = got[first] - got[second]
        for feature in features:
            if got[feature.key].shape[1] != feature.size:
                raise DatasetError(f"'{feature.key}' has {got[feature.key].shape[1]} elements, "
                                   f'in the other demonstrations {feature.size}; leave this one '
                                   'out')
        return np.concatenate([got[f.key] for f in features], axis=1)


def _selected(kind: str, have: Mapping[str, int], other: Mapping[str, int],
              mapping: Mapping[str, str]) -> dict[str, str]:
    """Return {our key: their name} of a derived contract."""
    if missing := sorted(set(mapping.values()) - have.keys() - other.keys()):
        raise SettingError(f'--map names {missing}, which the data do not have; they have '
                           f'{_listed({**have, **other})}')
    chosen = {ours: theirs for ours, theirs in mapping.items() if theirs in have}
    chosen = chosen or {name: name for name in have}
    if not chosen:
        raise DatasetError(f'the data have no {kind} made of numbers, so there is nothing to '
                           'learn from; pictures alone cannot be imported')
    return chosen


def _matrix(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in arrays:
        raise DatasetError(f"'{name}' is missing, and the other demonstrations have it; leave this "
                           'one out')
    array = np.asarray(arrays[name])
    return array.reshape(len(array), -1) if len(array) else np.zeros((0, 1))


def _largest(source: Source, names) -> dict[str, float | None]:
    """Return the largest magnitude of every action where it leaves -1..1, else None."""
    found = {name: 1.0 for name in names}
    for demonstration in source.demonstrations():
        for name in found:
            array = np.abs(np.asarray(demonstration.action[name], dtype=np.float64))
            finite = array[np.isfinite(array)]
            found[name] = max(found[name], float(finite.max(initial=0.0)))
    return {name: value if value > 1.0 else None for name, value in found.items()}


def _labels(source: Source, name: str, size: int) -> list[str]:
    labels = source.labels.get(name, ())
    if len(labels) == size and len(set(labels)) == size and all(labels):
        return list(labels)
    return [str(i) for i in range(size)]


def _key(name: str) -> str:
    """Return a name as a contract writes keys: lower case, digits, underscores."""
    text = re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_') or 'data'
    return text if text[0].isalpha() else f'n{text}'


def _listed(sizes: Mapping[str, int]) -> str:
    return ', '.join(f'{name} [{size}]' for name, size in sizes.items()) or 'nothing'
