"""Nodes: the command lines they are given, namespaces, parameters."""

from pathlib import Path
from typing import List

import pytest
import yaml

from launch import LaunchContext
from launch.actions import GroupAction, LogInfo
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import (
    LifecycleNode,
    Node,
    PushROSNamespace,
    PushRosNamespace,
    SetParameter,
)
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue
from launch_ros.substitutions import FindPackagePrefix, FindPackageShare

ROS = '--ros-args'


@pytest.fixture
def context(prefix):
    prefix.executable('talker', '#!/bin/sh\necho "$@"\n')
    context = LaunchContext()
    context.launch_configurations.update(who='world', n='42', list='[1, 2]', flag='true')
    return context


def command(context, **kwargs):
    return Node(package='demo', executable='talker', **kwargs).command(context)[1:]


def test_a_bare_node(context, prefix):
    assert Node(package='demo', executable='talker').command(context) == [
        str(prefix.lib / 'talker'), ROS]
    assert Node(executable='/bin/true').command(context) == ['/bin/true', ROS]


def test_names_remappings_and_arguments(context):
    who = LaunchConfiguration('who')
    assert command(context, name=['n_', who], namespace='ns', arguments=['--one', who],
                   ros_arguments=['--log-level', 'debug'], remappings=[('a', ['b/', who])]) == [
        '--one', 'world', ROS, '--log-level', 'debug', ROS, '-r', '__node:=n_world', '-r',
        '__ns:=/ns', '-r', 'a:=b/world']


@pytest.mark.parametrize(('pushed', 'given', 'expected'), [
    ('robot', None, '/robot'), ('robot', 'arm', '/robot/arm'), ('robot', '/abs', '/abs'),
    ('/a/b/', 'c/', '/a/b/c'), ('/', 'x', '/x'), ('', '', '/')])
def test_namespaces(context, pushed, given, expected):
    for action in (PushRosNamespace, PushROSNamespace):
        context.launch_configurations.pop('ros_namespace', None)
        action(pushed).execute(context)
        assert command(context, namespace=given) == [ROS, '-r', f'__ns:={expected}']


@pytest.mark.parametrize('kwargs', [{'name': '1x'}, {'name': 'a/b'}, {'namespace': 'a b'}])
def test_bad_names_are_refused(context, kwargs):
    with pytest.raises(RuntimeError, match='is not a valid'):
        command(context, **kwargs)


def parameters(context, given, **kwargs):
    *_, option, path = command(context, parameters=[given], **kwargs)
    assert option == '--params-file'
    return yaml.safe_load(Path(path).read_text())


def test_parameters_of_a_dictionary(context):
    who, n = LaunchConfiguration('who'), LaunchConfiguration('n')
    assert parameters(context, {
        'a': 1, 'b': 2.5, 'c': 'txt', 'd': True, 'e': [1, 2], 'f': [1, 2.5], 'g': ['x', 'y'],
        'h': who, 'i': ['pre_', who], 'n': {'m': '12', 'o': n}, 's': LaunchConfiguration('list'),
        'p': ParameterValue(n, value_type=str), 'q': ParameterValue('[1]', value_type=str),
        'r': ParameterValue(LaunchConfiguration('list'), value_type=List[int]),
        't': LaunchConfiguration('flag'), 'u': ParameterValue(n, value_type=float),
        'v': ParameterValue(3), 'w': [[who, '1'], [who, '2']],
    }) == {'/**': {'ros__parameters': {
        'a': 1, 'b': 2.5, 'c': 'txt', 'd': True, 'e': [1, 2], 'f': [1.0, 2.5], 'g': ['x', 'y'],
        'h': 'world', 'i': 'pre_world', 'n.m': '12', 'n.o': 42, 's': [1, 2], 'p': '42',
        'q': '[1]', 'r': [1, 2], 't': True, 'u': 42.0, 'v': 3, 'w': ['world1', 'world2']}}}


def test_parameters_belong_to_the_node_if_its_whole_name_is_known(context):
    assert list(parameters(context, {'a': 1}, name='x')) == ['/**']
    assert list(parameters(context, {'a': 1}, name='x', namespace='ns')) == ['/ns/x']
    assert list(parameters(context, {'a': 1}, name='x', namespace='')) == ['/x']


@pytest.mark.parametrize('wrong', [None, [], ['a', 1], [True, 1], object(), b'x',
                                   LaunchConfiguration('dict')])
def test_what_is_no_parameter_value_is_refused(context, wrong):
    context.launch_configurations['dict'] = '{a: 1}'
    with pytest.raises(RuntimeError, match="^parameter 'a': .* is no parameter value"):
        command(context, parameters=[{'a': wrong}])


def test_a_value_of_another_type_is_refused(context):
    for value, kind in (('x', int), (LaunchConfiguration('who'), float), ([1], List[str])):
        with pytest.raises(ValueError, match='not of the type|not'):
            ParameterValue(value, value_type=kind).evaluate(context)


def test_a_wrong_value_names_its_parameter_and_its_launch_argument(context):
    who = LaunchConfiguration('who')
    for value, sentence in (
            (ParameterValue(who, value_type=int), "'world' is not of the type int"),
            (ParameterValue(['[', who], value_type=int), "'[world' cannot be read as YAML"),
            (['{a: ', who, '}'], 'is no parameter value')):
        with pytest.raises(RuntimeError) as caught:
            command(context, parameters=[{'n': {'m': value}}])
        assert str(caught.value).startswith("parameter 'n.m': ") and sentence in str(caught.value)
        assert str(caught.value).endswith("; give the launch argument 'who' another value")
    with pytest.raises(RuntimeError, match="^parameter 'a': 'x' is not of the type int$"):
        SetParameter('a', ParameterValue('x', value_type=int)).execute(context)


def test_nothing_is_started_where_a_later_node_is_wrong(launched, context):
    node = {'package': 'demo', 'executable': 'talker', 'output': 'screen'}
    code, lines = launched(
        Node(**node), GroupAction([Node(**node)]),
        Node(**node, parameters=[{'a': ParameterValue(LaunchConfiguration('who'),
                                                      value_type=int)}]), who='x')
    assert code == 1
    assert lines == ["[ERROR] [launch]: parameter 'a': 'x' is not of the type int; give the launch "
                     "argument 'who' another value"]


def test_parameter_files(context, prefix, capfd):
    path = prefix.share / 'p.yaml'
    path.write_text('{a: $(var who), b: $(env NO_SUCH else), c: $(find-pkg-share demo), '
                    'd: $(var no_such 7)}')
    where = PathJoinSubstitution([FindPackageShare('demo'), 'p.yaml'])
    for given in (path, str(path), where, ParameterFile(where)):
        assert command(context, parameters=[given])[-2:] == ['--params-file', str(path)]
    filled = parameters(context, ParameterFile(where, allow_substs=True))
    assert filled == {'a': 'world', 'b': 'else', 'c': str(prefix.share), 'd': 7}
    path.write_text('a: $(command ls)')
    with pytest.raises(RuntimeError, match='not offered'):
        ParameterFile(path, allow_substs=True).evaluate(context)
    assert command(context, parameters=['/no/such.yaml']) == [ROS]
    assert "no parameter file '/no/such.yaml'" in capfd.readouterr().out


def test_parameters_for_all_nodes_of_a_group(launched, context):
    node = {'package': 'demo', 'executable': 'talker', 'output': 'screen'}
    code, lines = launched(
        GroupAction([SetParameter('a', LaunchConfiguration('n')), SetParameter('b', True),
                     Node(**node, exec_name='in')]),
        Node(**node, exec_name='out'), n='5')
    assert code == 0
    shown = sorted(line.partition('] ')[2] for line in lines if '--ros-args' in line)
    assert shown == [ROS, f'{ROS} -p a:=5 -p b:=True']
    with pytest.raises(RuntimeError, match='cannot take a list'):
        SetParameter('a', [1, 2]).execute(context)


def test_packages_and_executables_that_are_not_there(launched, context, prefix):
    for node, sentence in ((Node(package='nopkg', executable='x'), "no package 'nopkg'"),
                           (Node(package='demo', executable='x'), "no executable 'x'")):
        code, lines = launched(node)
        assert code == 1
        assert sentence in lines[0]
    assert FindPackagePrefix('demo').perform(context) == str(prefix.root)


def test_a_lifecycle_node_needs_its_whole_name():
    with pytest.raises(TypeError):
        LifecycleNode(package='demo', executable='talker', name='x')
    LogInfo(msg=['x'])
