"""What a restoration changed: rows of the output beside the rows of the input they came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from adapt_learning.data import Dataset, Episode
from adapt_learning.data.dataset import NO_LEVEL, SOURCE_EPISODE, SOURCE_ROW
from adapt_learning.data.quality import QualityConfig
from adapt_learning.data.quality.rows import Rows, spread
from adapt_learning.data.quality.suspects import Suspects
from adapt_learning.errors import DatasetError, SettingError

SIDES = ('state', 'action')


def is_restored(dataset: Dataset) -> bool:
    """Return whether a dataset says from which rows of another it was restored."""
    return 'restoration' in dataset.meta and all(
        {SOURCE_EPISODE, SOURCE_ROW} <= set(episode.extras) for episode in dataset)


def check_source(after: Dataset, before: Dataset) -> None:
    """Raise DatasetError where `after` was not restored from `before`."""
    if not is_restored(after):
        raise DatasetError('before and after needs a restored dataset; this one has no '
                           f"lineage ('restoration' in its meta, column {SOURCE_ROW}): make it "
                           'with `adapt restore`')
    source = after.meta['restoration'].get('source', {})
    if source.get('hash') not in (None, before.hash):
        raise DatasetError(f'the dataset was restored from content {source["hash"]} '
                           f'({source.get("name", "?")}), the one given as before has '
                           f'{before.hash}: give the right folder')
    lengths = [len(episode) for episode in before]
    for number, episode in enumerate(after):
        source_episode = episode.extras[SOURCE_EPISODE]
        if (not 0 <= source_episode.min() <= source_episode.max() < len(lengths)
                or episode.extras[SOURCE_ROW].max() >= lengths[source_episode[0]]):
            raise DatasetError(f'episode {number} points to rows that the dataset given as before '
                               'does not have: give the right folder')


def column(episode: Episode, name: str, default: float = 0) -> np.ndarray:
    """Return an extra column of an episode [T]; where it is missing, the default."""
    return episode.extras.get(name, np.full(len(episode), default))


@dataclass(frozen=True, eq=False)
class Edits:
    """A restoration as arrays over the rows of its output [M] and of its input [N]."""

    before: Dataset
    after: Dataset

    def __post_init__(self):
        check_source(self.after, self.before)

    @cached_property
    def source(self) -> np.ndarray:
        """Return the row of the input of each row of the output, int64 [M]."""
        start = np.concatenate([[0], np.cumsum([len(e) for e in self.before])])
        parts = [start[e.extras[SOURCE_EPISODE]] + e.extras[SOURCE_ROW] for e in self.after]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    @cached_property
    def dropped(self) -> np.ndarray:
        """Return which rows of the input are missing in the output, bool [N]."""
        missing = np.ones(self.before.steps, dtype=bool)
        missing[self.source] = False
        return missing

    @cached_property
    def before_episode(self) -> np.ndarray:
        """Return the episode of each row of the input, int64 [N]."""
        return np.repeat(np.arange(len(self.before)), [len(e) for e in self.before])

    def flag(self, side: str, word: str) -> np.ndarray:
        """Return the column `adapt.<side>_<word>` of the output as bool [M]."""
        return self.values(f'adapt.{side}_{word}').astype(bool)

    def values(self, name: str, default: float = 0) -> np.ndarray:
        """Return an extra column of the output [M]."""
        parts = [column(e, name, default) for e in self.after]
        return np.concatenate(parts) if parts else np.zeros(0)

    def change(self, side: str) -> np.ndarray:
        """Return by how much each value was changed, in std of the input, float64 [M, D]."""
        index = SIDES.index(side)
        old, new = self.before.pairs()[index], self.after.pairs()[index]
        std = spread(np.nan_to_num(old))
        return (new.astype(np.float64) - old[self.source]) / np.where(std > 0, std, 1.0)


@dataclass(frozen=True, eq=False)
class EpisodeView:
    """One episode, and where it was restored, its source."""

    contract: Any
    number: int
    episode: Episode
    restored: bool
    suspected: Mapping[str, np.ndarray]
    """Side -> bool [T]."""
    edited: Mapping[str, np.ndarray]
    """Side -> bool [T]."""
    level: Mapping[str, np.ndarray]
    """Side -> t*, int [T]; -1 where none."""
    source: Episode | None = None
    """The episode before the restoration."""
    source_number: int | None = None

    @property
    def title(self) -> str:
        """Return what is shown, in a few words."""
        source = ('' if self.source_number is None or self.source_number == self.number
                  else f' (episode {self.source_number} of the source)')
        return f'episode {self.number}{source}, {len(self.episode)} rows'

    @property
    def dropped(self) -> int | None:
        """Return how many rows of the source are missing; None where the source is not given."""
        return None if self.source is None else len(self.source) - len(self.episode)

    @property
    def sentence(self) -> str:
        """Return what was found or changed."""
        if not self.restored:
            counts = [int(self.suspected[side].sum()) for side in SIDES]
            return (f'{counts[0]} states and {counts[1]} actions of {len(self.episode)} do not '
                    'fit their neighbours in time.')
        counts = [int(self.edited[side].sum()) for side in SIDES]
        gone = '' if self.dropped is None else f'; {self.dropped} rows were dropped'
        return (f'{counts[0]} states and {counts[1]} actions of {len(self.episode)} rows were '
                f'restored{gone}.')

    @cached_property
    def change(self) -> dict[str, np.ndarray]:
        """Return side -> changes in the units of the data, float64 [T, D]; 0 without a source."""
        parts = {'state': 'observation', 'action': 'action'}
        if self.source is None:
            return {side: np.zeros_like(getattr(self.episode, part), dtype=np.float64)
                    for side, part in parts.items()}
        rows = self.episode.extras[SOURCE_ROW]
        return {side: getattr(self.episode, part).astype(np.float64)
                - getattr(self.source, part)[rows] for side, part in parts.items()}

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return the headings, and one line per row that is suspected or edited."""
        heads, lines = ('row', 'time [s]', *SIDES), []
        if self.source is not None:
            heads += tuple(f'largest change of the {side}' for side in SIDES)
        for row in range(len(self.episode)):
            if not any(self.suspected[s][row] or self.edited[s][row] for s in SIDES):
                continue
            own = int(self.episode.extras[SOURCE_ROW][row]) if self.restored else row
            lines.append((str(own), f'{self.episode.timestamp_s[row]:.3f}',
                          *(self._words(side, row) for side in SIDES),
                          *(self._largest(side, row) for side in SIDES))[:len(heads)])
        return heads, lines

    def as_dict(self) -> dict[str, Any]:
        """Return the machine-readable form."""
        return {'episode': self.number, 'source_episode': self.source_number,
                'rows': len(self.episode), 'dropped': self.dropped, 'restored': self.restored,
                **{f'{side}_{name}': np.flatnonzero(marks[side]).tolist() for side in SIDES
                   for name, marks in (('suspected', self.suspected), ('edited', self.edited))}}

    def _words(self, side: str, row: int) -> str:
        if self.edited[side][row]:
            level = int(self.level[side][row])
            return 'restored' + (f' from level {level}' if level != NO_LEVEL else '')
        if self.suspected[side][row]:
            return 'suspected, kept' if self.restored else 'suspected'
        return '-'

    def _largest(self, side: str, row: int) -> str:
        if self.source is None or not self.edited[side][row]:
            return '-'
        spec = (self.contract.observation_spec if side == 'state' else self.contract.action_spec)
        index = int(np.abs(self.change[side][row]).argmax())
        return f'{spec.labels[index]} {self.change[side][row][index]:+.3g}'


def episode_view(dataset: Dataset, number: int, before: Dataset | None = None) -> EpisodeView:
    """
    Gather what is known of one episode.

    Of a restored dataset the marks come from its columns, of any other from `quality`. Raises
    SettingError where there is no such episode, DatasetError where `before` is not its source.
    """
    if not 0 <= number < len(dataset):
        raise SettingError(f'there is no episode {number}; allowed: 0..{len(dataset) - 1}')
    if before is not None:
        check_source(dataset, before)
    episode = dataset.episodes[number]
    if not is_restored(dataset):
        marks = _suspected(dataset, number)
        nothing = np.zeros(len(episode), dtype=bool)
        return EpisodeView(dataset.contract, number, episode, False, marks,
                           dict.fromkeys(SIDES, nothing),
                           dict.fromkeys(SIDES, np.full(len(episode), NO_LEVEL)))
    source_number = int(episode.extras[SOURCE_EPISODE][0])
    return EpisodeView(
        dataset.contract, number, episode, True,
        {s: column(episode, f'adapt.{s}_suspected').astype(bool) for s in SIDES},
        {s: column(episode, f'adapt.{s}_edited').astype(bool) for s in SIDES},
        {s: column(episode, f'adapt.{s}_level', NO_LEVEL).astype(int) for s in SIDES},
        None if before is None else before.episodes[source_number], source_number)


def _suspected(dataset: Dataset, number: int) -> dict[str, np.ndarray]:
    config = QualityConfig()
    rows = Rows.of(dataset, config.absurd)
    states = Suspects.of(rows.observation, rows.observation_std, rows, config)
    actions = Suspects.of(rows.action, rows.action_std, rows, config)
    own = slice(int(rows.start[number]), int(rows.start[number + 1]))
    return {side: (suspects.rows | absurd)[own] for side, suspects, absurd in zip(
        SIDES, (states, actions), rows.absurd, strict=True)}
