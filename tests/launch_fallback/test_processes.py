"""Processes: output, environment, events, respawning, escalation."""

import re
import time
from pathlib import Path

import pytest

from launch.actions import (
    EmitEvent,
    ExecuteProcess,
    LogInfo,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessStart
from launch.events import matches_action
from launch.events.process import ShutdownProcess, SignalProcess
from launch.substitutions import LaunchConfiguration


def bash(script, **kwargs):
    kwargs.setdefault('output', 'screen')
    return ExecuteProcess(cmd=['bash', '-c', script], **kwargs)


def output(lines, name='bash'):
    found = [re.fullmatch(rf'\[{name}-\d+\] (.*)', line) for line in lines]
    return [match[1] for match in found if match]


def test_lines_have_the_name_in_front(launched):
    code, lines = launched(bash('echo one; echo two >&2; printf part', name='talker'))
    assert code == 0
    assert sorted(output(lines, 'talker')) == ['one', 'part', 'two']
    assert re.fullmatch(r'\[INFO\] \[talker-\d+\]: started, process id \d+', lines[0])


def test_output_to_the_log_shows_only_stderr(launched):
    script = 'echo out; echo err >&2'
    assert output(launched(bash(script, output='log'))[1]) == ['err']
    assert sorted(output(launched(bash(script, output='both'))[1])) == ['err', 'out']
    code, lines = launched(bash('true', output='paper'))
    assert code == 1
    assert "not 'paper'" in lines[0]


def test_environment_folder_and_substitutions(launched, tmp_path):
    who = LaunchConfiguration('who')
    code, lines = launched(bash('echo $PWD $A $B', cwd=str(tmp_path), additional_env={'A': who},
                                env={'B': ['b', who]}), who='w')
    assert output(lines) == [f'{tmp_path} w bw']


def test_shell_and_prefix(launched):
    assert output(launched(ExecuteProcess(cmd=['echo', '$((1 + 1))'], shell=True, name='sh',
                                          output='screen'))[1], 'sh') == ['2']
    assert output(launched(ExecuteProcess(cmd=['a'], prefix='echo "x y"', name='e',
                                          output='screen'))[1], 'e') == ['x y a']


def test_a_terminal_can_be_emulated(launched):
    script = '[ -t 1 ] && [ -t 2 ] && echo terminal || echo pipe'
    assert output(launched(bash(script))[1]) == ['pipe']
    assert output(launched(bash(script, emulate_tty=True))[1]) == ['terminal']


def test_start_and_exit_are_events(launched):
    first, second = bash('exit 3', name='first'), bash('true', name='second')
    code, lines = launched(
        first, LogInfo(msg='before it runs'),
        RegisterEventHandler(OnProcessStart(target_action=first, on_start=[LogInfo(msg='on')])),
        RegisterEventHandler(OnProcessExit(
            target_action=lambda action: action is first,
            on_exit=lambda event, context: [LogInfo(msg=f'exit {event.returncode}'), second])),
        RegisterEventHandler(OnProcessExit(target_action=second, on_exit=LogInfo(msg='last'))))
    assert code == 0
    told = [line.rpartition(': ')[2] for line in lines if 'launch.user' in line]
    assert told == ['before it runs', 'on', 'exit 3', 'last']


@pytest.mark.parametrize('exit_code', [0, 7])
def test_a_required_process_ends_the_launch_well(launched, exit_code):
    # Real `ros2 launch` returns 0 here too, whatever the process returned.
    begun = time.monotonic()
    code, lines = launched(bash('exec sleep 60'), bash(f'exit {exit_code}', on_exit=Shutdown()))
    assert code == 0
    assert time.monotonic() - begun < 2
    assert any('the launch needs it' in line for line in lines)


def test_respawning_counts_and_stops_with_the_launch(launched):
    assert len(output(launched(bash('echo again', respawn=True, respawn_delay=0.01,
                                    respawn_max_retries=2))[1])) == 3
    for delay in (0.01, 60.0):
        code, _ = launched(bash('true', respawn='true', respawn_delay=delay),
                           TimerAction(period=0.2, actions=[Shutdown()]))
        assert code == 0


def test_what_cannot_be_started_is_told_and_does_not_fail_the_launch(launched):
    code, lines = launched(ExecuteProcess(cmd=['/no/such']), LogInfo(msg='goes on'))
    assert code == 0  # as in Jazzy
    assert 'could not be started' in lines[1]


def test_a_process_can_be_signalled_or_stopped_alone(launched):
    begun = time.monotonic()
    one, two = bash('trap "echo got; exit" USR1; sleep 5 & wait'), bash('exec sleep 60')
    code, lines = launched(
        one, two, TimerAction(period=0.3, actions=[
            EmitEvent(event=SignalProcess(signal_number='SIGUSR1',
                                          process_matcher=matches_action(one))),
            EmitEvent(event=ShutdownProcess(process_matcher=matches_action(two)))]),
        RegisterEventHandler(OnProcessExit(target_action=one, on_exit=[])))
    assert output(lines) == ['got']
    assert any('exit code -2' in line for line in lines)
    assert time.monotonic() - begun < 5


def test_who_ignores_sigint_gets_sigterm_and_then_sigkill(launched):
    stubborn = 'trap "" INT TERM; sleep 60'
    begun = time.monotonic()
    code, lines = launched(
        bash(stubborn, sigterm_timeout='0.2', sigkill_timeout='0.2'),
        bash('trap "" INT; echo ready; sleep 60', sigterm_timeout=LaunchConfiguration('t')),
        TimerAction(period=0.3, actions=[Shutdown()]), t='0.1')
    assert code == 0
    assert time.monotonic() - begun < 2
    assert any('exit code -9' in line for line in lines)
    assert any('exit code -15' in line for line in lines)


def test_an_action_runs_once(launched):
    one = bash('true')
    code, lines = launched(one, one)
    assert code == 1
    assert 'a second time' in ''.join(lines)


def test_endless_output_of_a_grandchild_does_not_hold_up(launched, tmp_path):
    pid_file = tmp_path / 'pid'
    code, lines = launched(bash(f'(while :; do echo y; done) & echo $! > {pid_file}',
                                name='parent'), TimerAction(period=0.1, actions=[]))
    assert code == 0
    # Our end of its output is closed with the launch, so that it ends by itself.
    end = time.monotonic() + 2
    while Path(f'/proc/{pid_file.read_text().strip()}/fd/1').exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert len(output(lines, 'parent')) > 100
