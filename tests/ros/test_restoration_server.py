"""restoration_server: the command in a child process, told, cancelled, killed, taken up again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.action import RestoreDemonstrations
from ament_index_python.packages import get_package_prefix
from bench import activate
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.action import ActionClient
from rclpy.lifecycle import TransitionCallbackReturn

from adapt_learning.data import Dataset, Episode, load_dataset, save_dataset
from adapt_learning.data.pollution import corrupt
from adapt_learning.frames import load_contract
from adapt_ros.nodes.restoration_server import RestorationServer, why_it_ended

WITHIN_S = 120.0
"""A child imports torch first."""
_NET = 'restorer_settings.training.'
QUICK = ['filter=lof', 'restorer_settings.threshold=1', 'least_clean_pairs=20',
         f'{_NET}denoiser.width=8', f'{_NET}denoiser_optimization.steps=20',
         f'{_NET}predictor.width=8',
         f'{_NET}predictor_optimization.steps=20']
ENDLESS = [*QUICK, f'{_NET}denoiser_optimization.steps=10000000']


@pytest.fixture(scope='module')
def polluted():
    """Return smooth walks with noise on a fifth of them."""
    rng = np.random.default_rng(0)
    time_s = np.arange(40) * 0.04

    def walk(size):
        return rng.normal(size=size) + np.cumsum(rng.normal(size=(40, size)), axis=0) * 0.02

    return corrupt(Dataset(tuple(
        Episode(walk(16), np.tanh(walk(4)), time_s, np.zeros(40), True, number)
        for number in range(8)), load_contract('fetch_pick')), 'gaussian', 0.2, 1.0, 0)


@pytest.fixture
def folder(tmp_path, polluted):
    """Return a folder with the dataset `noisy`."""
    save_dataset(tmp_path / 'noisy', polluted)
    return tmp_path


def children(process=None):
    """Return the restorations that a process (this one) has started."""
    return [child for child in psutil.Process(process).children()
            if 'restore' in child.cmdline()]


class Client:
    """Sends goals of RestoreDemonstrations."""

    def __init__(self, bench, folder):
        self.bench = bench
        self.node = bench.node(RestorationServer, folder=str(folder))
        activate(self.node)
        self.action = ActionClient(bench.helper('client'), RestoreDemonstrations,
                                   f'{bench.namespace}/restoration_server/restore')
        self.feedback = []

    def send(self, **goal):
        """Send a goal and return its handle."""
        self.bench.until(self.action.server_is_ready, 'the action server')
        goal = {'input': 'noisy', 'output': 'restored', 'overrides': QUICK} | goal
        return self.bench.answer(self.action.send_goal_async(
            RestoreDemonstrations.Goal(**goal),
            feedback_callback=lambda m: self.feedback.append(m.feedback)))

    def result(self, handle):
        """Return (status, result) of a goal."""
        future = handle.get_result_async()
        self.bench.until(future.done, 'the result', WITHIN_S)
        return future.result().status, future.result().result

    def until_stage(self, word):
        """
        Wait for a stage whose name has this word in it.

        Only a stage that lasts can be waited for: the node passes the newest progress on, and a
        stage that is over between two looks is never told.
        """
        self.bench.until(lambda: self.feedback and word in self.feedback[-1].stage,
                         f'stage {word}', WITHIN_S)


@pytest.fixture
def client(bench, folder):
    """Return a client and its server."""
    return Client(bench, folder)


def test_restores_tells_and_says_what_came_of_it(client, folder, polluted):
    handle = client.send(report='page.html')
    assert handle.accepted
    status, result = client.result(handle)
    assert status == GoalStatus.STATUS_SUCCEEDED, result.text
    restored = load_dataset(folder / 'restored')
    assert result.pairs == polluted.steps
    assert result.kept + result.restored == restored.steps
    assert result.pairs == result.kept + result.restored + result.dropped
    assert result.restored > 0 and result.seconds > 0 and 'pairs' in result.text
    assert Path(result.output) == folder / 'restored' and (folder / 'page.html').is_file()
    assert load_dataset(folder / 'noisy').hash == polluted.hash, 'the input is never touched'
    shares = [one.progress for one in client.feedback]
    assert shares == sorted(shares) and all(0 <= share <= 1 for share in shares)
    assert client.feedback[-1].stages > 3 and 0.0 <= result.polluted_states <= 1.0


def test_a_dry_run_judges_and_writes_nothing(client, folder):
    status, result = client.result(client.send(output='', dry_run=True))
    assert status == GoalStatus.STATUS_SUCCEEDED and result.pairs > 0
    assert sorted(path.name for path in folder.iterdir()) == ['noisy']


@pytest.mark.parametrize('goal', [
    {'input': 'nothing'}, {'input': ''}, {'input': '../noisy'}, {'input': '/etc'},
    {'input': 'x' * 5000}, {'input': 'ü' * 200},
    {'output': '../restored'}, {'output': ''}, {'output': '.'}, {'report': '../page.html'},
    {'report': 'page.txt'}, {'overrides': ['--out=/tmp/x']}, {'overrides': ['filter']},
    {'preset': '--help'}])
def test_goals_that_lead_elsewhere_are_refused(client, folder, goal):
    assert not client.send(**goal).accepted
    assert sorted(path.name for path in folder.iterdir()) == ['noisy']


def test_a_link_that_leads_outside_is_refused(client, folder, tmp_path_factory, polluted):
    outside = tmp_path_factory.mktemp('outside')
    save_dataset(outside / 'noisy', polluted)
    (folder / 'link').symlink_to(outside / 'noisy')
    assert not client.send(input='link').accepted


@pytest.mark.parametrize(('goal', 'sentence'), [
    ({'output': 'there'}, 'never overwritten'),
    ({'output': 'noisy/restored'}, 'outside of the input'),
    ({'report': 'noisy/page.html'}, 'outside of the input'),
    ({'input': 'bags'}, '`adapt data import`'),
    ({'input': 'bags', 'output': '', 'dry_run': True}, '`adapt data import`'),
    ({'input': 'cut'}, 'adapt.json')])
def test_what_the_command_would_refuse_is_refused_at_once(client, folder, polluted, goal, sentence):
    save_dataset(folder / 'there', polluted)
    save_dataset(folder / 'cut', polluted)
    (folder / 'cut/meta/adapt.json').unlink()
    (folder / 'bags/episode_000001').mkdir(parents=True)
    (folder / 'bags/episode_000001/episode_000001_0.mcap').write_bytes(b'')
    said = []
    client.node.get_logger().warning = said.append
    assert not client.send(**goal).accepted and not children()
    assert sentence in said[0]
    assert load_dataset(folder / 'there').hash == polluted.hash


def test_what_the_command_refuses_aborts_with_its_sentence(client):
    status, result = client.result(client.send(overrides=['filter=magic']))
    assert status == GoalStatus.STATUS_ABORTED
    assert 'magic' in result.text and 'Traceback' not in result.text
    # The failure is behind it: the next goal is done and logged.
    status, result = client.result(client.send(output='after'))
    assert status == GoalStatus.STATUS_SUCCEEDED, result.text


def test_a_cancelled_goal_goes_on_where_it_stopped(client, folder):
    handle = client.send(overrides=ENDLESS)
    client.until_stage('learn')
    assert not client.send(output='other').accepted, 'one at a time'
    client.bench.answer(handle.cancel_goal_async())
    status, result = client.result(handle)
    assert status == GoalStatus.STATUS_CANCELED and 'goes on' in result.text
    assert not (folder / 'restored').exists() and (folder / 'restored.work').is_dir()
    judged = {path: path.stat().st_mtime_ns for path in (folder / 'restored.work').glob('judge*')}
    assert len(judged) == 2
    status, _ = client.result(client.send())
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert (folder / 'restored').is_dir() and not (folder / 'restored.work').exists()


def test_the_service_cancels_too(client):
    assert not client.bench.trigger('restoration_server/cancel').success
    handle = client.send(overrides=ENDLESS)
    client.until_stage('learn')
    assert client.bench.trigger('restoration_server/cancel').success
    assert client.result(handle)[0] == GoalStatus.STATUS_CANCELED


def test_a_child_that_is_killed_aborts_the_goal_and_not_the_node(client, folder):
    handle = client.send(overrides=ENDLESS)
    client.until_stage('learn')
    child, = children()
    child.kill()
    status, result = client.result(handle)
    assert status == GoalStatus.STATUS_ABORTED and result.text == (
        'killed by signal 9 (out of memory?); send the same goal again, finished stages are kept')
    assert client.result(client.send())[0] == GoalStatus.STATUS_SUCCEEDED
    assert (folder / 'restored').is_dir()


@pytest.mark.parametrize('code, words, said', [
    (-9, ['a warning of a library'], 'killed by signal 9 (out of memory?); send the same goal'),
    (-11, [], 'killed by signal 11; send the same goal again, finished stages are kept'),
    (2, ['a warning', 'adapt: the folder is filled', 'another warning'], 'the folder is filled'),
    (1, ['MemoryError'], 'MemoryError'),
    (1, [], 'exit code 1'),
])
def test_why_a_child_ended_is_one_sentence(code, words, said):
    assert why_it_ended(code, words).startswith(said)


def test_leaving_the_active_state_ends_the_work_with_a_result(client):
    handle = client.send(overrides=ENDLESS)
    client.until_stage('learn')
    assert client.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    status, result = client.result(handle)
    assert status == GoalStatus.STATUS_ABORTED and 'deactivated' in result.text
    assert not children()
    assert not client.send().accepted, 'inactive'


def test_diagnostics_tell_the_stage(client):
    said = []
    client.bench.helper('listener').create_subscription(
        DiagnosticArray, '/diagnostics', lambda m: said.extend(m.status), 10)
    client.bench.until(lambda: any('idle' in one.message for one in said), 'idle')
    handle = client.send(overrides=ENDLESS)
    client.until_stage('learn')
    client.bench.until(lambda: any('learn' in one.message for one in said), 'the stage')
    client.bench.answer(handle.cancel_goal_async())
    client.result(handle)


def test_without_a_folder_configure_is_refused(bench, tmp_path):
    for folder in ('', str(tmp_path / 'nothing')):
        node = bench.node(RestorationServer, folder=folder)
        assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
        assert "parameter 'folder'" in node.failure
        bench.nodes.remove(node)
        bench.executor.remove_node(node)
        node.destroy_node()


def test_a_killed_server_leaves_no_child_behind(bench, folder, ros_domain):
    """Kill -9 of the node ends the computation too; its stages stay."""
    executable = Path(get_package_prefix('adapt_ros'), 'lib', 'adapt_ros', 'restoration_server')
    server = subprocess.Popen(
        [executable, '--ros-args', '-r', f'__ns:={bench.namespace}', '-p', f'folder:={folder}',
         '-p', 'autostart:=true'], stdin=subprocess.DEVNULL)
    try:
        action = ActionClient(bench.helper('client'), RestoreDemonstrations,
                              f'{bench.namespace}/restoration_server/restore')
        bench.until(action.server_is_ready, 'the action server', WITHIN_S)
        assert bench.answer(action.send_goal_async(RestoreDemonstrations.Goal(
            input='noisy', output='restored', overrides=ENDLESS))).accepted
        bench.until(lambda: children(server.pid), 'the child')
        child, = children(server.pid)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        end = time.monotonic() + 10
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < end, 'the child outlived its node'
            time.sleep(0.05)
    finally:
        server.kill()
        server.wait()
