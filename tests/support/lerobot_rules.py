"""What LeRobot v3.0's reader needs of a folder, as one list of broken rules.

Learned from huggingface/lerobot, src/lerobot/datasets (dataset_reader, dataset_metadata, io_utils,
feature_utils, video_utils) at commit 7427f31; written anew, so that it runs without LeRobot.
"""

import json

import av
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq

TOLERANCE_S = 1e-4
STATS = {'min', 'max', 'mean', 'std', 'count', 'q01', 'q10', 'q50', 'q90', 'q99'}
INDEXES = ('timestamp', 'frame_index', 'episode_index', 'index', 'task_index')
INFO = {'codebase_version': str, 'fps': (int, float), 'features': dict, 'total_episodes': int,
        'total_frames': int, 'total_tasks': int, 'chunks_size': int, 'data_files_size_in_mb': int,
        'video_files_size_in_mb': int, 'data_path': str, 'splits': dict, 'robot_type': str}


def broken_rules(folder):
    """Return one line per rule that the folder breaks."""
    info = json.loads((folder / 'meta/info.json').read_text())
    found = [f'info.json: {key}' for key, kind in INFO.items()
             if not isinstance(info.get(key), kind)]
    if info.get('codebase_version') != 'v3.0' or not info.get('fps', 0) > 0:
        found.append('info.json: version or fps')
    if found:
        return found
    features = info['features']
    videos = [key for key, f in features.items() if f['dtype'] == 'video']
    found += [f'feature {key}' for key, f in features.items()
              if not {'dtype', 'shape', 'names'} <= f.keys() or not isinstance(f['shape'], list)]
    found += [f'feature {key} is missing' for key in INDEXES if key not in features]
    rows, episodes = _data(folder, features, found), _episodes(folder, found)
    if found:
        return found
    _check_rows(info, rows, episodes, found)
    _check_tasks(folder, info, rows, episodes, found)
    _check_stats(folder, features, episodes, found)
    for key in videos:
        _check_video(folder, info, key, rows, episodes, found)
    return found


def _data(folder, features, found):
    tables = []
    for path in sorted((folder / 'data').glob('*/*.parquet')):
        schema = pq.read_schema(path)
        wanted = {key: _arrow(f) for key, f in features.items() if f['dtype'] != 'video'}
        if set(schema.names) != set(wanted):
            found.append(f'{path.name}: columns {sorted(set(schema.names) ^ set(wanted))}')
            continue
        found += [f'{path.name}: {key} is {schema.field(key).type}, the feature says {kind}'
                  for key, kind in wanted.items() if schema.field(key).type != kind]
        tables.append(pq.read_table(path))
    return pa.concat_tables(tables) if tables and not found else None


def _arrow(feature):
    kind = {'bool': pa.bool_()}.get(feature['dtype']) or pa.from_numpy_dtype(feature['dtype'])
    return kind if feature['shape'] == [1] else pa.list_(kind, feature['shape'][0])


def _episodes(folder, found):
    paths = sorted((folder / 'meta/episodes').glob('*/*.parquet'))
    if len({str(pq.read_schema(path)) for path in paths}) != 1:
        found.append('meta/episodes: files of different schemas')
        return []
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def _check_rows(info, rows, episodes, found):
    count = len(rows)
    if count != info['total_frames'] or len(episodes) != info['total_episodes']:
        found.append('info.json: total_frames or total_episodes')
    if rows['index'].to_pylist() != list(range(count)):
        found.append('index does not count through')
    frame, number = rows['frame_index'].to_numpy(), rows['episode_index'].to_numpy()
    stored = rows['timestamp'].to_numpy()
    if np.abs(stored - frame / info['fps']).max() > TOLERANCE_S:
        found.append('timestamp is not frame_index / fps')
    at = 0
    for index, row in enumerate(episodes):
        end = at + row['length']
        if (row['episode_index'], row['dataset_from_index'], row['dataset_to_index']) != (
                index, at, end):
            found.append(f'episode {index}: place in the data')
        if not (number[at:end] == index).all() or frame[at:end].tolist() != list(
                range(row['length'])):
            found.append(f'episode {index}: rows')
        at = end


def _check_tasks(folder, info, rows, episodes, found):
    tasks = pandas.read_parquet(folder / 'meta/tasks.parquet')
    texts = dict(zip(tasks['task_index'], tasks.index, strict=True))
    if len(tasks) != info['total_tasks'] or sorted(texts) != list(range(len(tasks))):
        found.append('tasks are not numbered through')
    used = set(rows['task_index'].to_pylist())
    if not used <= set(texts):
        found.append('task_index without a task')
    if not all(set(row['tasks']) <= set(texts.values()) for row in episodes):
        found.append('episodes name tasks that are not in the table')


def _check_stats(folder, features, episodes, found):
    stats = json.loads((folder / 'meta/stats.json').read_text())
    for key, feature in features.items():
        shape = (3, 1, 1) if feature['dtype'] == 'video' else tuple(feature['shape'])
        for name in STATS:
            parts = [stats.get(key, {}).get(name)] + [row.get(f'stats/{key}/{name}')
                                                      for row in episodes]
            wanted = (1,) if name == 'count' else shape
            if any(part is None or np.shape(part) != wanted for part in parts):
                found.append(f'stats of {key}: {name}')


def _check_video(folder, info, key, rows, episodes, found):
    stamps = rows['timestamp'].to_numpy().astype(float)
    times = {}
    for number, row in enumerate(episodes):
        place = {name: row.get(f'videos/{key}/{name}') for name in ('chunk_index', 'file_index')}
        path = folder / (info['video_path'] or '').format(video_key=key, **place)
        if None in place.values() or not path.is_file():
            found.append(f'episode {number}: no video {key}')
            continue
        if path not in times:
            with av.open(str(path)) as film:
                times[path] = np.array([frame.time for frame in film.decode(video=0)])
        wanted = row[f'videos/{key}/from_timestamp'] + stamps[
            row['dataset_from_index']:row['dataset_to_index']]
        # torchcodec takes the picture by its number, then compares the times.
        indices = np.round(wanted * info['fps']).astype(int)
        if indices.max() >= len(times[path]) or np.abs(
                times[path][indices] - wanted).max() > TOLERANCE_S:
            found.append(f'episode {number}: pictures of {key} are not at the rows')
