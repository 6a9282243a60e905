"""What a contract may not say: every rule, its sentence and its line.

The line where a mistake is expected ends in `#!`; nothing here counts lines by hand.
"""

import copy
import textwrap

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from adapt_learning.errors import ContractError
from adapt_learning.frames import load_contract, parse_contract

POSE = 'geometry_msgs/msg/PoseStamped'
JOINTS = 'sensor_msgs/msg/JointState'
NUMBERS = 'std_msgs/msg/Float64MultiArray'
HAND = f'{{key: hand, topic: hand/pose, type: {POSE}, field: pose.position, size: 3, unit: m}}'
SPEED = ('{key: speed, topic: cmd, type: geometry_msgs/msg/Twist, field: linear, size: 3, '
         'unit: m/s}')
CAMERA = ('{key: front, topic: image, info_topic: info, width: 320, height: 240, rate_hz: 25}')


def contract(*observation, action=SPEED, head='name: robot\nrate_hz: 50', tail=''):
    """Return the text of a contract with the feature `hand` before the ones that are given."""
    lines = [head, 'observation:', f'  - {HAND}', *(f'  - {part}' for part in observation),
             'action:', f'  - {action}', tail]
    return '\n'.join(lines)


def mistakes(text):
    """Return [(line, where and message)] of a contract, and the lines marked with `#!`."""
    with pytest.raises(ContractError) as caught:
        parse_contract(text, 'robot.yaml')
    assert str(caught.value).startswith('the contract robot.yaml has ')
    found = []
    for problem in caught.value.problems:
        assert problem in str(caught.value)
        origin, line, message = problem.split(':', 2)
        assert origin == 'robot.yaml'
        found.append((int(line), message.strip()))
    marked = [i for i, line in enumerate(text.splitlines(), 1) if line.rstrip().endswith('#!')]
    return found, marked


def one_mistake(text, *words):
    """Check that there is exactly one mistake, on the marked line, that says `words`."""
    found, marked = mistakes(text)
    assert [line for line, _ in found] == marked, found
    for word in words:
        assert word in found[0][1]


def pose(key='block', **changes):
    """Return a valid second observation; None removes a word."""
    parts = {'key': key, 'topic': f'{key}/pose', 'type': POSE, 'field': 'pose.position',
             'size': 3, 'unit': 'm'} | changes
    return '{' + ', '.join(f'{k}: {v}' for k, v in parts.items() if v is not None) + '}'


def test_the_contract_of_these_tests_is_right_before_a_mistake_is_put_in():
    parsed = parse_contract(contract(pose(), tail=f'cameras:\n  - {CAMERA}'))
    assert parsed.observation_spec.size == 6 and parsed.action_spec.size == 3


@pytest.mark.parametrize('feature, words', [
    (pose(key='Block', topic='b'), 'observation.1.key'),
    (pose(key='2nd', topic='b'), 'observation.1.key'),
    (pose(topic='/two//slashes'), 'observation.1.topic'),
    (pose(topic="'block/'"), 'observation.1.topic'),
    (pose(topic="'block pose'"), 'observation.1.topic'),
    (pose(unit=None), 'observation.1.unit: is needed and missing'),
    (pose(unit=1), 'observation.1.unit'),
    (pose(size=None), 'observation.1.size: is needed and missing'),
    (pose(size=0), 'greater than or equal to 1; got 0'),
    (pose(size=5000), 'less than or equal to 4096; got 5000'),
    (pose(size='three'), "got 'three'"),
    (pose(size=4), 'size is 4, but the source gives 3 elements'),
    (pose(unti='m'), 'observation.1.unti: is not a word of the contract (a typing error?)'),
    (pose(topic=None), "topic, type and field are needed (or derive); ['topic'] missing"),
    (pose(type=None, field=None), "['type', 'field'] missing"),
    (pose(type='geometry_msgs/msg/Pose'), "type 'geometry_msgs/msg/Pose' is not one"),
    (pose(field='pose'), "has no field 'pose' for a contract; allowed: "),
    (pose(names='[a, b, c]'), 'needed with sensor_msgs/msg/JointState and only there'),
    (pose(type=JOINTS, field='position'), 'needed with sensor_msgs/msg/JointState'),
    (pose(type=JOINTS, field='position', names='[a, b, a]'), 'are not unique'),
    (pose(type=JOINTS, field='position', names='[a, b]'), 'size is 3, but the source gives 2'),
    (pose(align='latest'), "got 'latest'"),
    (pose(align='asof'), "max_age_s [s] goes with align 'asof', and 'asof' needs it"),
    (pose(max_age_s=0.1), "max_age_s [s] goes with align 'asof'"),
    (pose(align='asof', max_age_s=0), 'greater than 0; got 0'),
    (pose(align='asof', max_age_s='.inf'), 'finite'),
    (pose(type='geometry_msgs/msg/Twist', field='linear'), "align 'sync' needs a message with a"),
    (pose(type=NUMBERS, field='data', align='episode'), "align 'episode' needs a message with a"),
    (pose(convert='euler_zyx'), "got 'euler_zyx'"),
    (pose(convert='euler_xyz'), "needs a quaternion field, not 'pose.position'"),
    (pose(take='[0, 3]', size=2), 'take [0, 3] points outside of 0..2'),
    (pose(take='[-1]', size=1), 'take [-1] points outside of 0..2'),
    (pose(take='[0, 1]'), 'size is 3, but the source gives 2'),
    (pose(field='pose.orientation', convert='euler_xyz', take='[3]', size=1), 'outside of 0..2'),
    (pose(type=NUMBERS, field='data', align='hold', take='[0, -1]', size=2), 'points outside'),
    ('{key: gap, derive: {op: subtract, of: [hand, hand]}, topic: gap, size: 3, unit: m}',
     "a derived feature is computed, not received: remove ['topic']"),
    ('{key: gap, derive: {op: add, of: [hand, hand]}, size: 3, unit: m}', "got 'add'"),
    ('{key: gap, derive: {op: subtract, of: [hand]}, size: 3, unit: m}', 'derive.of'),
    ('{key: gap, derive: {op: subtract, of: [hand, hnd]}, size: 3, unit: m}',
     "derived from 'hnd', which is not a received feature; there are ['hand']"),
    ('{key: gap, derive: {op: subtract, of: [hand, gap]}, size: 3, unit: m}',
     "'gap' is derived from 'gap', which is not a received feature"),
    (pose(key='hand', topic='again'), "observation keys must be unique; 'hand' stands there twice"),
    (pose(topic='hand/pose', type='geometry_msgs/msg/Vector3Stamped', field='vector'),
     "topic 'hand/pose' is used with two types"),
])
def test_a_mistake_in_an_observation_is_told_with_its_line(feature, words):
    one_mistake(contract(f'{feature}  #!'), words)


def test_a_derived_feature_has_the_size_of_each_of_its_sources():
    gap = '{key: gap, derive: {op: subtract, of: [hand, hand]}, size: 2, unit: m}  #!'
    found, marked = mistakes(contract(gap))
    assert {line for line, _ in found} == set(marked)
    assert "'gap' has size 2, its source 'hand' has 3" in found[0][1]


@pytest.mark.parametrize('action, words', [
    (SPEED.replace('unit', 'scale: 0, unit'), 'scale must not be 0'),
    (SPEED.replace('unit', 'scale: .nan, unit'), 'finite'),
    (SPEED.replace('unit', 'max_abs: 0, unit'), 'action.0.max_abs'),
    (SPEED.replace('unit', 'max_rate: -1, unit'), 'action.0.max_rate'),
    (SPEED.replace('unit', 'on_stop: brake, unit'), "got 'brake'"),
    (SPEED.replace('size: 3', 'size: 2'), 'size is 2, but geometry_msgs/msg/Twist linear has 3'),
    (SPEED.replace('field: linear', 'field: lineal'), "no field 'lineal'"),
    (SPEED.replace('topic: cmd, ', ''), 'action.0.topic: is needed and missing'),
    (SPEED.replace('topic: cmd', 'topic: hand/pose').replace(
        'geometry_msgs/msg/Twist, field: linear', f'{POSE}, field: pose.position'),
     "topic 'hand/pose' is used for observation and for action"),
])
def test_a_mistake_in_an_action_is_told_with_its_line(action, words):
    one_mistake(contract(action=f'{action}  #!'), words)


@pytest.mark.parametrize('head, words', [
    ('name: robot\nrate_hz: 0  #!', 'rate_hz: Input should be greater than 0; got 0'),
    ('name: robot\nrate_hz: 2000  #!', 'got 2000'),
    ('name: robot\nrate_hz: .inf  #!', 'finite'),
    ('name: robot\nrate_hz: often  #!', "got 'often'"),
    ('name: my robot  #!\nrate_hz: 50', "got 'my robot'"),
    ('rate_hz: 50  #!', 'name: is needed and missing'),
    ('name: robot\nspeed: 3  #!\nrate_hz: 50', 'speed: is not a word of the contract'),
    ('name: robot\nsafety: {observation_timeout_s: 0}  #!\nrate_hz: 50', 'got 0'),
    ('name: robot\nsafety: {observation_timeout_s: 11}  #!\nrate_hz: 50', 'got 11'),
    ('name: robot\nsafety: {inference_deadline_s: -1}  #!\nrate_hz: 50', 'got -1'),
    ('name: robot\nsafety: {max_deadline_misses: 0}  #!\nrate_hz: 50', 'got 0'),
    ('name: robot\nsafety: {soft_start_s: -0.1}  #!\nrate_hz: 50', 'got -0.1'),
    ('name: robot\nsafety: {timeout: 1}  #!\nrate_hz: 50', 'safety.timeout: is not a word'),
    (f'name: robot\ncameras: [{CAMERA.replace("320", "8")}]  #!\nrate_hz: 50', 'got 8'),
    (f'name: robot\ncameras: [{CAMERA.replace("rate_hz: 25", "rate_hz: 0")}]  #!\nrate_hz: 50',
     'cameras.0.rate_hz'),
    (f'name: robot\ncameras: [{CAMERA.replace("topic: image", "topic: a b")}]  #!\nrate_hz: 50',
     'cameras.0.topic'),
    (f'name: robot\nrate_hz: 50\ncameras:\n  - {CAMERA}\n  - {CAMERA}  #!',
     "cameras keys must be unique; 'front' stands there twice"),
])
def test_a_mistake_in_the_rest_is_told_with_its_line(head, words):
    one_mistake(contract(head=head), words)


@pytest.mark.parametrize('text, words', [
    (f'name: robot\nrate_hz: 50\nobservation: []  #!\naction: [{SPEED}]', 'observation'),
    (f'name: robot\nrate_hz: 50\nobservation: [{HAND}]\naction: []  #!', 'action'),
    (f'name: robot\nrate_hz: 50\naction:\n  - {SPEED}\nobservation:  #!\n  - '
     + pose(align='hold'), "at least one received feature must have align 'sync'"),
])
def test_there_is_something_to_see_and_something_to_do(text, words):
    one_mistake(text, words)


def test_a_word_that_stands_twice_in_a_mapping_is_a_mistake():
    """Silently the second one would win; with two `safety:` blocks nobody would notice."""
    head = 'name: robot\nrate_hz: 50\nsafety: {soft_start_s: 1}\nsafety: {soft_start_s: 2}  #!'
    one_mistake(contract(head=head), 'safety: stands there twice')
    one_mistake(contract(pose(size='3, size: 3') + '  #!'), 'observation.1.size: stands there')


def test_all_mistakes_of_different_kinds_come_at_once_with_their_lines():
    """A rule that looks at a whole feature points at the feature's first line."""
    text = textwrap.dedent(f"""\
        # Two comment lines, so that
        # nothing starts at line 1.
        name: robot
        rate_hz: fast  #!
        observation:
          - {HAND}
          - key: block  #!
            topic: hand/pose
            type: {POSE}
            field: pose.velocity
            size: 3
            unit: m
          - key: gap  #!
            derive: {{op: subtract, of: [block, marker]}}
            size: 3
            unit: m
          - {HAND}  #!
        action:
          - {SPEED.replace('topic: cmd', 'topic: hand/pose')}  #!
        safety:
          soft_start: 1  #!
        """)
    found, marked = mistakes(text)
    assert sorted({line for line, _ in found}) == marked, found
    told = '\n'.join(message for _, message in found)
    for words in ('rate_hz: Input should be a valid number', "no field 'pose.velocity'",
                  "derived from 'marker'", "'hand' stands there twice",
                  'is used for observation and for action', 'is used with two types',
                  'safety.soft_start: is not a word'):
        assert words in told
    assert len(found) == 7


def test_five_mistakes_are_five_lines():
    text = contract(
        pose(unit=None) + '  #!',
        pose('gap', align='asof') + '  #!',
        '{key: way, derive: {op: subtract, of: [hand, nothing]}, size: 3, unit: m}  #!',
        action=SPEED.replace('field: linear', 'field: lineal') + '  #!',
        head='name: robot\nrate_hz: -1  #!')
    found, marked = mistakes(text)
    assert [line for line, _ in found] == marked and len(marked) == 5
    with pytest.raises(ContractError, match='the contract robot.yaml has 5 mistakes:'):
        parse_contract(text, 'robot.yaml')


@pytest.mark.parametrize('text', [
    'name: [robot', 'name: robot\n\trate_hz: 5', 'a: !!python/object:os.system ls', 'a: &b',
    'name: robot\x00', 'when: 2026-99-99', 'n: !!int five', '[' * 5000, '"' + '\\q' * 3,
])
def test_what_is_not_yaml_is_one_clear_error(text):
    with pytest.raises(ContractError, match='robot.yaml'):
        parse_contract(text, 'robot.yaml')


def test_the_line_of_a_yaml_error_is_told():
    with pytest.raises(ContractError, match=r'robot\.yaml:3: this is not YAML'):
        parse_contract('name: robot\nrate_hz: 5\n}', 'robot.yaml')


@pytest.mark.parametrize('text, kind', [('', 'NoneType'), ('- a\n- b', 'list'), ('robot', 'str')])
def test_a_contract_is_a_mapping(text, kind):
    with pytest.raises(ContractError, match=f'a contract is a YAML mapping .*; got {kind}'):
        parse_contract(text)


def test_files_that_cannot_be_read_are_told_apart(tmp_path):
    with pytest.raises(ContractError, match='No such file'):
        load_contract(tmp_path / 'missing.yaml')
    with pytest.raises(ContractError, match='directory'):
        load_contract(tmp_path)
    (tmp_path / 'latin.yaml').write_bytes('name: größe'.encode('latin-1'))
    with pytest.raises(ContractError, match='not a text file in UTF-8'):
        load_contract(tmp_path / 'latin.yaml')
    with pytest.raises(ContractError, match="no installed contract 'fetch_pik'.*'fetch_pick'"):
        load_contract('fetch_pik')
    with pytest.raises(ContractError):
        load_contract('robot\0.yaml')


def test_a_file_is_named_in_its_mistakes(tmp_path):
    path = tmp_path / 'robot.yaml'
    path.write_text(contract(head='name: robot\nrate_hz: 0'), encoding='utf-8')
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert caught.value.problems[0].startswith(f'{path}:2: rate_hz: ')


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.floats(), st.text(max_size=3),
    st.sampled_from(['hand', 'block', 'hand/pose', 'sync', 'asof', 'subtract', POSE, JOINTS]),
    st.lists(st.one_of(st.integers(-1, 4), st.sampled_from(['hand', 'block'])), max_size=3),
    st.dictionaries(st.sampled_from(['op', 'of', 'key', 'x']), st.integers(), max_size=2),
    st.lists(st.lists(st.integers(), max_size=1), max_size=2))


def places(value, path=()):
    """Return the path of every value inside nested lists and mappings."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()
    return [path, *(place for key, part in inside for place in places(part, (*path, key)))]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_contract_the_answer_is_a_contract_or_its_mistakes(data):
    """Never a traceback: any value of a good contract is replaced by something odd."""
    gap = '{key: gap, derive: {op: subtract, of: [block, hand]}, size: 3, unit: m}'
    values = yaml.safe_load(contract(pose(align='asof', max_age_s=0.1, take='[0, 1, 2]'), gap,
                                     tail=f'cameras:\n  - {CAMERA}\nsafety: {{soft_start_s: 1}}'))
    for _ in range(data.draw(st.integers(1, 3))):
        changed = copy.deepcopy(values)
        path = data.draw(st.sampled_from(places(changed)[1:]))
        parent = changed
        for step in path[:-1]:
            parent = parent[step]
        parent[path[-1]] = data.draw(ODD)
        values = changed
        if len(places(values)) < 2:
            break
    text = yaml.safe_dump(values, allow_unicode=True)
    try:
        parsed = parse_contract(text, 'robot.yaml')
    except ContractError as error:
        assert error.problems
    else:
        assert parsed.observation_spec.size >= 1
