"""Messages <-> arrays, for the fields that a contract may name (frames/messages.py).

Decoding only looks at attributes, so it reads rclpy's messages and those that `rosbags` makes from
a bag alike: that is half of the live/bag parity.
"""

import importlib
import struct
from functools import cache, reduce

import numpy as np

from adapt_learning.errors import SampleError

_VECTOR = ('x', 'y', 'z')
_QUATERNION = ('x', 'y', 'z', 'w')


@cache
def message_class(type_name: str) -> type:
    """Return the message class of a name such as `geometry_msgs/msg/PoseStamped`."""
    package, _, name = type_name.split('/')
    return getattr(importlib.import_module(f'{package}.msg'), name)


def stamp_ns(message) -> int | None:
    """Return the header stamp [ns], or None for a message without a header."""
    header = getattr(message, 'header', None)
    if header is None:
        return None
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def serialized_stamp_ns(data: bytes) -> int | None:
    """Return the stamp [ns] of a serialized message that begins with a header; None: it is cut."""
    # Encapsulation of CDR (little endian on all machines that ROS runs on), then the header.
    if len(data) < 12 or data[1] != 1:
        return None
    sec, nanosec = struct.unpack_from('<4xiI', data)
    return sec * 1_000_000_000 + nanosec


def set_stamp(message, stamp: int) -> None:
    """Write the header stamp [ns]; messages without a header are left alone."""
    if hasattr(message, 'header'):
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 1_000_000_000)


def decode(message, field: str, names: tuple[str, ...] = ()) -> np.ndarray:
    """
    Read a field as float64 [n].

    With `names` (joints), the elements are picked by the message's `name` list. Raises SampleError
    where a joint is missing or the list and the values differ in length.
    """
    value = reduce(getattr, field.split('.'), message)
    if names:
        return _by_name(message, value, names)
    if hasattr(value, 'w'):
        return np.array([value.x, value.y, value.z, value.w])
    if hasattr(value, 'x'):
        return np.array([value.x, value.y, value.z])
    return np.atleast_1d(np.asarray(value, dtype=np.float64))


def encode(message, field: str, value: np.ndarray, names: tuple[str, ...] = ()) -> None:
    """Write an array [n] into a field of `message` (the inverse of `decode`)."""
    *path, last = field.split('.')
    parent = reduce(getattr, path, message)
    target = getattr(parent, last)
    if hasattr(target, 'x'):
        elements = _QUATERNION if hasattr(target, 'w') else _VECTOR
        for element, number in zip(elements, value, strict=True):
            setattr(target, element, float(number))
        return
    if names:
        message.name = list(names)
    setattr(parent, last, float(value[0]) if isinstance(target, float) else value.tolist())


def _by_name(message, value, names: tuple[str, ...]) -> np.ndarray:
    present = list(message.name)
    if len(present) != len(value):
        raise SampleError(f'a joint state has one value per name; got {len(present)} names and '
                          f'{len(value)} values')
    try:
        return np.array([value[present.index(name)] for name in names], dtype=np.float64)
    except ValueError:
        missing = [name for name in names if name not in present]
        raise SampleError(f'the contract needs the joints {missing}; the message has '
                          f'{present}') from None
