"""The contract: how a task or a robot speaks.

One YAML file names, for every observation and action feature, the topic, the message field, the
size, the unit and the limits. The simulation bridge publishes by it, the policy node listens and
commands by it, the recorder and the bag conversion read by it. Going from simulation to a real
robot means another contract and no code.

A contract is checked completely on load: all mistakes are reported at once, each with its line.
"""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapt_learning.errors import ContractError
from adapt_learning.frames.frame import Feature, FrameSpec
from adapt_learning.frames.messages import ELEMENT_NAMES, FIELDS, STAMPED

CONTRACT_DIR = Path(__file__).parent.parent / 'contracts'
"""The contracts of the simulated tasks, installed with the package."""

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
        _check_source(self)
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
                raise ValueError(f'take {list(self.take)} points outside of 0..{size - 1}')
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
    max_rate: float | None = Field(default=None, gt=0)
    """Largest change of each element of the command per second [unit/s]; None: no limit."""
    on_stop: Literal['zero', 'hold'] = 'zero'
    """Safe command: zero (velocities, efforts) or hold the last command (positions)."""
    frame_id: str = ''
    """header.frame_id of the command message."""

    @property
    def limit(self) -> float:
        """Return the largest magnitude of the command; limits are always on."""
        return abs(self.scale) if self.max_abs is None else self.max_abs

    @model_validator(mode='after')
    def _check(self):
        _check_source(self)
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


def load_contract(path: str | Path) -> Contract:
    """
    Read and check a contract.

    `path` is a YAML file or the bare name of a contract that is installed with the package
    (`fetch_pick`). Raises ContractError with every mistake and its line.
    """
    path = Path(path)
    if not path.suffix and len(path.parts) == 1:
        installed = CONTRACT_DIR / f'{path.name}.yaml'
        if not installed.is_file():
            known = sorted(p.stem for p in CONTRACT_DIR.glob('*.yaml'))
            raise ContractError(
                f"there is no installed contract '{path.name}'; allowed: {known}, or the path of "
                'a .yaml file')
        path = installed
    try:
        text = path.read_text(encoding='utf-8')
    except OSError as error:
        raise ContractError(f'cannot read the contract {path}: {error.strerror}') from error
    except UnicodeDecodeError as error:
        raise ContractError(f'the contract {path} is not a text file in UTF-8') from error
    return parse_contract(text, str(path))


def parse_contract(text: str, origin: str = 'contract') -> Contract:
    """Check the text of a contract; `origin` is how error messages call it."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        where = f':{mark.line + 1}' if mark else ''
        problem = getattr(error, 'problem', None) or str(error)
        raise ContractError(f'{origin}{where}: this is not YAML: {problem}') from error
    if not isinstance(values, dict):
        raise ContractError(f'{origin}: a contract is a YAML mapping with name, rate_hz, '
                            f'observation and action; got {type(values).__name__}')
    try:
        return Contract.model_validate(values)
    except ValidationError as error:
        # Pydantic stops before the rules between features where a single feature is wrong; they
        # are asked again here, so that the user sees all mistakes in one go.
        found = set(cross_problems(values))
        found |= {(item['loc'], _message(item)) for item in error.errors()
                  if item['loc'] or not found}
    lines = sorted((_line(node, loc), '.'.join(map(str, loc)) or 'contract', message)
                   for loc, message in found)
    problems = tuple(f'{origin}:{line}: {where}: {message}' for line, where, message in lines)
    count = f'{len(problems)} mistake' + ('s' if len(problems) > 1 else '')
    raise ContractError(f'the contract {origin} has {count}:\n  ' + '\n  '.join(problems), problems)


def _check_source(part) -> None:
    """Check topic, type, field and names of a received or commanded feature."""
    missing = [name for name in ('topic', 'type', 'field') if not getattr(part, name)]
    if missing:
        hint = ' (or derive)' if isinstance(part, ObservationFeature) else ''
        raise ValueError(f'topic, type and field are needed{hint}; {missing} missing')
    if part.type not in FIELDS:
        raise ValueError(f"type '{part.type}' is not one that the bridge can read and write; "
                         f'allowed: {sorted(FIELDS)}')
    if part.field not in FIELDS[part.type]:
        raise ValueError(f"{part.type} has no field '{part.field}' for a contract; "
                         f'allowed: {sorted(FIELDS[part.type])}')
    if bool(part.names) != (part.type == 'sensor_msgs/msg/JointState'):
        raise ValueError('names (the joints, in order) are needed with sensor_msgs/msg/JointState '
                         'and only there')
    if len(set(part.names)) != len(part.names):
        raise ValueError(f'names {list(part.names)} are not unique')


def _element_names(part) -> tuple[str, ...]:
    if part.names:
        return part.names
    names = ELEMENT_NAMES.get(3 if getattr(part, 'convert', '') == 'euler_xyz' else part.size, ())
    if getattr(part, 'take', ()):
        return tuple(names[i] for i in part.take) if names else ()
    return names if len(names) == part.size else ()


def _hash(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def cross_problems(values: dict) -> list[tuple[tuple, str]]:
    """
    Return (place, message) for every broken rule between features.

    Works on unchecked values too: whatever is not of the right form is passed over, because the
    schema reports it.
    """
    observation = _named(values, 'observation')
    action = _named(values, 'action')
    problems = [
        *_repeated('observation', observation), *_repeated('action', action),
        *_repeated('cameras', _named(values, 'cameras')),
    ]
    received = {part['key']: part for _, part in observation if not part.get('derive')}
    if observation and not any(p.get('align', 'sync') == 'sync' for p in received.values()):
        problems.append((('observation',), "at least one received feature must have align 'sync': "
                                           'it sets the instant of the frame'))
    for place, part in observation:
        of = (part.get('derive') or {}).get('of') if isinstance(part.get('derive'), dict) else None
        for key in of or ():
            if key not in received:
                problems.append((place, f"'{part['key']}' is derived from '{key}', which is not a "
                                        f'received feature; there are {sorted(received)}'))
            elif received[key].get('size') != part.get('size'):
                problems.append((place, f"'{part['key']}' has size {part.get('size')}, its source "
                                        f"'{key}' has {received[key].get('size')}"))
    types: dict[str, str] = {}
    direction: dict[str, str] = {}
    for place, part in (*observation, *action):
        topic = part.get('topic')
        if not topic:
            continue
        if types.setdefault(topic, part.get('type')) != part.get('type'):
            problems.append((place, f"topic '{topic}' is used with two types: {types[topic]} and "
                                    f'{part.get("type")}'))
        if direction.setdefault(topic, place[0]) != place[0]:
            problems.append((place, f"topic '{topic}' is used for observation and for action"))
    return problems


def _named(values: dict, kind: str) -> list[tuple[tuple, dict]]:
    parts = values.get(kind)
    if not isinstance(parts, list | tuple):
        return []
    return [((kind, i), part) for i, part in enumerate(parts)
            if isinstance(part, dict) and isinstance(part.get('key'), str)]


def _repeated(kind: str, parts: list[tuple[tuple, dict]]) -> list[tuple[tuple, str]]:
    seen: dict[str, tuple] = {}
    problems = []
    for place, part in parts:
        if seen.setdefault(part['key'], place) != place:
            problems.append((place, f"{kind} keys must be unique; '{part['key']}' stands there "
                                    'twice'))
    return problems


def _message(item: dict) -> str:
    """Say one pydantic error in the words of the contract."""
    if item['type'] == 'missing':
        return 'is needed and missing'
    if item['type'] == 'extra_forbidden':
        return 'is not a word of the contract (a typing error?)'
    if item['type'] == 'value_error':
        return item['msg'].removeprefix('Value error, ')
    return f'{item["msg"]}; got {item["input"]!r}'


def _line(root, loc: tuple) -> int:
    """Return the line (from 1) of the deepest part of `loc` that stands in the file."""
    node, line = root, 1
    for step in loc:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step < len(node.value):
                child = node.value[step]
                line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line
