"""What makes an MCAP file a rosbag2 bag: metadata.yaml, message definitions, offered QoS."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from rosbags.typesys import get_types_from_msg
from rosbags.typesys.store import Typestore

from adapt_learning.data.files import write_atomically
from adapt_learning.errors import DatasetError
from adapt_ros.bags import typestore
from adapt_ros.recording.mcap_file import McapFile
from adapt_ros.recording.records import Channel

METADATA = 'metadata.yaml'
LIBRARY = 'adapt_ros demo_recorder'
QOS, TYPE_HASH = 'offered_qos_profiles', 'topic_type_hash'
_VERSION = 9


@cache
def definition(type_name: str) -> tuple[str, str]:
    """
    Return (text of the message definition with all that it uses, hash RIHS01) of a message type.

    Types that neither Jazzy nor adapt_msgs has are read from the .msg files of their package.
    Raises DatasetError where there are none.
    """
    store = typestore()
    if type_name not in store.types:
        _learn(store, type_name)
    text, _ = store.generate_msgdef(type_name, ros_version=2)
    return text, store.hash_rihs01(type_name)


def _learn(store: Typestore, type_name: str) -> None:
    """Add a type, and what it uses, from the share folders of their packages."""
    todo, types = [type_name], {}
    while todo:
        name = todo.pop()
        if name in store.types or name in types:
            continue
        package, _, short = name.split('/')
        try:
            path = Path(get_package_share_directory(package), 'msg', f'{short}.msg')
            found = get_types_from_msg(path.read_text(encoding='utf-8'), name)
        except (PackageNotFoundError, OSError, ValueError) as error:
            raise DatasetError(f'the definition of {name} is not installed, so it cannot be '
                               f'recorded; install the package {package}') from error
        types |= found
        todo += [used for _, fields in found.values() for _, kind in fields
                 for used in _used(kind)]
    store.register(types)


def _used(kind: Any) -> list[str]:
    """Return the message types within the description of a field."""
    if isinstance(kind, str):
        return [kind] if '/' in kind else []
    if isinstance(kind, tuple | list):
        return [name for part in kind for name in _used(part)]
    return []


def qos_rows(profiles) -> list[dict[str, Any]]:
    """Return rclpy's QoS profiles as rosbag2 writes them."""
    rows = []
    for profile in profiles:
        rows.append({
            'history': profile.history.name.lower(), 'depth': profile.depth,
            'reliability': profile.reliability.name.lower(),
            'durability': profile.durability.name.lower(),
            'deadline': _time(profile.deadline), 'lifespan': _time(profile.lifespan),
            'liveliness': profile.liveliness.name.lower(),
            'liveliness_lease_duration': _time(profile.liveliness_lease_duration),
            'avoid_ros_namespace_conventions': profile.avoid_ros_namespace_conventions})
    return rows


def _time(duration) -> dict[str, int]:
    sec, nsec = divmod(duration.nanoseconds, 1_000_000_000)
    return {'sec': sec, 'nsec': nsec}


def channel_metadata(type_hash: str, profiles=()) -> dict[str, str]:
    """Return what rosbag2 keeps beside a channel."""
    rows = qos_rows(profiles)
    return {QOS: yaml.safe_dump(rows).strip() if rows else '', TYPE_HASH: type_hash}


def information(file: McapFile, custom: Mapping[str, str]) -> dict[str, Any]:
    """Return what metadata.yaml says about a bag of one file."""
    names = {schema.id: name for name, schema in file.schemas.items()}
    total = sum(file.counts.values())
    start = {'nanoseconds_since_epoch': file.first_ns if total else 0}
    duration = {'nanoseconds': max(0, file.last_ns - file.first_ns)}
    return {
        'version': _VERSION, 'storage_identifier': 'mcap',
        'duration': duration, 'starting_time': start, 'message_count': total,
        'topics_with_message_count': [
            {'topic_metadata': _topic(channel, names[channel.schema_id]),
             'message_count': file.counts[channel.id]} for channel in file.channels],
        'compression_format': '', 'compression_mode': '',
        'relative_file_paths': [file.path.name],
        'files': [{'path': file.path.name, 'starting_time': start, 'duration': duration,
                   'message_count': total}],
        'custom_data': dict(custom), 'ros_distro': 'jazzy'}


def _topic(channel: Channel, type_name: str) -> dict[str, Any]:
    rows = yaml.safe_load(channel.metadata.get(QOS, '')) or []
    return {'name': channel.topic, 'type': type_name, 'serialization_format': channel.encoding,
            'offered_qos_profiles': rows,
            'type_description_hash': channel.metadata.get(TYPE_HASH, '')}


def dump(values: Mapping[str, Any]) -> str:
    """Return YAML; anchors are left out, which rosbag2's reader need not know."""
    return yaml.dump(values, Dumper=_Plain, sort_keys=False, allow_unicode=True,
                     width=10_000)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def write_metadata(folder: Path, values: Mapping[str, Any]) -> None:
    """Write metadata.yaml; that it is there says that the bag is complete."""
    text = dump({'rosbag2_bagfile_information': values})
    write_atomically(folder / METADATA, lambda path: path.write_text(text, encoding='utf-8'))
