"""The contract: how a task or a robot speaks.

One YAML file names, for every observation and action feature, the topic, the message field, the
size, the unit and the limits. The simulation bridge publishes by it, the policy node listens and
commands by it, the recorder and the bag conversion read by it. Going from simulation to a real
robot means another contract and no code.

This file holds the schema with the rules of single features; `contract_rules` has the rules
between features, `contract_file` reads a file and reports all mistakes at once.
"""

import hashlib
import json
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapt_learning.frames.contract_rules import check_source, cross_problems
from adapt_learning.frames.frame import Feature, FrameSpec
from adapt_learning.frames.messages import ELEMENT_NAMES, FIELDS, STAMPED

_KEY = r'^[a-z][a-z0-9_]*$'
_TOPIC = r'^(~?/)?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*$'


class _Part(BaseModel):
    """A checked, immutable piece of the contract; unknown words are mistakes."""

    model_config = ConfigDict(frozen=True, extra='forbid', strict=False, allow_inf_nan=False)


class Derivation(_Part):
    """A feature that is computed from others of the same frame instead of received."""

    op: Literal['subtract']
    """subtract: first minus second."""
    of: tuple[str, str]
    """Keys of two received features of equal size."""


class ObservationFeature(_Part):
    """One piece of the observation vector."""

    key: str = Field(pattern=_KEY)
    size: int = Field(ge=1, le=4096)
    """Elements in the vector, after conversion and selection."""
    unit: str
    topic: str | None = Field(default=None, pattern=_TOPIC)
    type: str | None = None
    field: str | None = None
    names: tuple[str, ...] = ()
    """JointState only: which joints, in which order."""
    convert: Literal['none', 'euler_xyz'] = 'none'
    """euler_xyz: quaternion to intrinsic x-y-z angles [rad]."""
    take: tuple[int, ...] = ()
    """Indices to keep after conversion; empty keeps all."""
    align: Literal['sync', 'asof', 'hold', 'episode'] = 'sync'
    """
    How a sample gets into a frame. sync: it carries the stamp of the frame. asof: newest, at most
    max_age_s older. hold: newest, of any age. episode: newest, stamped in the present episode.
    """
    shared: bool = False
    """True: several nodes may publish the topic (joint states of arm and gripper drivers)."""
    max_age_s: float | None = Field(default=None, gt=0)
    derive: Derivation | None = None

    @property
    def raw_size(self) -> int | None:
        """Return the number of elements that the message field must have; None where free."""
        if self.names:
            return len(self.names)
        if self.convert == 'euler_xyz':
            return 4
        fixed = FIELDS.get(self.type or '', {}).get(self.field or '')
        if fixed is None and not self.take:
            return self.size
        return fixed

    @model_validator(mode='after')
    def _check(self):
        if self.derive is not None:
            given = [n for n in ('topic', 'type', 'field', 'names') if getattr(self, n)]
            if given:
                raise ValueError(f'a derived feature is computed, not received: remove {given}')
            return self
        check_source(self)
        if self.align == 'sync' and self.type not in STAMPED:
            raise ValueError(
                f"align 'sync' needs a message with a header; {self.type} has none, "
                "use 'asof' (with max_age_s) or 'hold'"
            )
        if self.align == 'episode' and self.type not in STAMPED:
            raise ValueError(f"align 'episode' needs a message with a header; {self.type} has none")
        if (self.align == 'asof') != (self.max_age_s is not None):
            raise ValueError("max_age_s [s] goes with align 'asof', and 'asof' needs it")
        if self.convert == 'euler_xyz' and FIELDS[self.type].get(self.field) != 4:
            raise ValueError(f"convert 'euler_xyz' needs a quaternion field, not '{self.field}'")
        size = 3 if self.convert == 'euler_xyz' else self.raw_size
        if self.take:
            if size is not None and max(self.take) >= size or min(self.take) < 0:
                last = 'the last element' if size is None else size - 1
                raise ValueError(f'take {list(self.take)} points outside of 0..{last}')
            size = len(self.take)
        if size is not None and size != self.size:
            raise ValueError(f'size is {self.size}, but the source gives {size} elements')
        return self


class ActionFeature(_Part):
    """One piece of the action vector and the command that it becomes."""

    key: str = Field(pattern=_KEY)
    topic: str = Field(pattern=_TOPIC)
    type: str
    field: str
    size: int = Field(ge=1, le=4096)
    unit: str
    names: tuple[str, ...] = ()
    scale: float = 1.0
    """Command = action * scale; the action is what the policy was trained on."""
    max_abs: float | None = Field(default=None, gt=0)
    """Largest magnitude of each element of the command [unit]; None means |scale| (|action| 1)."""
    max_norm: float | None = Field(default=None, gt=0)
    """Greatest Euclidean length of the command [unit]; its direction stays. None: no limit."""
    max_rate: float | None = Field(default=None, gt=0)
    """Largest change of each element of the command per second [unit/s]; None: no limit."""
    on_stop: Literal['zero', 'hold'] = 'zero'
    """Safe command: zero (velocities, efforts) or hold the last command (positions)."""
    device_gain: float = 1.0
    device_offset: float = 0.0
    """The message carries command * device_gain + device_offset: units of a device that differ
    from those of the policy (a gripper's opening in metres). Not part of the interface."""
    frame_id: str = ''
    """header.frame_id of the command message."""

    @property
    def limit(self) -> float:
        """Return the largest magnitude of the command; limits are always on."""
        return abs(self.scale) if self.max_abs is None else self.max_abs

    @model_validator(mode='after')
    def _check(self):
        check_source(self)
        if self.device_gain == 0:
            raise ValueError('device_gain must not be 0: the command would be lost')
        if self.scale == 0:
            raise ValueError('scale must not be 0: the action would be lost')
        fixed = len(self.names) or FIELDS[self.type].get(self.field)
        if fixed and fixed != self.size:
            raise ValueError(f'size is {self.size}, but {self.type} {self.field} has {fixed}')
        return self


class Camera(_Part):
    """A camera image that goes with the observation (not part of the vector)."""

    key: str = Field(pattern=_KEY)
    topic: str = Field(pattern=_TOPIC)
    info_topic: str = Field(pattern=_TOPIC)
    width: int = Field(ge=16, le=4096)
    height: int = Field(ge=16, le=4096)
    rate_hz: float = Field(gt=0, le=240)
    frame_id: str = 'camera_optical_frame'


class Safety(_Part):
    """What the policy runner watches; all on by default."""

    observation_timeout_s: float = Field(default=0.2, gt=0, le=10)
    """Without a complete frame for this long the runner stops [s]."""
    inference_deadline_s: float = Field(default=0.03, gt=0, le=10)
    """A tick that takes longer counts as a deadline miss [s]."""
    max_deadline_misses: int = Field(default=3, ge=1)
    """So many misses in a row stop the runner."""
    soft_start_s: float = Field(default=0.0, ge=0, le=10)
    """Commands of on_stop: zero features grow linearly from nothing during this time [s]."""


class Contract(_Part):
    """Everything that one task or robot says and understands."""

    name: str = Field(pattern=_KEY)
    description: str = ''
    rate_hz: float = Field(gt=0, le=1000)
    observation: tuple[ObservationFeature, ...] = Field(min_length=1)
    action: tuple[ActionFeature, ...] = Field(min_length=1)
    cameras: tuple[Camera, ...] = ()
    safety: Safety = Safety()

    @model_validator(mode='after')
    def _check(self):
        for _, message in cross_problems(self.model_dump()):
            raise ValueError(message)
        return self

    @property
    def needs_episodes(self) -> bool:
        """Return whether frames can only be made inside of an announced episode."""
        return any(f.align == 'episode' for f in self.observation if f.derive is None)

    @property
    def period_ns(self) -> int:
        """Return the control period [ns]."""
        return round(1e9 / self.rate_hz)

    @cached_property
    def observation_spec(self) -> FrameSpec:
        """Return the order, sizes and units of the observation vector."""
        return FrameSpec(tuple(
            Feature(f.key, f.size, f.unit, _element_names(f)) for f in self.observation))

    @cached_property
    def action_spec(self) -> FrameSpec:
        """Return the order, sizes and units of the action vector (before scaling)."""
        return FrameSpec(tuple(Feature(f.key, f.size, '1', _element_names(f)) for f in self.action))

    def interface(self) -> dict[str, Any]:
        """Return what a policy depends on: robots that differ in topics only are the same to it."""
        return {
            'rate_hz': self.rate_hz,
            'observation': [
                {'key': f.key, 'size': f.size, 'unit': f.unit, 'convert': f.convert,
                 'take': list(f.take), 'derive': f.derive.model_dump() if f.derive else None}
                for f in self.observation
            ],
            'action': [
                {'key': f.key, 'size': f.size, 'unit': f.unit, 'scale': f.scale}
                for f in self.action
            ],
        }

    @cached_property
    def interface_hash(self) -> str:
        """Return the hash that artifacts carry and that must match on configure (16 hex digits)."""
        return _hash(self.interface())

    @cached_property
    def hash(self) -> str:
        """Return the hash of the whole contract, as stored in bags and datasets."""
        return _hash(self.model_dump(mode='json'))


def _element_names(part) -> tuple[str, ...]:
    """Return one name per element of the vector where the source has names, else none."""
    if getattr(part, 'convert', '') == 'euler_xyz':
        names = ELEMENT_NAMES[3]
    else:
        names = part.names or ELEMENT_NAMES.get(getattr(part, 'raw_size', part.size), ())
    if names and getattr(part, 'take', ()):
        return tuple(names[i] for i in part.take)
    return names if len(names) == part.size else ()


def _hash(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
