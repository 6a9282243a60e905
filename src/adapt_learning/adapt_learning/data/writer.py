"""Writing LeRobotDataset v3.0, safe against a kill at any moment."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from adapt_learning.data import lerobot_v3 as v3
from adapt_learning.data import videos as pictures
from adapt_learning.data.dataset import ContentHash, Dataset, check_episode
from adapt_learning.data.episode import Episode
from adapt_learning.data.files import (
    empty_folder,
    own_folder,
    publish_folder,
    write_atomically,
    write_json,
)
from adapt_learning.data.outputs import check_output, refuse_overwriting
from adapt_learning.data.reader import FolderIndex, load_dataset, read_columns
from adapt_learning.data.stats import NAMES, column_stats
from adapt_learning.data.videos import VideoSpan
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract


def save_dataset(folder: str | Path, dataset: Dataset,
                 videos: Sequence[Mapping[str, VideoSpan]] = ()) -> None:
    """
    Write a dataset; the folder appears at the end, whole, or not at all.

    `videos` are the pictures of every episode by key, where there are any; the files are copied.
    Refuses (DatasetError) a folder that is not empty and a dataset without episodes.
    """
    if not len(dataset):
        raise DatasetError('a dataset without episodes cannot be saved: collect some first')
    folder = check_output(folder)
    temporary = folder.with_name(f'.{folder.name}.writing')
    with own_folder(temporary):
        try:
            empty_folder(temporary)  # of a run that was killed
            writer = DatasetWriter(temporary, dataset.contract, dataset.meta)
            for episode, spans in zip(dataset, videos or [{}] * len(dataset), strict=True):
                writer.add(episode, spans)
            writer.finish()
            publish_folder(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


class DatasetWriter:
    """
    Writes episodes as they come; what was flushed survives a kill.

    Every flush writes one data file and one episodes file, then meta/info.json, which counts what
    is valid. `DatasetWriter.resume(folder)` goes on after a kill: files that info.json does not
    count yet are removed. `finish` adds the statistics and the hash.
    """

    def __init__(self, folder: str | Path, contract: Contract,
                 meta: Mapping[str, Any] | None = None, *,
                 chunks_size: int = v3.CHUNKS_SIZE, file_size_mb: int = v3.FILE_SIZE_MB):
        """Begin a dataset; DatasetError where the folder is not empty."""
        self.folder = Path(folder)
        refuse_overwriting(self.folder)
        self._begin(contract, dict(meta or {}), chunks_size, file_size_mb)
        self._write_adapt(None)

    @classmethod
    def resume(cls, folder: str | Path) -> 'DatasetWriter':
        """
        Go on with a dataset that was begun, whether finished or killed.

        Raises DatasetError where there is none or where what was flushed is damaged.
        """
        writer = cls.__new__(cls)
        writer.folder = Path(folder)
        index = FolderIndex.read(writer.folder, unfinished=True)
        if index.contract is None:
            raise DatasetError(f'{folder} was not written by this stack (no {v3.ADAPT}): it cannot '
                               'be continued; write a new folder instead')
        info = index.info
        writer._begin(index.contract, index.meta, info.get('chunks_size', v3.CHUNKS_SIZE),
                      info.get('data_files_size_in_mb', v3.FILE_SIZE_MB))
        writer.episodes, writer.frames = len(index.lengths), sum(index.lengths)
        writer._tasks = {task: i for i, task in enumerate(index.tasks)}
        writer._columns = info.get('features')
        places = [(*place, *place) for place in index.places] + index.episode_places
        if index.places:
            last = max((place[0], place[1]) for place in places)
            writer._file = last[0] * writer._chunks_size + last[1] + 1
        for key in v3.video_keys(writer._columns or {}):
            places = [(row[f'videos/{key}/chunk_index'], row[f'videos/{key}/file_index'])
                      for row in index.rows]
            writer._next_video[key] = max(
                (c * writer._chunks_size + f for c, f in places), default=-1) + 1
        index.remove_orphans()
        (writer.folder / v3.STATS).unlink(missing_ok=True)
        writer._write_adapt(None)
        return writer

    def add(self, episode: Episode, videos: Mapping[str, VideoSpan] | None = None) -> None:
        """
        Take an episode; it is on disk after the next flush.

        `videos` are its pictures by key (`observation.images.NAME`); the files are copied.
        """
        check_episode(episode, self._contract, f'episode {self.episodes + len(self._buffer)}')
        videos = dict(videos or {})
        columns = v3.features(self._contract, episode.extras) | {
            key: dict(videos[key].feature) for key in sorted(videos)}
        if self._columns is None:
            self._columns = columns
        elif self._columns != columns:
            odd = sorted(key for key in columns.keys() | self._columns.keys()
                         if columns.get(key) != self._columns.get(key))
            raise DatasetError('all episodes of a dataset have the same columns; this one differs '
                               f'in {odd}')
        self._buffer.append(episode)
        self._videos.append({key: pictures.row_of(key, span, *self._keep(key, span.file))
                             for key, span in videos.items()})
        self._buffered += sum(array.nbytes for array in episode.arrays.values()) + 48 * len(episode)
        if self._buffered >= self._file_size_mb * 2**20:
            self.flush()

    def flush(self) -> None:
        """Bring everything that was added to the disk."""
        if not self._buffer:
            return
        known = len(self._tasks)
        for episode in self._buffer:
            self._tasks.setdefault(episode.task, len(self._tasks))
        chunk, file = divmod(self._file, self._chunks_size)
        place = {'chunk_index': chunk, 'file_index': file}
        data = v3.data_table(self._columns, self._buffer, self.episodes, self.frames, self._tasks,
                             self._contract.rate_hz)
        self._write_table(v3.DATA_PATH.format(**place), data)
        self._write_table(v3.EPISODES_PATH.format(**place), self._episodes_table(data, chunk, file))
        if len(self._tasks) > known:
            self._write_table(v3.TASKS, v3.tasks_table(list(self._tasks)))
        self.episodes += len(self._buffer)
        self.frames += len(data)
        self._file += 1
        self._buffer, self._videos, self._buffered = [], [], 0
        write_json(self.folder / v3.INFO, v3.info(
            self._contract, self._columns, self.episodes, self.frames, len(self._tasks),
            self._chunks_size, self._file_size_mb))

    def finish(self) -> Dataset:
        """Flush, add statistics and hash, and return what was written."""
        self.seal()
        return load_dataset(self.folder, allow_not_finite=True)

    def seal(self, meta: Mapping[str, Any] | None = None) -> str:
        """
        Flush, add statistics and hash, and return the hash.

        Needs the memory of one column, so it serves for datasets of any size. `meta` replaces the
        lineage, for facts that are known at the end only.
        """
        self.flush()
        if not self.episodes:
            raise DatasetError('a dataset without episodes cannot be finished')
        index = FolderIndex.read(self.folder)
        stats = {key: _stats_of(index.column(key))
                 for key, feature in self._columns.items() if feature['dtype'] != 'video'}
        cameras = tuple(v3.video_keys(self._columns))
        write_json(self.folder / v3.STATS, stats | pictures.all_stats(index, cameras))
        digest = ContentHash(self._contract)
        for episode in index.episodes():
            digest.add(episode)
        self._meta = self._meta if meta is None else dict(meta)
        self._write_adapt(digest.text)
        return digest.text

    def _begin(self, contract: Contract, meta: dict, chunks_size: int, file_size_mb: int) -> None:
        self.episodes = 0
        """Episodes on disk."""
        self.frames = 0
        """Rows on disk."""
        self._contract, self._meta = contract, meta
        self._chunks_size, self._file_size_mb = chunks_size, file_size_mb
        self._columns: dict[str, dict] | None = None
        self._tasks: dict[str, int] = {}
        self._file = 0
        self._buffer: list[Episode] = []
        self._videos: list[dict[str, dict[str, Any]]] = []
        self._copied: dict[str, dict[Path, tuple[int, int]]] = {}
        self._next_video: dict[str, int] = {}
        self._buffered = 0

    def _keep(self, key: str, file: Path) -> tuple[int, int]:
        """Copy a video file, once, and return its (chunk, file)."""
        known = self._copied.setdefault(key, {})
        if file not in known:
            number = self._next_video.get(key, 0)
            self._next_video[key] = number + 1
            known[file] = divmod(number, self._chunks_size)
            place = {'chunk_index': known[file][0], 'file_index': known[file][1]}
            write_atomically(self.folder / v3.VIDEO_PATH.format(video_key=key, **place),
                             lambda temporary: shutil.copyfile(file, temporary))
        return known[file]

    def _write_adapt(self, content_hash: str | None) -> None:
        write_json(self.folder / v3.ADAPT, {
            'format': v3.FORMAT, 'hash': content_hash, 'contract_hash': self._contract.hash,
            'meta': self._meta, 'contract': self._contract.model_dump(mode='json')})

    def _write_table(self, name: str | Path, table: pa.Table) -> None:
        write_atomically(self.folder / name,
                         lambda temporary: pq.write_table(table, temporary, compression='snappy'))

    def _episodes_table(self, data: pa.Table, chunk: int, file: int) -> pa.Table:
        # All columns side by side: one call per episode instead of one per episode and column.
        columns = read_columns(data)
        widths = [column.reshape(len(data), -1).shape[1] for column in columns.values()]
        values = np.hstack([column.reshape(len(data), -1) for column in columns.values()],
                           dtype=np.float64)
        rows, start = [], 0
        for number, episode in enumerate(self._buffer):
            row = {
                'episode_index': self.episodes + number, 'tasks': [episode.task],
                'length': len(episode), 'data/chunk_index': chunk, 'data/file_index': file,
                'dataset_from_index': self.frames + start,
                'dataset_to_index': self.frames + start + len(episode),
                v3.SUCCESS: episode.success, v3.SEED: episode.seed,
                v3.NOISE_LEVEL: episode.noise_level,
                'meta/episodes/chunk_index': chunk, 'meta/episodes/file_index': file,
            }
            for name, numbers in column_stats(values[start:start + len(episode)]).items():
                parts = ([numbers] * len(columns) if name == 'count' else
                         np.split(numbers, np.cumsum(widths)[:-1]))
                row |= {f'stats/{key}/{name}': part.tolist()
                        for key, part in zip(columns, parts, strict=True)}
            for values_of_video in self._videos[number].values():
                row |= values_of_video
            rows.append(row)
            start += len(episode)
        schema = v3.episodes_schema(self._columns, NAMES)
        for key in v3.video_keys(self._columns):
            for name, kind in pictures.columns_of(key):
                schema = schema.append(pa.field(name, kind))
        return pa.Table.from_pylist(rows, schema=schema)


def _stats_of(column: np.ndarray) -> dict[str, list]:
    """Return the statistics of [N] or [N, k] for JSON; one element at a time, to save memory."""
    parts = [column_stats(part) for part in column.reshape(len(column), -1).T]
    return {name: parts[0][name].tolist() if name == 'count' else
            np.concatenate([part[name] for part in parts]).tolist() for name in NAMES}
