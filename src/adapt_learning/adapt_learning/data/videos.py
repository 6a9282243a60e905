"""
Pictures of cameras in a dataset: mp4 files as LeRobot v3.0 wants them.

One feature of dtype `video` per camera, the columns `videos/KEY/*` of the episodes table that say
which part of which file belongs to an episode, and statistics of the channels. Nothing here
decodes: files are made by whoever has the pictures (adapt_ros) or copied.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from adapt_learning.data.lerobot_v3 import video_keys
from adapt_learning.data.stats import QUANTILES
from adapt_learning.errors import DatasetError

if TYPE_CHECKING:
    from adapt_learning.data.reader import FolderIndex

Stats = Mapping[str, Any]
"""min, max, mean, std, quantiles: [3, 1, 1] of values in 0..1; count [1]."""
_NUMBERS = ('min', 'max', 'mean', 'std', *QUANTILES)


@dataclass(frozen=True)
class VideoSpan:
    """The pictures of one camera in one episode: picture t belongs to row t."""

    file: Path
    """An mp4 file; it may hold several episodes one after the other."""
    from_s: float
    """Where the episode begins in the file [s]."""
    to_s: float
    feature: Mapping[str, Any]
    """Its feature of meta/info.json: dtype `video`, shape, names, info."""
    stats: Stats


def key_of(camera: str) -> str:
    """Return the column of a camera."""
    return f'observation.images.{camera}'


def feature(height: int, width: int, fps: float, codec: str, pix_fmt: str) -> dict[str, Any]:
    """Return the feature of a camera."""
    return {
        'dtype': 'video', 'shape': [height, width, 3], 'names': ['height', 'width', 'channels'],
        'info': {'video.height': height, 'video.width': width, 'video.codec': codec,
                 'video.pix_fmt': pix_fmt, 'video.fps': int(fps) if fps == int(fps) else fps,
                 'video.channels': 3, 'is_depth_map': False, 'has_audio': False}}


def picture_stats(pictures: Iterable[np.ndarray]) -> Stats:
    """Return the statistics of some pictures, uint8 [H, W, 3] each."""
    values = np.concatenate([p.reshape(-1, 3) for p in pictures]) / 255.0
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=0)
    rows = {'min': values.min(0), 'max': values.max(0), 'mean': values.mean(0),
            'std': values.std(0), **dict(zip(QUANTILES, quantiles, strict=True))}
    return {name: row.reshape(3, 1, 1).tolist() for name, row in rows.items()} | {
        'count': [len(values)]}


def all_stats(index: 'FolderIndex', keys: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return the statistics of all episodes out of those of each; quantiles are weighted means."""
    if not keys:
        return {}
    episodes = index.stats(keys)
    return {key: _together([episode[key] for episode in episodes]) for key in keys}


def _together(stats: list[Stats]) -> dict[str, Any]:
    # Others may have left some out.
    names = [n for n in _NUMBERS if all(part.get(n) is not None for part in stats)]
    if not {'mean', 'std', 'min', 'max'} <= set(names) or not all(p.get('count') for p in stats):
        return {}
    counts = np.array([part['count'][0] for part in stats], dtype=np.float64)
    weights = (counts / counts.sum())[:, None, None, None]
    parts = {name: np.array([part[name] for part in stats]) for name in names}
    mean = (weights * parts['mean']).sum(0)
    square = (weights * (parts['std'] ** 2 + parts['mean'] ** 2)).sum(0)
    rows = {'min': parts['min'].min(0), 'max': parts['max'].max(0), 'mean': mean,
            'std': np.sqrt(np.maximum(square - mean**2, 0.0)),
            **{name: (weights * parts[name]).sum(0) for name in QUANTILES
               if name in names}}
    return {name: row.tolist() for name, row in rows.items()} | {'count': [int(counts.sum())]}


def columns_of(key: str) -> list[tuple[str, pa.DataType]]:
    """Return the columns of a camera in the episodes table."""
    nested = pa.list_(pa.list_(pa.list_(pa.float64())))
    return [(f'videos/{key}/chunk_index', pa.int64()), (f'videos/{key}/file_index', pa.int64()),
            (f'videos/{key}/from_timestamp', pa.float64()),
            (f'videos/{key}/to_timestamp', pa.float64()),
            *((f'stats/{key}/{name}', nested) for name in _NUMBERS),
            (f'stats/{key}/count', pa.list_(pa.int64()))]


def row_of(key: str, span: VideoSpan, chunk: int, file: int) -> dict[str, Any]:
    """Return the values of `columns_of`."""
    return {f'videos/{key}/chunk_index': chunk, f'videos/{key}/file_index': file,
            f'videos/{key}/from_timestamp': span.from_s, f'videos/{key}/to_timestamp': span.to_s,
            **{f'stats/{key}/{name}': span.stats.get(name) for name in (*_NUMBERS, 'count')}}


def spans_of(index: 'FolderIndex') -> Callable[[int], dict[str, VideoSpan]]:
    """
    Return a function number of an episode -> its pictures by key.

    Raises DatasetError for a file that is missing.
    """
    columns = index.info.get('features', {})
    features = {key: columns[key] for key in video_keys(columns)}
    stats = index.stats(tuple(features)) if features else []

    def spans(number: int) -> dict[str, VideoSpan]:
        row, found = index.rows[number], {}
        for key, value in features.items():
            place = {name: row.get(f'videos/{key}/{name}') for name in (
                'chunk_index', 'file_index', 'from_timestamp', 'to_timestamp')}
            if None in place.values():
                raise DatasetError(f'{index.folder}: the episodes table does not say where the '
                                   f'pictures {key} of episode {number} are; import without them '
                                   '(--no-videos)')
            file = index.video_file(key, (place['chunk_index'], place['file_index']))
            if not file.is_file():
                raise DatasetError(f'{file} is missing; restore it from a copy, or import without '
                                   'pictures (--no-videos)')
            found[key] = VideoSpan(file, place['from_timestamp'], place['to_timestamp'], value,
                                   stats[number][key])
        return found
    return spans


def take_over(index: 'FolderIndex', lengths: Sequence[int],
              sources: Sequence[int] | None = None) -> tuple[list[dict[str, VideoSpan]], str]:
    """
    Return the pictures of a dataset that was derived from a folder, and a note for people.

    `lengths` are the numbers of rows of the derived episodes, `sources` the episodes of the folder
    that they come from (default: all, in order). The list is empty where there are no pictures or
    where they cannot be taken over; the note then says why. Picture t belongs to row t, so an
    episode that lost rows has lost its pictures, and LeRobot wants them for all episodes or none.
    """
    cameras = video_keys(index.info.get('features') or {})
    if not cameras:
        return [], ''
    sources = range(len(index.rows)) if sources is None else sources
    shorter = sum(length != index.lengths[source]
                  for length, source in zip(lengths, sources, strict=True))
    why = f'{shorter} of {len(lengths)} episodes lost rows' if shorter else ''
    if not why:
        try:
            spans = spans_of(index)
            return [spans(source) for source in sources], ''
        except DatasetError as error:
            why = str(error)
    return [], (f'pictures are not taken over ({", ".join(cameras)}): {why}; they stay in '
                f'{index.folder}')
