"""`ros2 launch adapt_ros fetchpick_dbc.launch.py`, as a user types it."""

import re
import signal
import subprocess
import time

import pytest
from launched import EXIT_S, result_of

from adapt_learning.evaluation.evaluate import evaluate

pytestmark = pytest.mark.serial

QUICK = ('video:=false', 'seed:=2000')


def test_the_main_job_runs_and_reports(launched, policy, tmp_path):
    """The one command of the README ends with 0, a table, result.json, video and picture."""
    run = launched(f'policy:={policy}', 'episodes:=2', f'report:={tmp_path}/out', 'seed:=2000')
    assert run.wait() == 0, run.output
    result = result_of(tmp_path / 'out')
    assert result['episodes'] == 2 and len(result['per_episode']) == 2
    assert [e['seed'] for e in result['per_episode']] == [2000, 2001]
    assert {'success_rate', 'ci_low', 'ci_high', 'latency_p50_ms'} <= set(result)
    assert result['ticks'] == sum(e['steps'] for e in result['per_episode'])
    assert all(e['reason'] == 'EPISODES_DONE' for e in result['per_episode'])
    for file in ('run.png', 'episodes.mp4'):
        assert (tmp_path / 'out' / file).stat().st_size > 1000
    assert 'Wilson' in run.output and 'Traceback' not in run.output
    alone = evaluate(policy, 'fetch_pick', episodes=2, noise_level=1.25, seed=2000, jobs=1)
    assert [(e['success'], e['steps']) for e in result['per_episode']] == [
        (e.success, e.steps) for e in alone.results], 'the same as `adapt eval`'


def test_show_args_describes_every_argument():
    shown = subprocess.run(
        ['ros2', 'launch', 'adapt_ros', 'fetchpick_dbc.launch.py', '--show-args'],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert shown.returncode == 0
    for name in ('episodes', 'noise_level', 'seed', 'mode', 'policy', 'contract', 'namespace',
                 'video', 'report', 'robot'):
        # The real ros2 writes 'name': in quotes, the fallback the name alone.
        assert re.search(rf"^\s*'?{name}'?:?$", shown.stdout, re.M), shown.stdout
    assert 'no description given' not in shown.stdout


def test_everything_works_in_a_namespace(launched, policy, tmp_path):
    run = launched(f'policy:={policy}', 'episodes:=1', 'namespace:=robot1',
                   f'report:={tmp_path}/out', *QUICK)
    assert run.wait() == 0, run.output
    assert 'robot1.policy_node' in run.output
    assert result_of(tmp_path / 'out')['episodes'] == 1


def test_no_report_is_written_where_none_is_asked_for(launched, failing_policy, tmp_path):
    run = launched(f'policy:={failing_policy}', 'episodes:=1', 'report:=none', *QUICK)
    assert run.wait() == 0, run.output
    assert 'episodes' in run.output and 'wrote' not in run.output
    assert not list(tmp_path.rglob('result.json')) and not list(tmp_path.rglob('none'))


def test_real_time_runs_at_the_contracts_rate(launched, policy, tmp_path):
    run = launched(f'policy:={policy}', 'episodes:=1', 'mode:=realtime',
                   f'report:={tmp_path}/out', *QUICK)
    run.wait()
    result = result_of(tmp_path / 'out')
    episode = result['per_episode'][0]
    # A loaded machine may miss its deadlines and stop the policy; it never runs faster.
    assert episode['seconds'] > 0.8 * episode['steps'] / 25
    assert result['ticks'] >= 1


def test_two_demos_at_once_do_not_hear_each_other(launched, policy, tmp_path):
    """Every run has a domain of its own: two at once give what each gives alone."""
    runs = [launched(f'policy:={policy}', 'episodes:=2', f'report:={tmp_path}/out{i}', *QUICK)
            for i in range(2)]
    assert runs[0].domain != runs[1].domain
    assert [run.wait() for run in runs] == [0, 0], [run.output for run in runs]
    first, second = (
        [(e['success'], e['steps']) for e in result_of(tmp_path / f'out{i}')['per_episode']]
        for i in range(2))
    assert first == second


@pytest.mark.parametrize(('argument', 'said'), [
    ('mode:=turbo', 'turbo'),
    ('robot:=imagined', 'imagined'),
    ('episodes:=many', 'many'),
    ('episodes:=0', 'episodes'),
    ('noise_level:=11', 'noise_level'),
    ('seed:=-1', 'seed'),
    ('policy:=fetch_pick_dcb', 'fetch_pick_dcb'),
    ('contract:=fetch_pik', 'fetch_pik'),
])
def test_a_wrong_argument_ends_with_one_sentence(launched, argument, said):
    """
    Bad input: an error that names it, no traceback, nothing started stays.

    The exit code is the launcher's: with ROS 2 that is 0 where a node refused its parameters.
    """
    run = launched(argument, *(a for a in QUICK
                                           if a.split(':=')[0] != argument.split(':=')[0]))
    run.wait()
    errors = [line for line in run.output.splitlines()
              if said in line and ('rror' in line or 'ERROR' in line)]
    assert errors, run.output
    # The others are asked to end, perhaps amid Python's own start.
    assert 'Traceback' not in run.output or 'KeyboardInterrupt' in run.output


@pytest.mark.parametrize('moment', ['at once', 'as nodes start', 'as they come up',
                                    'in mid-episode'])
def test_ctrl_c_at_any_moment_ends_everything_in_time(launched, failing_policy, moment):
    """After Ctrl-C no process is left behind, and everything has ended within five seconds."""
    run = launched(f'policy:={failing_policy}', 'episodes:=100000', *QUICK)
    if moment == 'as nodes start':
        run.node('policy_node')
    elif moment == 'as they come up':
        run.until('policy_node-2')
        run.node('evaluator')
        time.sleep(0.4)  # amid their imports
    elif moment == 'in mid-episode':
        run.until('episode   2/')
    assert run.interrupt() < EXIT_S
    assert run.left() == []
    if moment != 'as nodes start':  # there it may hit Python's own start
        assert 'Traceback' not in run.output


def test_ctrl_c_twice_is_no_crash(launched, failing_policy):
    run = launched(f'policy:={failing_policy}', 'episodes:=100000', *QUICK)
    run.until('episode   2/')
    run.process.send_signal(signal.SIGINT)
    assert run.interrupt() < EXIT_S
    assert run.left() == []


@pytest.mark.parametrize('victim', ['sim_bridge', 'policy_node'])
def test_a_killed_node_ends_everything(launched, failing_policy, victim):
    """After kill -9 in mid-episode: the rest stops, says what happened, and nothing is left."""
    run = launched(f'policy:={failing_policy}', 'episodes:=100000', *QUICK)
    run.until('episode   2/')
    process = run.node(victim)
    begin = time.monotonic()
    process.kill()
    run.wait()
    assert time.monotonic() - begin < EXIT_S
    assert run.left() == []
    assert victim in run.output.split('episode   2/')[1], 'it is said who went away'
    assert 'success' in run.output.split('episode   2/')[1], 'what was counted is reported'
