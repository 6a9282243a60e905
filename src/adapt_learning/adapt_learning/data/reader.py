"""Reading LeRobotDataset v3.0; every damage is one clear DatasetError."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from adapt_learning.data import lerobot_v3 as v3
from adapt_learning.data.dataset import Dataset
from adapt_learning.data.episode import Episode
from adapt_learning.data.meta_files import (
    MEND,
    read_adapt,
    read_info,
    read_rows,
    read_table,
    read_tasks,
    require_kind,
)
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract


def load_dataset(folder: str | Path, *, contract: Contract | None = None,
                 allow_not_finite: bool = False) -> Dataset:
    """
    Read a dataset completely and check it.

    `contract` is for folders that another program wrote: it says what the columns mean. Raises
    DatasetError naming the file, what is wrong and what to do; NaN and infinity are such errors
    too, unless they are allowed (for reports, restoration).
    """
    folder = Path(folder)
    index = FolderIndex.read(folder)
    contract = contract or index.contract
    if contract is None:
        raise DatasetError(f'{folder} has no {v3.ADAPT}, which says by which contract it was '
                           'recorded: give the contract')
    episodes = tuple(index.episodes())
    try:
        dataset = Dataset(episodes, contract, index.meta)
    except DatasetError as error:
        raise DatasetError(f'{folder}: {error}') from error
    if index.contract == contract and index.hash not in (None, dataset.hash):
        raise DatasetError(f'{folder}: the content has the hash {dataset.hash}, but {v3.ADAPT} '
                           f'says {index.hash}: a file was changed or damaged after it was '
                           f'written; {MEND}')
    problems = () if allow_not_finite else dataset.not_finite()
    if problems:
        more = f'\n  and {len(problems) - 10} more' if len(problems) > 10 else ''
        raise DatasetError(f'{folder} holds NaN or infinity in {len(problems)} places; leave these '
                           'episodes out or restore them (see `adapt data report`):\n  '
                           + '\n  '.join(problems[:10]) + more)
    return dataset


@dataclass(frozen=True)
class FolderIndex:
    """What the meta folder says: where every episode lies."""

    folder: Path
    info: dict[str, Any]
    tasks: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    """One row of the episodes table per episode, in order, without the statistics."""
    contract: Contract | None
    meta: dict[str, Any]
    hash: str | None

    @classmethod
    def read(cls, folder: Path, unfinished: bool = False) -> 'FolderIndex':
        """Read and check the meta folder; `unfinished` allows a dataset that was only begun."""
        if not (folder / v3.INFO).is_file():
            if unfinished and (folder / v3.ADAPT).is_file():
                return cls(folder, {}, (), (), *read_adapt(folder))
            raise DatasetError(f'{folder} is not a dataset: there is no {v3.INFO}; `adapt data '
                               'import` makes one of recordings (bags), `adapt collect` a new one'
                               )
        info = read_info(folder)
        rows = read_rows(folder, info)
        return cls(folder, info, read_tasks(folder), rows, *read_adapt(folder))

    @property
    def lengths(self) -> list[int]:
        """Return the number of rows of every episode."""
        return [row['length'] for row in self.rows]

    @property
    def places(self) -> list[tuple[int, int]]:
        """Return (chunk, file) of the data of every episode."""
        return [(row['data/chunk_index'], row['data/file_index']) for row in self.rows]

    @property
    def episode_places(self) -> list[tuple[int, int]]:
        """Return (chunk, file) of the row of every episode."""
        return [(row['meta/episodes/chunk_index'], row['meta/episodes/file_index'])
                for row in self.rows]

    def data_file(self, place: tuple[int, int]) -> Path:
        """Return the data file of a (chunk, file)."""
        return self._file('data_path', v3.DATA_PATH, *place)

    def video_file(self, key: str, place: tuple[int, int]) -> Path:
        """Return the video file of a camera of a (chunk, file)."""
        return self._file('video_path', v3.VIDEO_PATH, *place, key)

    def _file(self, name: str, default: str, chunk: int, file: int, key: str = '') -> Path:
        pattern = self.info.get(name) or default  # `read_info` has looked at it
        path = Path(pattern.format(chunk_index=chunk, file_index=file, video_key=key))
        if path.is_absolute() or '..' in path.parts:
            raise DatasetError(f'{self.folder / v3.INFO}: {name} {pattern!r} with the camera '
                               f'{key!r} leaves the folder; such a dataset is not read')
        return self.folder / path

    def columns(self) -> Iterator[dict[str, np.ndarray]]:
        """Yield the number columns of every episode, [T] or [T, k]; each file is read once."""
        for place, group in groupby(range(len(self.rows)), self.places.__getitem__):
            numbers = list(group)
            path = self.data_file(place)
            table = read_table(path)
            _check_columns(path, table, self.info, self.contract is not None)
            try:
                columns = read_columns(table)
            except DatasetError as error:
                raise DatasetError(f'{path}: {error}') from error
            start = 0
            for number in numbers:
                end = start + self.rows[number]['length']
                part = {key: column[start:end] for key, column in columns.items()}
                _check_rows(path, part, number, self.rows[number])
                yield part
                start = end
            if start != len(table):
                raise DatasetError(f'{path}: {len(table)} rows, but the episodes table points to '
                                   f'{start} of them; {MEND}')

    def column(self, key: str) -> np.ndarray:
        """Return one number column of all episodes, [N] or [N, k]."""
        tables = [read_table(self.data_file(place), [key]) for place in dict.fromkeys(self.places)]
        return np.concatenate([_numpy(key, table[key]) for table in tables])

    def stats(self, keys: tuple[str, ...]) -> list[dict[str, dict[str, Any]]]:
        """Return the statistics of some columns, per episode, out of the episodes table."""
        found: list[dict[str, dict[str, Any]]] = []
        for chunk, file in dict.fromkeys(self.episode_places):
            table = read_table(self.folder / v3.EPISODES_PATH.format(
                chunk_index=chunk, file_index=file))
            names = [n for n in table.column_names
                     if n.startswith('stats/') and n.split('/')[1] in keys]
            for row in table.select(names).to_pylist():
                found.append({key: {} for key in keys})
                for name, value in row.items():
                    _, key, stat = name.split('/', 2)
                    found[-1][key][stat] = value
        return found

    def episodes(self) -> Iterator[Episode]:
        """Yield the episodes; one data file is in memory at a time."""
        for number, (columns, row) in enumerate(zip(self.columns(), self.rows, strict=True)):
            try:
                yield _episode(columns, row, self.tasks, self.info)
            except DatasetError as error:
                path = self.data_file(self.places[number])
                raise DatasetError(f'{path}: episode {number}: {error}') from error

    def remove_orphans(self) -> None:
        """Remove files that info.json does not count: they were written just before a kill."""
        kept = {self.folder / v3.EPISODES_PATH.format(chunk_index=chunk, file_index=file)
                for chunk, file in self.episode_places}
        kept |= {self.data_file(place) for place in set(self.places)}
        kept |= {self.folder / v3.VIDEO_PATH.format(
            video_key=key, chunk_index=row[f'videos/{key}/chunk_index'],
            file_index=row[f'videos/{key}/file_index'])
            for key in v3.video_keys(self.info.get('features') or {}) for row in self.rows}
        for top in ('data/*/*.parquet', 'meta/episodes/*/*.parquet', 'videos/*/*/*.mp4'):
            for path in self.folder.glob(top):
                if path not in kept:
                    path.unlink()
        for path in self.folder.rglob('.*.tmp'):
            path.unlink()


def read_columns(table: pa.Table) -> dict[str, np.ndarray]:
    """Return all number columns [N] or [N, k] of a table."""
    return {name: _numpy(name, table[name]) for name in table.column_names
            if _holds_numbers(table[name].type)}


def _episode(columns: dict[str, np.ndarray], row: dict[str, Any],
             tasks: tuple[str, ...], info: dict[str, Any]) -> Episode:
    size = row['length']
    if missing := sorted({v3.STATE, v3.ACTION} - columns.keys()):
        raise DatasetError(f'the columns {missing} are missing; bring the data in with `adapt data '
                           'import`, which maps other names')
    return Episode(
        observation=columns[v3.STATE].reshape(size, -1),
        action=columns[v3.ACTION].reshape(size, -1),
        timestamp_s=time_of(columns, info), reward=columns.get('next.reward', np.zeros(size)),
        success=success_of(columns, row), seed=row.get(v3.SEED),
        noise_level=row.get(v3.NOISE_LEVEL), task=task_of(columns, tasks),
        extras={key: value for key, value in columns.items() if key not in v3.RESERVED})


def time_of(columns: dict[str, np.ndarray], info: dict[str, Any]) -> np.ndarray:
    """Return the time of the rows of an episode [s]."""
    if v3.TIME_NS in columns:
        return columns[v3.TIME_NS] / 1e9
    stored, rate = columns['timestamp'].astype(np.float64), info.get('fps')
    if isinstance(rate, int | float) and rate > 0:
        # `timestamp` is float32: where it means the grid of the rate, that is the exact time.
        grid = np.arange(len(stored)) / rate
        if np.abs(stored - grid).max(initial=0.0) < v3.TOLERANCE_S:
            return grid
    return stored


def success_of(columns: dict[str, np.ndarray], row: dict[str, Any]) -> bool | None:
    """Return how an episode ended; None where nobody said."""
    if v3.SUCCESS not in row and 'next.success' in columns:
        return bool(columns['next.success'].any())
    return row.get(v3.SUCCESS)


def task_of(columns: dict[str, np.ndarray], tasks: tuple[str, ...]) -> str:
    """Return what was to be done in an episode."""
    number = int(columns['task_index'][0])
    if not 0 <= number < len(tasks):
        raise DatasetError(f'task_index {number} is not in {v3.TASKS} ({len(tasks)} tasks)')
    return tasks[number]


def _check_columns(path: Path, table: pa.Table, info: dict[str, Any], ours: bool) -> None:
    counters = ('frame_index', 'episode_index', 'index', 'task_index')
    needed = {'timestamp', *counters} | ({v3.STATE, v3.ACTION} if ours else set())
    missing = sorted(needed - set(table.column_names))
    if missing:
        raise DatasetError(f'{path}: the columns {missing} are missing; {MEND}')
    for name in counters:
        require_kind(path, table, name, 'whole numbers')
    require_kind(path, table, 'timestamp', 'numbers')
    if v3.TIME_NS in table.column_names:
        require_kind(path, table, v3.TIME_NS, 'whole numbers')
    for key in {v3.STATE, v3.ACTION} & set(table.column_names):
        kind = table[key].type
        if not _is_number(kind.value_type if _is_list(kind) else kind):
            raise DatasetError(f'{path}: the column {key} holds numbers, or lists of them; got '
                               f'{kind}; {MEND}')
        size = kind.list_size if pa.types.is_fixed_size_list(kind) else None
        feature = info['features'].get(key)
        if size is not None and feature is not None and feature['shape'] != [size]:
            raise DatasetError(f'{path}: {key} has {size} elements, but {v3.INFO} says '
                               f'{feature["shape"]}; {MEND}')


def _check_rows(path: Path, columns: dict[str, np.ndarray], number: int,
                row: dict[str, Any]) -> None:
    there = len(columns['index'])
    if there != row['length']:
        raise DatasetError(f'{path}: episode {number} has {row["length"]} rows by the episodes '
                           f'table, only {there} are there; {MEND}')
    wanted = {'episode_index': np.full(there, number), 'frame_index': np.arange(there),
              'index': np.arange(row['dataset_from_index'], row['dataset_to_index'])}
    for name, values in wanted.items():
        if not np.array_equal(columns[name], values):
            raise DatasetError(f'{path}: {name} of episode {number} is not {values[0]}..'
                               f'{values[-1]} as the episodes table says; {MEND}')


def _is_list(kind: pa.DataType) -> bool:
    return (pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind)
            or pa.types.is_large_list(kind))


def _is_number(kind: pa.DataType) -> bool:
    return (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _holds_numbers(kind: pa.DataType) -> bool:
    return _holds_numbers(kind.value_type) if _is_list(kind) else _is_number(kind)


def _numpy(name: str, column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of numbers as [N] or [N, k]."""
    array = column.combine_chunks()
    if not len(array):
        return np.zeros(0)
    values = array.flatten() if _is_list(array.type) else array
    empty = array.null_count or values.null_count
    if empty:
        raise DatasetError(f'the number column {name} has {empty} empty cells; {MEND}')
    if values is array:
        return array.to_numpy(zero_copy_only=False)
    if _is_list(values.type):
        raise DatasetError(f'the column {name} holds lists of lists; a number column holds numbers '
                           f'or lists of them; {MEND}')
    sizes = np.unique(pc.list_value_length(array).to_numpy(zero_copy_only=False))
    if len(sizes) != 1 or sizes[0] < 1:
        raise DatasetError(f'the rows of the list column {name} have one length from 1 up; got '
                           f'{sizes.tolist()[:5]}; {MEND}')
    return values.to_numpy(zero_copy_only=False).reshape(len(array), -1)
