"""Random forest regressor (dissertation table 3.6): the value is a function of its condition."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.restoration.base import Progress, Restored, Restorer

_ROWS = 65_536
_PARTS = ('children_left', 'children_right', 'feature', 'threshold')


@dataclass(frozen=True)
class RandomForestConfig:
    """Settings of the restorer."""

    trees: int = 100
    least_leaf: int = 2
    """Smallest number of clean values in a leaf."""
    most_values: int = 20_000
    """Clean values that a tree is grown on, at most; more cost time and memory and bring little."""

    def __post_init__(self):
        if self.trees < 1 or self.least_leaf < 1 or self.most_values < 2:
            raise SettingError('trees and least_leaf are at least 1, most_values at least 2; got '
                               f'{self.trees}, {self.least_leaf} and {self.most_values}')


class RandomForestRestorer(Restorer):
    """Replace a suspected value by the mean of what clean pairs had under such conditions."""

    Config = RandomForestConfig

    def fit(self, values: np.ndarray, condition: np.ndarray, seed: int,
            progress: Progress) -> None:
        """Grow the trees, a few at a time."""
        from sklearn.ensemble import RandomForestRegressor
        share = min(1.0, self.config.most_values / len(values))
        forest = RandomForestRegressor(
            n_estimators=0, min_samples_leaf=self.config.least_leaf, random_state=seed,
            max_samples=share if share < 1 else None, warm_start=True)
        while forest.n_estimators < self.config.trees:
            forest.n_estimators = min(forest.n_estimators + 10, self.config.trees)
            forest.fit(condition, values)
            progress(forest.n_estimators / self.config.trees, f'{forest.n_estimators} trees')
        self._arrays = _plain([tree.tree_ for tree in forest.estimators_], values.shape[1])

    def restore(self, values: np.ndarray, known: np.ndarray, condition: np.ndarray, seed: int,
                progress: Progress) -> Restored:
        """Replace every value, known or not; there is no level."""
        restored = np.empty(values.shape, np.float32)
        for first in range(0, len(values), _ROWS):
            rows = slice(first, first + _ROWS)
            restored[rows] = self._predict(condition[rows])
            progress(min(1.0, (first + _ROWS) / len(values)), 'asking the trees')
        return Restored(restored, np.full(len(values), -1), np.ones(len(values), bool))

    def learning(self) -> dict[str, Any]:
        """Return all settings."""
        return {'restorer': 'random_forest', **asdict(self.config)}

    def state(self) -> dict[str, np.ndarray]:
        """Return all trees, their nodes in a row."""
        return self._arrays

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Take back what `state` returned."""
        self._arrays = {name: np.array(array) for name, array in state.items()}

    def _predict(self, condition: np.ndarray) -> np.ndarray:
        a = self._arrays
        total = np.zeros((len(condition), a['value'].shape[1]))
        rows = np.arange(len(condition))
        for root in a['root']:
            node = np.full(len(condition), root)
            walking = rows[a['children_left'][node] >= 0]
            while len(walking):
                here = node[walking]
                left = condition[walking, a['feature'][here]] <= a['threshold'][here]
                node[walking] = np.where(left, a['children_left'][here], a['children_right'][here])
                walking = walking[a['children_left'][node[walking]] >= 0]
            total += a['value'][node]
        return total / len(a['root'])


def _plain(trees: list, size: int) -> dict[str, np.ndarray]:
    """Return the nodes of all trees in a row; children count from the first node of the first."""
    sizes = [tree.node_count for tree in trees]
    root = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    arrays = {name: np.concatenate([getattr(tree, name) for tree in trees]) for name in _PARTS}
    first = np.repeat(root, sizes)
    for name in ('children_left', 'children_right'):
        inner = arrays[name] >= 0
        arrays[name] = np.where(inner, arrays[name] + first, -1)
    values = np.concatenate([tree.value.reshape(-1, size) for tree in trees])
    return {**arrays, 'value': values.astype(np.float32), 'root': root}
