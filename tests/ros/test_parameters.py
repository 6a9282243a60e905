"""Parameters: described, ranged, read-only, refused with a sentence."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from ament_index_python.packages import get_package_prefix
from bench import activate
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.parameter import Parameter

from adapt_learning.errors import SettingError
from adapt_learning.frames.messages import FIELDS
from adapt_ros.nodes.evaluator import Evaluator, EvaluatorSettings
from adapt_ros.nodes.policy_node import PolicyNode, PolicyNodeSettings
from adapt_ros.nodes.sim_bridge import SimBridge, SimBridgeSettings

REPOSITORY = Path(__file__).parents[2]
NODES = [(PolicyNode, PolicyNodeSettings, 'policy_node'),
         (SimBridge, SimBridgeSettings, 'sim_bridge'),
         (Evaluator, EvaluatorSettings, 'evaluator')]


@pytest.mark.parametrize(('node', 'settings', 'name'), NODES)
def test_every_parameter_has_a_description_and_its_limits(bench, node, settings, name):
    bench.node(node)
    names = list(settings.__dataclass_fields__)
    found = bench.call(DescribeParameters, f'{name}/describe_parameters', names=names).descriptors
    assert [d.name for d in found] == names
    for descriptor, field in zip(found, settings.__dataclass_fields__.values(), strict=True):
        assert descriptor.description
        meta = field.metadata
        assert descriptor.read_only == meta['read_only']
        ranges = [*descriptor.floating_point_range, *descriptor.integer_range]
        assert bool(ranges) == (meta['within'] is not None)
        if ranges:
            assert (ranges[0].from_value, ranges[0].to_value) == (
                meta['within'].low, meta['within'].high)
        assert bool(descriptor.additional_constraints) == bool(meta['one_of'])


def set_one(bench, name, value):
    answer = bench.call(SetParameters, 'sim_bridge/set_parameters',
                        parameters=[Parameter(name, value=value).to_parameter_msg()])
    return answer.results[0]


def test_what_may_change_at_run_time_changes_and_the_rest_is_read_only(bench):
    node = bench.node(SimBridge)
    assert set_one(bench, 'noise_level', 1.5).successful
    assert node.get_parameter('noise_level').value == 1.5
    for name, value in (('mode', 'realtime'), ('noise_level', 99.0), ('noise_level', 'much')):
        answer = set_one(bench, name, value)
        assert not answer.successful and answer.reason


@pytest.mark.parametrize(('node', 'parameters', 'said'), [
    (SimBridge, {'mode': 'turbo'}, 'lockstep, realtime'),
    (SimBridge, {'task': 'fetch_pik'}, 'fetch_pick'),
    (SimBridge, {'noise_level': 11.0}, 'noise_level'),
    (SimBridge, {'noise_level': 1}, 'must be float'),
    (SimBridge, {'noise_level': float('nan')}, 'noise_level'),
    (SimBridge, {'command_timeout': 'soon'}, 'command_timeout'),
    (PolicyNode, {'watchdog_rate': 0.0}, 'watchdog_rate'),
    (PolicyNode, {'lockstep': 'yes'}, 'lockstep'),
    (Evaluator, {'episodes': 0}, 'episodes'),
    (Evaluator, {'episodes': 2.5}, 'episodes'),
    (Evaluator, {'seed': -1}, 'seed'),
])
def test_a_bad_value_is_refused_at_start_with_one_sentence(bench, node, parameters, said):
    with pytest.raises(SettingError) as error:
        bench.node(node, **parameters)
    assert said in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize(('name', 'arguments', 'said'), [
    ('sim_bridge', ['mode:=turbo'], 'lockstep, realtime'),
    ('policy_node', ['artifact:=no_such_policy', 'autostart:=true'], 'no_such_policy'),
])
def test_the_process_ends_with_code_2_and_no_traceback(ros_domain, name, arguments, said):
    """Bad input of a user is exit code 2 and one clear error, never a traceback."""
    node = Path(get_package_prefix('adapt_ros'), 'lib', 'adapt_ros', name)
    parameters = [word for argument in arguments for word in ('-p', argument)]
    ended = subprocess.run([node, '--ros-args', *parameters], capture_output=True, text=True,
                           timeout=60, stdin=subprocess.DEVNULL)
    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr and 'Traceback' not in ended.stderr


def test_an_evaluator_whose_report_is_a_file_is_refused(bench, tmp_path):
    (tmp_path / 'out').write_text('')
    node = bench.node(Evaluator, report=str(tmp_path / 'out'))
    with pytest.raises(AssertionError, match='is a file'):
        activate(node)


@pytest.mark.parametrize(('settings', 'name'), [(kind, name) for _, kind, name in NODES])
def test_parameter_files_hold_the_defaults_but_for_what_they_say(settings, name):
    text = (REPOSITORY / f'config/nodes/{name}.yaml').read_text()
    written = yaml.safe_load(text)[f'/**/{name}']['ros__parameters']
    defaults = {field.name: field.default for field in fields(settings)}
    assert list(written) == list(defaults)
    said = re.findall(r'(\w+) \(default (\w+)\)', text)
    shown = {'': 'empty', False: 'false', True: 'true'}
    assert said == [(key, shown[defaults[key]]) for key, value in written.items()
                    if value != defaults[key]]


def test_the_manifest_names_what_is_imported():
    """Imports of the package and of the launch files, and the messages that a contract may name."""
    tree = ElementTree.parse(REPOSITORY / 'src/adapt_ros/package.xml')
    named = {entry.text for entry in tree.findall('exec_depend')}
    files = [*(REPOSITORY / 'src/adapt_ros/adapt_ros').rglob('*.py'),
             *(REPOSITORY / 'launch').glob('*.launch.py')]
    used = {kind.split('/')[0] for kind in FIELDS}
    for node in (node for file in files for node in ast.walk(ast.parse(file.read_text()))):
        if isinstance(node, ast.Import):
            used |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            used.add(node.module.split('.')[0])
    used -= sys.stdlib_module_names | {'adapt_ros', 'rosbags', 'av'}  # two are on PyPI only
    keys = {'numpy': 'python3-numpy', 'yaml': 'python3-yaml'}
    assert named == {keys.get(name, name) for name in used} | {'ros2launch'}, (
        'ros2launch is the command that people start it with')
