"""From judged and restored values to a dataset that says where every row comes from."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adapt_learning.data.dataset import SOURCE_EPISODE, SOURCE_ROW, Dataset


@dataclass(frozen=True)
class SideOutcome:
    """What became of one side of all pairs of the input, rows in their order [N]."""

    values: np.ndarray
    """float32 [N, D], in the units of the data; the input's own where nothing was edited."""
    score: np.ndarray
    """The filter's score, float32."""
    suspected: np.ndarray
    """bool."""
    edited: np.ndarray
    """bool."""
    level: np.ndarray
    """t*, int16; -1 where none was predicted."""

    def columns(self, side: str) -> dict[str, np.ndarray]:
        """Return the extra columns of a restored dataset."""
        return {f'adapt.{side}_suspected': self.suspected, f'adapt.{side}_edited': self.edited,
                f'adapt.{side}_level': self.level.astype(np.int16),
                f'adapt.{side}_score': self.score.astype(np.float32)}


def derive(dataset: Dataset, state: SideOutcome, action: SideOutcome, kept: np.ndarray,
           meta: dict[str, Any]) -> Dataset:
    """
    Return the restored dataset: rows with `kept` bool [N], their times and extras as they were.

    Episodes that lose all rows are left out; `adapt.source_episode` and `adapt.source_row` tell
    where a row was. A dataset without a single row left has no episodes.
    """
    columns = {**state.columns('state'), **action.columns('action')}
    episodes, first = [], 0
    for number, episode in enumerate(dataset):
        rows = np.flatnonzero(kept[first:first + len(episode)])
        all_rows, first = rows + first, first + len(episode)
        if not len(rows):
            continue
        extras = {name: array[rows] for name, array in episode.extras.items()}
        extras |= {name: array[all_rows] for name, array in columns.items()}
        extras |= {SOURCE_EPISODE: np.full(len(rows), number, np.int64),
                   SOURCE_ROW: rows.astype(np.int64)}
        episodes.append(replace(
            episode, observation=state.values[all_rows], action=action.values[all_rows],
            timestamp_s=episode.timestamp_s[rows], reward=episode.reward[rows], extras=extras))
    return Dataset(tuple(episodes), dataset.contract, {**dataset.meta, 'restoration': meta})
