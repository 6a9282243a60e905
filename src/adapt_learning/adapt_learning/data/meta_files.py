"""
The meta folder of a dataset and what its files must look like.

Files come from other programs, other disks and other people, so nothing in them is believed before
its type was looked at: every damage is one DatasetError that names the file and the rule.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from adapt_learning.data import lerobot_v3 as v3
from adapt_learning.data.files import read_json
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract

MEND = 'restore the folder from a copy or make it again'

_PLACES = ('data/chunk_index', 'data/file_index')
_EPISODES_FILE = re.compile(r'chunk-(\d{1,9})/file-(\d{1,9})\.parquet')
_FIELD = re.compile(r'\{(?:(?:chunk_index|file_index)(?::0?[1-9]?d)?|video_key)\}')
_LONGEST_NAME = 255
_KINDS = {
    'whole numbers': pa.types.is_integer,
    'true or false': pa.types.is_boolean,
    'numbers': lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind),
    'texts': lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
}


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a parquet file; DatasetError where it is missing, cannot be read or is damaged."""
    try:
        if not path.is_file():
            raise DatasetError(f'{path} is missing; {MEND}')
        return pq.read_table(path, columns=columns, partitioning=None)
    except (pa.ArrowException, OSError, ValueError) as error:
        if getattr(error, 'errno', None):  # the machine's word, not that of a damaged file
            raise DatasetError(f'{path} cannot be read: {error.strerror}') from error
        reason = str(error).splitlines()[0]
        raise DatasetError(f'{path} is truncated or damaged ({reason}); {MEND}') from error


def require_kind(path: Path, table: pa.Table, name: str, kind: str, empty: bool = False) -> None:
    """Raise DatasetError unless a column holds `kind` (a key of _KINDS), with no `empty` cells."""
    column = table[name]
    if empty and pa.types.is_null(column.type):
        return
    if not _KINDS[kind](column.type):
        raise DatasetError(f'{path}: the column {name} holds {kind}; got {column.type}; {MEND}')
    if column.null_count and not empty:
        raise DatasetError(f'{path}: the column {name} has {column.null_count} empty cells and '
                           f'may have none; {MEND}')


def read_info(folder: Path) -> dict[str, Any]:
    """Return meta/info.json with all types checked."""
    path = folder / v3.INFO
    info = read_json(path)
    version = info.get('codebase_version')
    if version != v3.CODEBASE_VERSION:
        raise DatasetError(f'{path}: codebase_version is {version!r}; only '
                           f'{v3.CODEBASE_VERSION!r} can be read: convert it with LeRobot')
    if not _is_whole(info.get('total_episodes'), 1):
        raise DatasetError(f'{path}: total_episodes is {info.get("total_episodes")!r}; a dataset '
                           f'has at least one episode; {MEND}')
    for name in ('chunks_size', 'data_files_size_in_mb'):
        if name in info and not _is_whole(info[name], 1):
            raise DatasetError(f'{path}: {name} is a whole number from 1 up; got {info[name]!r}; '
                               f'{MEND}')
    if 'fps' in info and not _is_rate(info['fps']):
        raise DatasetError(f'{path}: fps is a number above 0; got {info["fps"]!r}; {MEND}')
    for name in ('data_path', 'video_path'):
        _check_pattern(path, name, info.get(name))
    _check_features(path, info.get('features'))
    if (folder / v3.ADAPT).is_file():
        _check_our_features(path, info['features'])
    return info


def read_rows(folder: Path, info: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """
    Return the rows of the episodes table that info.json counts, without the statistics.

    Files after them are of a killed writer; files that are not called chunk-N/file-N.parquet are
    not of the dataset.
    """
    total, rows = info['total_episodes'], []
    for chunk, file, path in _episodes_files(folder / 'meta/episodes'):
        if len(rows) >= total:
            break
        table = read_table(path)
        _check_episodes(path, table)
        kept = [name for name in table.column_names if not name.startswith('stats/')]
        place = {'meta/episodes/chunk_index': chunk, 'meta/episodes/file_index': file}
        rows += [row | place for row in _cells(path, table.select(kept))]
    if len(rows) != total:
        raise DatasetError(f'{folder / v3.INFO}: total_episodes is {total}, but '
                           f'meta/episodes has {len(rows)} rows in its files '
                           f'chunk-N/file-N.parquet; {MEND}')
    frame = 0
    for number, row in enumerate(rows):
        found = [row[name] for name in ('episode_index', 'dataset_from_index', 'dataset_to_index')]
        wanted = [number, frame, frame + row['length']]
        if found != wanted or row['length'] < 1:
            raise DatasetError(f'{folder}/meta/episodes: row {number} says episode, first and last '
                               f'frame {found}, expected {wanted}; {MEND}')
        frame += row['length']
    if frame != info.get('total_frames'):
        raise DatasetError(f'{folder / v3.INFO}: total_frames is {info.get("total_frames")!r}, '
                           f'but the episodes have {frame} together; {MEND}')
    return tuple(rows)


def read_tasks(folder: Path) -> tuple[str, ...]:
    """Return the texts of meta/tasks.parquet by their number."""
    path = folder / v3.TASKS
    table = read_table(path)
    texts = [name for name in table.column_names if name != 'task_index']
    if 'task_index' not in table.column_names or len(texts) != 1:
        raise DatasetError(f'{path}: columns are {table.column_names}, expected '
                           f"'task_index' and the text; {MEND}")
    require_kind(path, table, 'task_index', 'whole numbers')
    require_kind(path, table, texts[0], 'texts')
    numbered = {row['task_index']: row[texts[0]] for row in _cells(path, table)}
    if sorted(numbered) != list(range(len(table))):
        raise DatasetError(f'{path}: task_index is {table["task_index"].to_pylist()}, expected '
                           f'0..{len(table) - 1}; {MEND}')
    return tuple(numbered[i] for i in range(len(table)))


def read_adapt(folder: Path) -> tuple[Contract | None, dict[str, Any], str | None]:
    """Return contract, lineage and hash of meta/adapt.json; (None, {}, None) without one."""
    path = folder / v3.ADAPT
    if not path.is_file():
        return None, {}, None
    values = read_json(path)
    if values.get('format') != v3.FORMAT or isinstance(values['format'], bool):
        raise DatasetError(f'{path}: format is {values.get("format")!r}; this version knows '
                           f'{v3.FORMAT}: a newer one wrote the dataset, or the file is damaged; '
                           f'update this stack, or {MEND}')
    meta, content = values.get('meta', {}), values.get('hash')
    if not isinstance(meta, dict):
        raise DatasetError(f'{path}: meta is an object of names and values; got {meta!r:.60}; '
                           f'{MEND}')
    if not isinstance(content, str | None):
        raise DatasetError(f'{path}: hash is a text, or null until the dataset is finished; got '
                           f'{content!r:.60}; {MEND}')
    try:
        contract = Contract.model_validate(values.get('contract'))
    except ValidationError as error:
        raise DatasetError(f'{path}: the contract in it is damaged ({error.error_count()} '
                           f'mistakes); {MEND}') from error
    if values.get('contract_hash') != contract.hash:
        raise DatasetError(f'{path}: contract_hash is {values.get("contract_hash")}, but the '
                           f'contract in it has {contract.hash}: it was edited; {MEND}')
    return contract, meta, content


def _cells(path: Path, table: pa.Table) -> list[dict[str, Any]]:
    try:
        return table.to_pylist()
    except ValueError as error:  # a text that is no UTF-8
        raise DatasetError(f'{path} is damaged ({error}); {MEND}') from error


def _episodes_files(top: Path) -> list[tuple[int, int, Path]]:
    """Return (chunk, file, path) in the order of the numbers."""
    found = []
    for path in top.glob('*/*.parquet'):
        if numbers := _EPISODES_FILE.fullmatch(path.relative_to(top).as_posix()):
            found.append((int(numbers[1]), int(numbers[2]), path))
    return sorted(found)


def _check_episodes(path: Path, table: pa.Table) -> None:
    needed = ('episode_index', 'length', *_PLACES, 'dataset_from_index', 'dataset_to_index')
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise DatasetError(f'{path}: the columns {missing} are missing; {MEND}')
    for name in needed:
        require_kind(path, table, name, 'whole numbers')
    optional = {v3.SUCCESS: 'true or false', v3.SEED: 'whole numbers', v3.NOISE_LEVEL: 'numbers'}
    for name in table.column_names:
        if name.startswith('videos/'):
            optional[name] = 'whole numbers' if name.endswith('_index') else 'numbers'
    for name in optional.keys() & set(table.column_names):
        require_kind(path, table, name, optional[name], empty=True)


def _check_pattern(path: Path, name: str, pattern: Any) -> None:
    """Refuse patterns of file names that leave the folder or that format to anything but names."""
    if pattern is None:
        return
    plain = _FIELD.sub('0', pattern) if isinstance(pattern, str) else '{'
    if not plain or not plain.isprintable() or '{' in plain or '}' in plain or (
            max(map(len, plain.split('/'))) > _LONGEST_NAME // 2 or len(plain) > 1000):
        raise DatasetError(f'{path}: {name} {pattern!r:.80} is no pattern of file names like '
                           f'{v3.DATA_PATH}; {MEND}')
    if Path(plain).is_absolute() or '..' in Path(plain).parts:
        raise DatasetError(f'{path}: {name} {pattern!r} leaves the folder; such a dataset is not '
                           'read')


def _check_features(path: Path, features: Any) -> None:
    if not isinstance(features, dict):
        raise DatasetError(f'{path}: features is an object with one entry per column; got '
                           f'{features!r:.60}; {MEND}')
    for key, feature in features.items():
        shape = feature.get('shape') if isinstance(feature, dict) else None
        if not isinstance(shape, list) or not all(_is_whole(size, 1) for size in shape) or (
                not isinstance(feature.get('dtype'), str)):
            raise DatasetError(f'{path}: the feature {key} is an object with dtype (a text) and '
                               f'shape (whole numbers from 1 up); got {feature!r:.60}; {MEND}')


def _check_our_features(path: Path, features: dict[str, dict[str, Any]]) -> None:
    """Check the two vectors that every dataset of this stack has."""
    for key in (v3.STATE, v3.ACTION):
        feature = features.get(key, {})
        if len(feature.get('shape', ())) != 1 or feature['dtype'] in ('video', 'image', 'string'):
            raise DatasetError(f'{path}: {key} is a feature of numbers with one size; got '
                               f'{feature!r:.60}; {MEND}')


def _is_whole(value: Any, least: int) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)
            and least <= value < 2**63)


def _is_rate(value: Any) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)
            and 0 < value <= 1e6 and math.isfinite(value))
