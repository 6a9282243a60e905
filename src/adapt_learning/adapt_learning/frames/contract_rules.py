"""The rules of a contract that look at more than one value.

They work on checked parts and on raw values from a file alike, so that all mistakes of a contract
can be reported at once.
"""

from adapt_learning.frames.messages import FIELDS


def check_source(part) -> None:
    """Check topic, type, field and names of a received or commanded feature."""
    missing = [name for name in ('topic', 'type', 'field') if not getattr(part, name)]
    if missing:
        hint = ' (or derive)' if hasattr(part, 'derive') else ''
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
        for key in _sources(part):
            if key not in received:
                problems.append((place, f"'{part['key']}' is derived from '{key}', which is not a "
                                        f'received feature; there are {sorted(received)}'))
            elif received[key].get('size') != part.get('size'):
                problems.append((place, f"'{part['key']}' has size {part.get('size')}, its source "
                                        f"'{key}' has {received[key].get('size')}"))
    problems += _overwritten(action)
    types: dict[str, str] = {}
    direction: dict[str, str] = {}
    for place, part in (*observation, *action):
        topic = part.get('topic')
        if not topic or not isinstance(topic, str):
            continue
        if types.setdefault(topic, part.get('type')) != part.get('type'):
            problems.append((place, f"topic '{topic}' is used with two types: {types[topic]} and "
                                    f'{part.get("type")}'))
        if direction.setdefault(topic, place[0]) != place[0]:
            problems.append((place, f"topic '{topic}' is used for observation and for action"))
    return problems


def _overwritten(action: list[tuple[tuple, dict]]) -> list[tuple[tuple, str]]:
    """Find actions that would overwrite each other in one message."""
    fields: dict[tuple, str] = {}
    joints: dict[str, list] = {}
    problems = []
    for place, part in action:
        topic, field, names = part.get('topic'), part.get('field'), part.get('names')
        if not isinstance(topic, str) or not isinstance(field, str):
            continue
        first = fields.setdefault((topic, field), part['key'])
        if first != part['key']:
            problems.append((place, f"'{first}' and '{part['key']}' both write {field} of topic "
                                    f"'{topic}'; the first would be lost"))
        if isinstance(names, list | tuple) and joints.setdefault(topic, list(names)) != list(names):
            problems.append((place, f"topic '{topic}' is commanded with two lists of joints; one "
                                    'message has one list'))
    return problems


def _named(values: dict, kind: str) -> list[tuple[tuple, dict]]:
    parts = values.get(kind)
    if not isinstance(parts, list | tuple):
        return []
    return [((kind, i), part) for i, part in enumerate(parts)
            if isinstance(part, dict) and isinstance(part.get('key'), str)]


def _sources(part: dict) -> list[str]:
    derive = part.get('derive')
    of = derive.get('of') if isinstance(derive, dict) else None
    return [key for key in of if isinstance(key, str)] if isinstance(of, list | tuple) else []


def _repeated(kind: str, parts: list[tuple[tuple, dict]]) -> list[tuple[tuple, str]]:
    seen: dict[str, tuple] = {}
    problems = []
    for place, part in parts:
        if seen.setdefault(part['key'], place) != place:
            problems.append((place, f"{kind} keys must be unique; '{part['key']}' stands there "
                                    'twice'))
    return problems
