"""The LeRobotDataset v3.0 layout on disk: file names, columns, types.

Form: huggingface/lerobot, `src/lerobot/datasets` at codebase version v3.0 (meta/info.json, its
features, the episodes and tasks tables, the statistics). Many episodes share one parquet file;
meta/episodes says where each of them lies. meta/adapt.json is ours: the contract, the lineage and
the hash of the content; LeRobot does not look at it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from adapt_learning.data.episode import Episode
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract

CODEBASE_VERSION = 'v3.0'
INFO = Path('meta/info.json')
STATS = Path('meta/stats.json')
TASKS = Path('meta/tasks.parquet')
ADAPT = Path('meta/adapt.json')
EPISODES_PATH = 'meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
DATA_PATH = 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
VIDEO_PATH = 'videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4'
FORMAT = 1
"""Schema of meta/adapt.json."""
CHUNKS_SIZE = 1000
"""Most files in one chunk folder."""
FILE_SIZE_MB = 100
"""Largest data file (before compression)."""

STATE = 'observation.state'
ACTION = 'action'
TIME_NS = 'adapt.time_ns'
"""True time since the start of the episode [ns]; LeRobot's `timestamp` is frame_index / fps."""
TOLERANCE_S = 1e-4
"""How far LeRobot lets `timestamp` be from frame_index / fps [s]."""
_SCALARS = {
    'timestamp': 'float32', 'frame_index': 'int64', 'episode_index': 'int64', 'index': 'int64',
    'task_index': 'int64', 'next.reward': 'float32', 'next.done': 'bool', 'next.success': 'bool',
    TIME_NS: 'int64',
}
RESERVED = frozenset({STATE, ACTION, *_SCALARS})

SUCCESS, SEED, NOISE_LEVEL = 'adapt/success', 'adapt/seed', 'adapt/noise_level'
"""Our columns of the episodes table; each may be null."""


def video_keys(columns: Mapping[str, dict]) -> list[str]:
    """Return the features that are pictures in video files."""
    return [key for key, feature in columns.items() if feature.get('dtype') == 'video']


def features(contract: Contract, extras: Mapping[str, np.ndarray]) -> dict[str, dict]:
    """Return the `features` of meta/info.json; `extras` gives dtype and shape of each."""
    result = {
        STATE: _feature('float32', contract.observation_spec.size,
                        contract.observation_spec.labels),
        ACTION: _feature('float32', contract.action_spec.size, contract.action_spec.labels),
        **{key: _feature(dtype) for key, dtype in _SCALARS.items()},
    }
    for key in sorted(extras):
        if key in RESERVED or '/' in key or not key:
            raise DatasetError(f"an extra column may not be called '{key}': the names "
                               f'{sorted(RESERVED)} are taken and / is not allowed')
        array = extras[key]
        result[key] = _feature(str(array.dtype), array.shape[1] if array.ndim == 2 else 1)
    return result


def info(contract: Contract, columns: dict[str, dict], episodes: int, frames: int, tasks: int,
         chunks_size: int, file_size_mb: int) -> dict[str, Any]:
    """Return meta/info.json."""
    rate = contract.rate_hz
    return {
        'codebase_version': CODEBASE_VERSION,
        'robot_type': contract.name,
        'total_episodes': episodes,
        'total_frames': frames,
        'total_tasks': tasks,
        'chunks_size': chunks_size,
        'data_files_size_in_mb': file_size_mb,
        'video_files_size_in_mb': 200,
        'fps': int(rate) if rate == int(rate) else rate,
        'splits': {'train': f'0:{episodes}'},
        'data_path': DATA_PATH,
        'video_path': VIDEO_PATH if video_keys(columns) else None,
        'features': columns,
    }


def data_table(columns: dict[str, dict], episodes: list[Episode], first_episode: int,
               first_frame: int, task_indices: Mapping[str, int], rate_hz: float) -> pa.Table:
    """Return the rows of some episodes as they stand in data/*.parquet."""
    lengths = [len(episode) for episode in episodes]
    values = {
        STATE: np.concatenate([e.observation for e in episodes]),
        ACTION: np.concatenate([e.action for e in episodes]),
        # The grid, not the true time: LeRobot finds neighbours and pictures by it.
        'timestamp': np.concatenate([np.arange(n) / rate_hz for n in lengths]),
        'frame_index': np.concatenate([np.arange(n) for n in lengths]),
        'episode_index': np.repeat(np.arange(first_episode, first_episode + len(lengths)), lengths),
        'index': np.arange(first_frame, first_frame + sum(lengths)),
        'task_index': np.repeat([task_indices[e.task] for e in episodes], lengths),
        'next.reward': np.concatenate([e.reward for e in episodes]),
        'next.done': np.concatenate([_last_only(n, True) for n in lengths]),
        'next.success': np.concatenate([_last_only(len(e), bool(e.success)) for e in episodes]),
        TIME_NS: np.concatenate([np.round(e.timestamp_s * 1e9) for e in episodes]),
    }
    stored = {key: feature for key, feature in columns.items() if feature['dtype'] != 'video'}
    for key in stored.keys() - values.keys():
        values[key] = np.concatenate([episode.extras[key] for episode in episodes])
    return pa.table({key: _array(values[key], feature) for key, feature in stored.items()})


def tasks_table(tasks: list[str]) -> pa.Table:
    """Return meta/tasks.parquet: the text is the pandas index `task`, its number the column."""
    # pandas restores the index from this metadata; it is written by hand, so that a recorder
    # does not need pandas.
    pandas = {
        'index_columns': ['task'],
        'column_indexes': [{'name': None, 'field_name': None, 'pandas_type': 'unicode',
                            'numpy_type': 'object', 'metadata': {'encoding': 'UTF-8'}}],
        'columns': [{'name': name, 'field_name': name, 'pandas_type': pandas_type,
                     'numpy_type': numpy_type, 'metadata': None}
                    for name, pandas_type, numpy_type in (('task_index', 'int64', 'int64'),
                                                          ('task', 'unicode', 'object'))],
        'creator': {'library': 'pyarrow', 'version': pa.__version__},
        'pandas_version': '2.2.0',
    }
    table = pa.table({'task_index': pa.array(range(len(tasks)), pa.int64()),
                      'task': pa.array(tasks, pa.string())})
    return table.replace_schema_metadata({'pandas': json.dumps(pandas)})


def episodes_schema(columns: dict[str, dict], stat_names: tuple[str, ...]) -> pa.Schema:
    """Return the columns of meta/episodes/*.parquet that every dataset has."""
    fixed = [
        ('episode_index', pa.int64()), ('tasks', pa.list_(pa.string())), ('length', pa.int64()),
        ('data/chunk_index', pa.int64()), ('data/file_index', pa.int64()),
        ('dataset_from_index', pa.int64()), ('dataset_to_index', pa.int64()),
        (SUCCESS, pa.bool_()), (SEED, pa.int64()), (NOISE_LEVEL, pa.float64()),
    ]
    stats = [(f'stats/{key}/{name}', pa.list_(pa.int64() if name == 'count' else pa.float64()))
             for key, feature in columns.items() if feature['dtype'] != 'video'
             for name in stat_names]
    last = [('meta/episodes/chunk_index', pa.int64()), ('meta/episodes/file_index', pa.int64())]
    return pa.schema([*fixed, *stats, *last])


def _feature(dtype: str, size: int = 1, names: tuple[str, ...] | None = None) -> dict[str, Any]:
    return {'dtype': dtype, 'shape': [size], 'names': list(names) if names else None}


def _last_only(length: int, value: bool) -> np.ndarray:
    column = np.zeros(length, dtype=bool)
    column[-1] = value
    return column


def _array(values: np.ndarray, feature: dict[str, Any]) -> pa.Array:
    """Return a column; shape [1] is stored as plain numbers, as LeRobot does."""
    flat = np.ascontiguousarray(values.reshape(-1), dtype=feature['dtype'])
    size = feature['shape'][0]
    if size == 1:
        return pa.array(flat)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), size)
