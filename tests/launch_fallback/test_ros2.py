"""The ros2 command: finding files, arguments, --show-args, exit codes, run, stepping aside."""

import os
import signal

import pytest


def test_launch_by_package_and_by_path(ros2, prefix):
    path = prefix.launch_file('deep/er/x.launch.py', """
        DeclareLaunchArgument('who', default_value='world'),
        LogInfo(msg=['hello ', LaunchConfiguration('who')])""")
    for where in ('demo', path.name), (path,):
        done = ros2('launch', *where, 'who:=a', 'who:=b c=d:=e')
        assert done.returncode == 0
        assert 'hello b c=d:=e' in done.stdout


def test_log_folder(ros2, prefix, tmp_path):
    prefix.launch_file('x.launch.py', "ExecuteProcess(cmd=['echo', 'kept'], name='e')")
    done = ros2('launch', 'demo', 'x.launch.py')
    assert 'kept' not in done.stdout
    folder = (tmp_path / 'log' / 'latest').resolve()
    assert str(folder) in done.stdout
    assert '[e-1] kept' in (folder / 'launch.log').read_text()
    assert '[e-1] kept' in ros2('launch', '-a', 'demo', 'x.launch.py').stdout


def test_show_args(ros2, prefix):
    prefix.launch_file('inner.launch.py', """
        DeclareLaunchArgument('given', description='Comes from outside.'),
        DeclareLaunchArgument('speed', default_value=['1', LaunchConfiguration('task')])""")
    prefix.launch_file('x.launch.py', """
        DeclareLaunchArgument('task', description='What to do.', choices=['pick', 'push']),
        DeclareLaunchArgument('file', default_value=PathJoinSubstitution([
            FindPackageShare('demo'), 'a.yaml']), condition=IfCondition('true')),
        IncludeLaunchDescription([FindPackageShare('demo'), '/launch/inner.launch.py'],
                                 launch_arguments=[('given', 'x')])""")
    assert ros2.here('launch', 'demo', 'x.launch.py', '-s').stdout.splitlines() == [
        'Arguments, to be given as name:=value', '',
        'task', '    What to do.', '    choices: pick, push', '    required', '',
        'file *', '    default: $(find-pkg-share demo)/a.yaml', '',
        'given', '    Comes from outside.', '    set by the including launch file', '',
        'speed', '    default: 1$(var task)', '',
        '* depends on other arguments whether this one is used']
    prefix.launch_file('none.launch.py', '')
    assert ros2.here('launch', '-s', 'demo', 'none.launch.py').stdout == (
        'This launch file has no arguments.\n')


@pytest.mark.parametrize(('args', 'sentence'), [
    (['demo', 'x.launch.py'], "'task' (What to do.) is required"),
    (['demo', 'x.launch.py', 'task:=fly'], 'choose one of pick, push'),
    (['nopkg', 'x.launch.py'], "no package 'nopkg'"),
    (['demo', 'y.launch.py'], "no file 'y.launch.py'"),
    (['demo', 'two.launch.py'], 'more than one'),
    (['/no/such.launch.py'], 'no such file'),
    (['demo', 'x.launch.py', 'task'], 'not of the form name:=value'),
    (['demo', 'syntax.launch.py'], 'syntax.launch.py:8'),
    (['-s', 'demo', 'syntax.launch.py'], 'syntax.launch.py:8'),
])
def test_errors_are_one_sentence_and_exit_code_1(ros2, prefix, args, sentence):
    prefix.launch_file('x.launch.py', "DeclareLaunchArgument('task', description='What to do.', "
                                      "choices=['pick', 'push'])")
    prefix.launch_file('two.launch.py', '')
    prefix.launch_file('again/two.launch.py', '')
    prefix.launch_file('syntax.launch.py', '', before='1 +')
    runs = args[-1] in ('x.launch.py', 'task:=fly', 'syntax.launch.py') and '-s' not in args
    done = (ros2 if runs and 'nopkg' not in args else ros2.here)('launch', *args)
    told = [line for line in (done.stdout + done.stderr).splitlines() if 'log files' not in line]
    assert done.returncode == 1
    assert len(told) == 1
    assert sentence in told[0]


def test_debug_shows_the_traceback(ros2, prefix):
    prefix.launch_file('x.launch.py', "{}['key']")
    assert 'Traceback' in ros2('launch', '-d', 'demo', 'x.launch.py').stdout


def test_unknown_arguments_are_warned_of_and_used(ros2, prefix):
    prefix.launch_file('x.launch.py', """
        DeclareLaunchArgument('task', default_value='pick'),
        LogInfo(msg=LaunchConfiguration('tsk'))""")
    done = ros2('launch', 'demo', 'x.launch.py', 'tsk:=push', 'sigterm_timeout:=1')
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if 'WARNING' in line] == [
        "[WARNING] [launch]: the launch file declares no argument 'tsk'; did you mean task?"]
    assert done.stdout.endswith('push\n')


def test_temporary_files_are_removed(ros2, prefix, tmp_path):
    prefix.executable('talker', '#!/bin/sh\necho "$@"\n')
    prefix.launch_file('x.launch.py', "Node(package='demo', executable='talker', "
                                      "parameters=[{'a': 1}], output='screen')")
    (tmp_path / 'tmp').mkdir()
    ros2.env['TMPDIR'] = str(tmp_path / 'tmp')
    assert '--params-file' in ros2('launch', 'demo', 'x.launch.py').stdout
    assert not list((tmp_path / 'tmp').iterdir())


def test_run_passes_arguments_exit_code_and_signals(ros2, prefix):
    prefix.executable('exe', '#!/bin/sh\necho "$@"; exit 5\n')
    prefix.executable('deep/sleeper', '#!/bin/sh\necho ready; exec sleep 60\n')
    done = ros2('run', 'demo', 'exe', '--flag', 'x', '--ros-args', '-p', 'a:=1')
    assert (done.returncode, done.stdout) == (5, '--flag x --ros-args -p a:=1\n')
    assert ros2('run', '--prefix', 'echo "a b"', 'demo', 'exe').stdout.startswith('a b /')
    running = ros2.start('run', 'demo', 'sleeper')
    assert running.stdout.readline() == 'ready\n'
    running.send_signal(signal.SIGTERM)
    assert running.wait(5) == -signal.SIGTERM


@pytest.mark.parametrize(('args', 'sentence'), [
    (['demo', 'none'], "no executable 'none'"), (['nopkg', 'x'], "no package 'nopkg'")])
def test_run_says_what_is_not_there(ros2, args, sentence):
    done = ros2.here('run', *args)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_other_verbs(ros2):
    done = ros2('topic', 'list')
    assert done.returncode == 2  # what the real one says to a verb that it does not know
    assert done.stderr == ('ros2 topic: this is the fallback of the adapt stack, which offers only '
                           'launch and run; a ROS 2 Jazzy installation has the rest, and '
                           "docs/tools/ros.py of the stack's source calls services, sends goals "
                           'and shows topics\n')
    assert ros2.here().returncode == ros2.here('--help').returncode == 0
    assert ros2.here('launch').returncode == 2


def test_steps_aside_where_the_real_one_comes_first(ros2, tmp_path):
    real = tmp_path / 'jazzy'
    for package in ('launch', 'ros2cli'):
        (real / package).mkdir(parents=True)
        (real / package / '__init__.py').touch()
    (real / 'ros2cli' / 'cli.py').write_text(
        'import launch\ndef main(argv=None): print(launch.__file__); return 3')
    ros2.env['PYTHONPATH'] = os.pathsep.join([str(real), ros2.env['PYTHONPATH']])
    done = ros2('launch', 'demo', 'x.launch.py')
    assert (done.returncode, done.stdout) == (3, f'{real}/launch/__init__.py\n')
