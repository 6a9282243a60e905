"""
LeRobotDataset v3.0 folders that others wrote, or that shall leave without our files.

Our own form is v3.0 already (`data.lerobot_v3`). Foreign folders differ in rate, names, number
types, in how episodes are spread over files, and in having cameras.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data import DatasetFolder, DatasetWriter
from adapt_learning.data import lerobot_v3 as v3
from adapt_learning.data.reader import FolderIndex, success_of, task_of, time_of
from adapt_learning.data.videos import spans_of
from adapt_learning.errors import DatasetError
from adapt_learning.formats.base import Demonstration, Format, ReadOptions, Source

_PREFIX = 'observation.'


class LeRobot(Format):
    """LeRobotDataset v3.0 folders."""

    title = 'LeRobot v3.0'
    cannot_hold = ()

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether there is a meta/info.json."""
        return (path / v3.INFO).is_file()

    @classmethod
    @contextmanager
    def open(cls, paths: Sequence[Path], options: ReadOptions) -> Iterator[Source]:
        """Open one folder; other versions than v3.0 are refused."""
        if len(paths) != 1:
            raise DatasetError('a LeRobot dataset is one folder; got '
                               f'{", ".join(map(str, paths))}: import one after the other')
        yield _Folder(paths[0], options)

    @classmethod
    def write(cls, dataset: DatasetFolder, target: Path) -> None:
        """Write one folder, with its pictures."""
        writer = DatasetWriter(target, dataset.contract, dataset.meta)
        videos = spans_of(dataset.index)
        for number, episode in enumerate(dataset):
            writer.add(episode, videos(number))
        writer.seal()


class _Folder(Source):
    def __init__(self, path: Path, options: ReadOptions):
        super().__init__()
        self.name, self._index = path.absolute().name, FolderIndex.read(path)
        index = self._index
        self.contract, self.meta, self.count = index.contract, index.meta, len(index.rows)
        rate = index.info.get('fps')
        self.rate_hz = float(rate) if isinstance(rate, int | float) and rate > 0 else None
        features = index.info.get('features', {})
        columns = {key: feature for key, feature in features.items()
                   if feature.get('dtype') not in ('video', 'image', 'string', 'language')
                   and len(feature.get('shape', ())) == 1}
        self._observation = {key.removeprefix(_PREFIX): key for key in columns
                             if key.startswith(_PREFIX)}
        self._action = {key: key for key in columns
                        if key == v3.ACTION or key.startswith(f'{v3.ACTION}.')}
        if self.contract is not None:  # ours: whatever else there is stands beside the two vectors
            self._observation, self._action = {'state': v3.STATE}, {v3.ACTION: v3.ACTION}
        self.observation = {name: columns[key]['shape'][0]
                            for name, key in self._observation.items()}
        self.action = {name: columns[key]['shape'][0] for name, key in self._action.items()}
        self.labels = {name: _names(columns[key].get('names'))
                       for name, key in (self._observation | self._action).items()}
        cameras = v3.video_keys(features)
        images = [key for key, feature in features.items() if feature.get('dtype') == 'image']
        self._videos = spans_of(index) if cameras and options.videos else lambda number: {}
        if cameras and not options.videos:
            self.notes.append(f'pictures are left out: {cameras}')
        if images:
            self.notes.append(f'pictures inside of the table are left out: {images}')
        self._known = {*v3.RESERVED, *self._observation.values(), *self._action.values()}

    def demonstrations(self) -> Iterator[Demonstration]:
        index = self._index
        for number, (columns, row) in enumerate(zip(index.columns(), index.rows, strict=True)):
            yield Demonstration(
                observation={n: columns[key] for n, key in self._observation.items()
                             if key in columns},
                action={n: columns[key] for n, key in self._action.items() if key in columns},
                timestamp_s=_from_zero(time_of(columns, index.info), index),
                reward=columns.get('next.reward', np.zeros(row['length'])).reshape(-1),
                success=success_of(columns, row), seed=row.get(v3.SEED),
                noise_level=row.get(v3.NOISE_LEVEL), task=task_of(columns, index.tasks),
                extras={key: array for key, array in columns.items()
                        if key not in self._known and '/' not in key},
                videos=self._videos(number), name=f'{number}')


def _from_zero(time_s: np.ndarray, index: FolderIndex) -> np.ndarray:
    """Others count from the start of the recording, or by a clock; ours stay as they are."""
    return time_s if index.contract is not None else time_s - time_s[0]


def _names(names: Any) -> tuple[str, ...]:
    """Return the names of the elements; some write {'motors': [...]}."""
    if isinstance(names, dict) and len(names) == 1:
        names = next(iter(names.values()))
    return tuple(map(str, names)) if isinstance(names, list) else ()
