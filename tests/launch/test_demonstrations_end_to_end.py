"""
Record, import, restore, train, run: the whole way of a demonstration, through ROS.

The simulated robot says noisy values and does the right thing, as a robot with bad sensors and
a bad log of its commands would. What was polluted is in the bags, but nothing here tells it to the
restoration.
"""

import subprocess
import sys

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from adapt_msgs.action import RestoreDemonstrations
from launched import result_of
from rclpy.action import ActionClient

from adapt_learning.data import load_dataset
from adapt_learning.evaluation.evaluate import evaluate

# Not serial: nothing in it is about time, so other tests may run beside it.
pytestmark = pytest.mark.timeout(900)
EPISODES, RUNS = 30, 20
# Less of everything than by default: this is about the way, not about the last per cent.
RESTORE = ('restorer_settings.training.denoiser_optimization.steps=3000',
           'restorer_settings.training.predictor_optimization.steps=1500')
TRAIN = ('--task', 'fetch_pick', '--set', 'optimization.steps=3000', '--set', 'run.threads=1')
LONG_S = 400.0


def adapt(*arguments):
    return subprocess.Popen([sys.executable, '-m', 'adapt_learning.cli.main', *map(str, arguments)],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def done(process):
    said, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 0, said


def restored_by_action(input_name, output_name):
    """Ask restoration_server for the restoration and return its result."""
    node = rclpy.create_node('operator')
    client = ActionClient(node, RestoreDemonstrations, '/restoration_server/restore')
    try:
        assert client.wait_for_server(60.0)
        stages = []
        sent = client.send_goal_async(
            RestoreDemonstrations.Goal(input=input_name, output=output_name,
                                       preset='trajectory', overrides=RESTORE),
            feedback_callback=lambda m: stages.append(m.feedback.stage))
        rclpy.spin_until_future_complete(node, sent, timeout_sec=30.0)
        assert sent.result().accepted
        ended = sent.result().get_result_async()
        rclpy.spin_until_future_complete(node, ended, timeout_sec=LONG_S)
        assert ended.result().status == GoalStatus.STATUS_SUCCEEDED, ended.result().result.text
        assert len(set(stages)) > 1, 'feedback per stage'
        return ended.result().result
    finally:
        client.destroy()
        node.destroy_node()


def test_restored_demonstrations_teach_more_than_polluted_ones(
        launched, ros_domain, rclpy_session, tmp_path):
    recorded = launched(f'episodes:={EPISODES}', f'out:={tmp_path}/demos', 'speed:=10.0',
                        'pollution_kind:=gaussian', 'pollution_p:=0.2', file='record.launch.py')
    assert recorded.wait(LONG_S) == 0, recorded.output
    done(adapt('data', 'import', tmp_path / 'demos', '--out', tmp_path / 'polluted'))
    polluted = load_dataset(tmp_path / 'polluted')
    assert len(polluted) == EPISODES and all(e.success for e in polluted)

    reference = adapt('train', 'bc', '--data', tmp_path / 'polluted', '--out',
                      tmp_path / 'bc_polluted', *TRAIN, '--set', 'run.outside_box=true')
    server = launched(f'folder:={tmp_path}', file='restore.launch.py', domain=ros_domain)
    try:
        result = restored_by_action('polluted', 'restored')
        server.interrupt()
    finally:
        done(reference)
    assert result.pairs == sum(map(len, polluted)) == result.kept + result.restored + result.dropped
    assert result.restored > 0
    assert load_dataset(tmp_path / 'polluted').hash == polluted.hash, 'the input is not touched'
    done(adapt('train', 'bc', '--data', tmp_path / 'restored', '--out', tmp_path / 'bc_restored',
               *TRAIN))

    run = launched(f'policy:={tmp_path}/bc_restored', f'episodes:={RUNS}', 'noise_level:=1.0',
                   'video:=false', f'report:={tmp_path}/out', 'seed:=3000')
    assert run.wait(LONG_S) == 0, run.output
    with_restored = result_of(tmp_path / 'out')['success_rate']
    with_polluted = evaluate(str(tmp_path / 'bc_polluted'), 'fetch_pick', episodes=RUNS,
                             noise_level=1.0, seed=3000, jobs=1).rate.rate
    # Measured: 1.0 against 0.2.
    assert with_restored > with_polluted + 0.3, (with_restored, with_polluted)
