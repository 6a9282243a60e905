"""Actions: arguments, settings and their scopes, includes, functions, timers, events."""

import re

import pytest

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    GroupAction,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
    TimerAction,
)
from launch.conditions import IfCondition
from launch.event_handlers import OnShutdown
from launch.events import Shutdown as ShutdownEvent
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.substitutions import FindPackageShare


def say(*parts, **kwargs):
    return LogInfo(msg=list(parts), **kwargs)


WHO = LaunchConfiguration('who', default='nobody')


def test_arguments_take_the_value_given_or_the_default(said):
    declared = DeclareLaunchArgument('a', default_value=['d', LaunchConfiguration('b')])
    assert said(declared, say(LaunchConfiguration('a')), b='2') == ['d2']
    assert said(declared, say(LaunchConfiguration('a')), b='2', a='given') == ['given']


@pytest.mark.parametrize(('kwargs', 'sentence'), [
    ({'description': 'the task'}, r"launch argument 'a' \(the task\) is required: give a:=VALUE"),
    ({'choices': ['x', 'y'], 'default_value': LaunchConfiguration('z')}, 'choose one of x, y'),
])
def test_missing_and_wrong_values_end_the_launch_with_one_sentence(launched, kwargs, sentence):
    code, lines = launched(DeclareLaunchArgument('a', **kwargs), say('not reached'), z='z')
    assert code == 1
    assert len(lines) == 1
    assert re.search(sentence, lines[0])


def test_a_default_outside_the_choices_is_refused_at_once():
    with pytest.raises(RuntimeError, match="default 'c' is not one of a, b"):
        DeclareLaunchArgument('x', default_value='c', choices=['a', 'b'])


def test_a_condition_decides_whether_an_action_is_executed(said):
    assert said(say('yes', condition=IfCondition('true')),
                say('no', condition=IfCondition('0'))) == ['yes']


def test_a_group_keeps_its_settings_to_itself(said):
    inner = [SetLaunchConfiguration('who', 'moon'), SetEnvironmentVariable('FALLBACK_X', 'in'),
             say(WHO, EnvironmentVariable('FALLBACK_X'), LaunchConfiguration('extra'))]
    after = say(WHO, EnvironmentVariable('FALLBACK_X', default_value='unset'))
    assert said(GroupAction(inner, launch_configurations={'extra': WHO}), after,
                who='world') == ['mooninworld', 'worldunset']


def test_a_group_can_be_open_or_closed(said):
    assert said(GroupAction([SetLaunchConfiguration('who', 'moon')], scoped=False), say(WHO),
                GroupAction([say(WHO, LaunchConfiguration('k'))], forwarding=False,
                            launch_configurations={'k': WHO}), say(WHO)
                ) == ['moon', 'nobodymoon', 'moon']


def test_an_opaque_function_gets_the_context_and_may_return_entities(said):
    def function(context, first, second=None):
        return [say(context.launch_configurations['who'], first, second)]
    assert said(OpaqueFunction(function=function, args=['1'], kwargs={'second': '2'}),
                who='w') == ['w12']


@pytest.fixture
def inner(prefix):
    return prefix.launch_file('inner.launch.py', """
        DeclareLaunchArgument('need', description='what is needed'),
        DeclareLaunchArgument('more', default_value='m'),
        LogInfo(msg=[LaunchConfiguration('need'), LaunchConfiguration('more')])""")


def test_includes_get_arguments_and_leave_them_behind(said, inner):
    share = FindPackageShare('demo')
    source = PythonLaunchDescriptionSource([share, '/launch/inner.launch.py'])
    assert said(IncludeLaunchDescription(source, launch_arguments={'need': WHO}.items()),
                say(LaunchConfiguration('need')), who='w') == ['wm', 'w']
    assert said(IncludeLaunchDescription([share, '/launch/inner.launch.py'],
                                         launch_arguments=[('need', 'n'), ('more', 'x')])) == ['nx']


def test_an_include_without_a_required_argument_is_an_error(launched, inner):
    code, lines = launched(IncludeLaunchDescription(str(inner)))
    assert code == 1
    assert "'need' (what is needed) is required" in lines[0]
    # As in Jazzy: what an earlier action has set is not enough for the include.
    assert launched(IncludeLaunchDescription(str(inner)), need='set')[0] == 1


def test_includes_that_cannot_be_read(launched, tmp_path):
    (tmp_path / 'x.launch.xml').write_text('<launch/>')
    (tmp_path / 'none.launch.py').write_text('')
    for name, sentence in {'x.launch.xml': 'not Python is not offered', 'gone.launch.py':
                           'there is no file', 'none.launch.py': 'generate_launch_desc'}.items():
        code, lines = launched(IncludeLaunchDescription(str(tmp_path / name)))
        assert code == 1
        assert sentence in lines[0]


def test_arguments_are_found_without_launching(inner):
    description = LaunchDescription([
        DeclareLaunchArgument('a'),
        DeclareLaunchArgument('a', default_value='second of its name'),
        GroupAction([DeclareLaunchArgument('b')], condition=IfCondition('false')),
        GroupAction([DeclareLaunchArgument('unreachable')], forwarding=False),
        IncludeLaunchDescription(str(inner)),
        IncludeLaunchDescription(LaunchConfiguration('known only later')),
        TimerAction(period=1.0, actions=[DeclareLaunchArgument('c')]),
        RegisterEventHandler(OnShutdown(on_shutdown=[DeclareLaunchArgument('d')]))])
    found = {a.name: a.conditionally_included for a in description.get_launch_arguments()}
    assert found == {'a': False, 'b': True, 'need': False, 'more': False, 'c': True, 'd': True}


def test_a_timer_waits_unless_the_launch_ends(said):
    assert said(TimerAction(period=0.1, actions=[say('late')]), say('early')) == ['early', 'late']
    period = LaunchConfiguration('period')
    assert said(TimerAction(period=period, actions=[say('never')]),
                TimerAction(period=0.05, actions=[Shutdown()]), period='60') == []


def test_shutdown_by_action_or_event_reaches_handlers_newest_first(launched):
    def tell(event, context):
        return say('two ', event.reason)
    handlers = [RegisterEventHandler(OnShutdown(on_shutdown=[say('one')])),
                RegisterEventHandler(OnShutdown(on_shutdown=tell))]
    for ending in Shutdown(reason='done'), EmitEvent(event=ShutdownEvent(reason='done')):
        code, lines = launched(*handlers, ending)
        assert code == 0
        assert [line.rpartition(': ')[2] for line in lines] == ['two done', 'one']


def test_an_error_names_its_place_and_ends_the_launch(launched):
    code, lines = launched(OpaqueFunction(function=lambda context: {}['key']),
                           TimerAction(period=60.0, actions=[]))
    assert code == 1
    assert 'KeyError' in lines[0]
    assert 'test_actions.py:' in lines[0]
