"""A contract that is right: its hashes, its specs, and that nobody can change it."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from adapt_learning.frames import Contract, load_contract, parse_contract

CONTRACTS = Path(__file__).parents[3] / 'config' / 'contracts'
FETCH_PICK = (CONTRACTS / 'fetch_pick.yaml').read_text(encoding='utf-8')

# Artifacts carry this number. Whoever changes it makes all trained policies unusable.
FETCH_PICK_INTERFACE = '3ad719807268c311'


def changed(pattern, replacement, text=FETCH_PICK):
    """Return the contract fetch_pick with one piece of its text changed."""
    new, count = re.subn(pattern, replacement, text, count=1)
    assert count == 1
    return parse_contract(new)


@pytest.mark.parametrize('path', sorted(CONTRACTS.glob('*.yaml')), ids=lambda path: path.stem)
def test_every_contract_in_the_repository_loads_by_name_and_by_path(path):
    by_path = load_contract(path)
    assert by_path.name == path.stem
    assert load_contract(path.stem) == by_path
    assert load_contract(str(path)).hash == by_path.hash


def test_the_interface_of_fetch_pick_stays_what_it_is(fetch_pick):
    assert fetch_pick.interface_hash == FETCH_PICK_INTERFACE


def test_a_policy_for_the_simulation_fits_the_real_robot(fetch_pick):
    robot = load_contract('fetch_robot')
    assert robot.interface_hash == fetch_pick.interface_hash
    assert robot.hash != fetch_pick.hash


@pytest.mark.parametrize('pattern, replacement', [
    ('topic: gripper/pose', 'topic: arm/pose'),
    ('max_abs: 1.25', 'max_abs: 0.3'),
    ('max_abs: 1.25', 'max_abs: 1.25, max_rate: 3'),
    ('on_stop: zero', 'on_stop: hold'),
    ('align: episode', 'align: hold'),
    ('frame_id: base_link', 'frame_id: torso'),
    ('soft_start_s: 0.0', 'soft_start_s: 1'),
    ('description: .*', 'description: another'),
    ('width: 320', 'width: 640'),
    ('r_gripper_finger_joint', 'right_finger'),
    ('key: object_position, topic: object/pose, type: geometry_msgs/msg/PoseStamped, '
     'field: pose.position', 'key: object_position, topic: object/point, '
     'type: geometry_msgs/msg/PointStamped, field: point'),
])
def test_where_values_come_from_and_how_far_they_may_go_is_not_the_interface(
        fetch_pick, pattern, replacement):
    other = changed(pattern, replacement)
    assert other.interface_hash == fetch_pick.interface_hash
    assert other.hash != fetch_pick.hash


def swapped(text):
    """Exchange the first two observations."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith('  - {key:'))
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    return '\n'.join(lines)


@pytest.mark.parametrize('other', [
    lambda: parse_contract(swapped(FETCH_PICK)),
    lambda: changed('rate_hz: 25', 'rate_hz: 20'),
    lambda: changed('size: 3, unit: m}', 'size: 3, unit: mm}'),
    lambda: changed('scale: 1.25', 'scale: 1.0'),
    lambda: changed(r'take: \[0, 1\]', 'take: [1, 0]'),
    lambda: changed(r'of: \[object_position, gripper_position\]',
                    'of: [gripper_position, object_position]'),
    lambda: changed('key: finger_position', 'key: fingers'),
    lambda: changed('names: .*, size: 2', 'names: [a, b, c], size: 3'),
    lambda: changed("size: 1, unit: '1'", "size: 2, unit: '1'"),
    lambda: changed(r'convert: euler_xyz, take: \[0, 1\], size: 2, unit: rad',
                    'size: 4, unit: rad'),
], ids=['order', 'rate', 'unit', 'scale', 'take', 'derivation', 'key', 'size', 'action', 'convert'])
def test_whatever_a_policy_depends_on_changes_the_interface(fetch_pick, other):
    assert other().interface_hash != fetch_pick.interface_hash


def test_numbers_may_be_written_as_people_write_them(fetch_pick):
    assert changed('rate_hz: 25', 'rate_hz: 25.0').hash == fetch_pick.hash
    assert changed('size: 3', "size: '3'").hash == fetch_pick.hash


def test_the_order_of_words_in_the_file_does_not_matter(fetch_pick):
    values = yaml.safe_load(FETCH_PICK)
    backwards = {key: values[key] for key in reversed(values)}
    assert parse_contract(yaml.safe_dump(backwards, sort_keys=False)).hash == fetch_pick.hash


def test_nobody_can_change_a_contract(fetch_pick):
    for part, name, value in (
            (fetch_pick, 'rate_hz', 50), (fetch_pick.safety, 'soft_start_s', 0),
            (fetch_pick.observation[0], 'size', 4), (fetch_pick.action[0], 'max_abs', 9.0)):
        with pytest.raises(ValidationError):
            setattr(part, name, value)
    assert isinstance(fetch_pick.observation, tuple)


def test_a_contract_goes_through_json_and_comes_back_equal(fetch_pick):
    again = Contract.model_validate_json(fetch_pick.model_dump_json())
    assert again == fetch_pick and again.hash == fetch_pick.hash


def test_the_observation_of_fetch_pick_is_the_dissertation_s(fetch_pick):
    spec = fetch_pick.observation_spec
    assert [(f.key, f.size) for f in spec.features] == [
        ('gripper_position', 3), ('object_position', 3), ('object_relative_position', 3),
        ('finger_position', 2), ('object_rotation', 2), ('goal_position', 3)]
    assert spec.size == 16 and fetch_pick.action_spec.size == 4
    assert spec.slices['goal_position'] == slice(13, 16)
    assert spec.labels[9:13] == (
        'finger_position.r_gripper_finger_joint', 'finger_position.l_gripper_finger_joint',
        'object_rotation.x', 'object_rotation.y')
    assert fetch_pick.action_spec.labels[-1] == 'gripper_command.0'
    assert fetch_pick.period_ns == 40_000_000


def test_a_limit_is_always_on_even_where_none_is_written():
    contract = changed('max_abs: 1.25, ', '')
    assert contract.action[0].max_abs is None and contract.action[0].limit == 1.25
    assert changed('scale: 1.25, max_abs: 1.25', 'scale: -2').action[0].limit == 2.0


def test_only_contracts_with_an_episode_feature_need_episodes(fetch_pick):
    assert fetch_pick.needs_episodes
    assert not load_contract('fetch_robot').needs_episodes
