"""What is not offered is refused by name, never ignored."""

import importlib

import pytest

from launch import Action, Event, LaunchDescription
from launch.actions import ExecuteProcess, GroupAction, LogInfo, TimerAction
from launch.event_handlers import OnProcessExit, OnShutdown
from launch_ros.actions import Node

MODULES = ['launch', 'launch.actions', 'launch.substitutions', 'launch.conditions',
           'launch.event_handlers', 'launch.events', 'launch.events.process',
           'launch.launch_description_sources', 'launch_ros', 'launch_ros.actions',
           'launch_ros.substitutions', 'launch_ros.parameter_descriptions', 'launch_ros.events',
           'launch_ros.events.lifecycle', 'launch_ros.event_handlers']


@pytest.mark.parametrize('module', MODULES)
def test_unknown_names(module):
    importlib.import_module(module)
    with pytest.raises(ImportError, match=f'^{module}.NoSuch is not offered by the launch fallback'
                                          '; a ROS 2 Jazzy installation has it$'):
        exec(f'from {module} import NoSuch')


def test_star_imports_bring_only_what_is_offered():
    # Without __all__ the event Shutdown of one module would hide the action of another.
    names = {}
    for module in MODULES[1:]:
        exec(f'from {module} import *', names)
    assert issubclass(names['Shutdown'], Event)
    exec('from launch.actions import *; from launch.event_handlers import *', names)
    assert issubclass(names['Shutdown'], Action)
    assert not {'Any', 'Optional', 'yaml', 'os', 'pieces', 'LaunchContext'} & names.keys()


@pytest.mark.parametrize('module', ['launch.frontend', 'launch_ros.utilities'])
def test_unknown_modules(module):
    with pytest.raises(ModuleNotFoundError, match=f'{module} is not offered'):
        importlib.import_module(module)


@pytest.mark.parametrize('make', [
    lambda **kw: LogInfo(msg='x', **kw), lambda **kw: ExecuteProcess(cmd=['x'], **kw),
    lambda **kw: Node(executable='x', **kw), lambda **kw: GroupAction([], **kw),
    lambda **kw: TimerAction(period=1.0, actions=[], **kw), lambda **kw: LaunchDescription(**kw),
    lambda **kw: OnShutdown(on_shutdown=[], **kw), lambda **kw: OnProcessExit(on_exit=[], **kw)])
def test_unknown_keyword_arguments(make):
    make()
    with pytest.raises(TypeError, match="keyword argument 'wrong' is not offered"):
        make(wrong=1)


@pytest.mark.parametrize('make', [
    lambda: OnProcessExit(target_action='node', on_exit=[]), lambda: OnShutdown(on_shutdown=['x']),
    lambda: Node(executable='x', parameters={'a': 1}), lambda: LogInfo(msg=5)])
def test_wrong_types(make):
    with pytest.raises(TypeError):
        make()
