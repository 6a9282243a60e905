"""What all nodes share: how they are started, and how they say that they cannot be."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ament_index_python.packages import get_package_prefix
from bench import activate
from rclpy.lifecycle import TransitionCallbackReturn

from adapt_ros import lifecycle
from adapt_ros.nodes.evaluator import Evaluator
from adapt_ros.nodes.sim_bridge import SimBridge, SimBridgeSettings

NODE = Path(get_package_prefix('adapt_ros'), 'lib', 'adapt_ros', 'sim_bridge')


def entities(node):
    """Return how many ROS entities of each kind a node has."""
    kinds = ('publishers', 'subscriptions', 'clients', 'services', 'timers', 'waitables')
    return {kind: len(list(getattr(node, kind))) for kind in kinds}


@pytest.mark.parametrize(('words', 'said'), [
    (['-p', 'noise_level'], 'noise_level'),
    (['-p', 'noise_level:=[1,'], 'noise_level'),
    (['--params-file', 'nofile.yaml'], 'nofile.yaml'),
    (['-r', '__ns:=bad-ns!'], 'bad-ns!'),
    (['-r', '__node:=bad-name!'], 'bad-name!'),
    (['--bogus'], '--bogus'),
])
def test_arguments_that_ros_cannot_read_are_one_sentence_and_code_2(ros_domain, words, said):
    ended = subprocess.run([NODE, '--ros-args', *words], capture_output=True, text=True,
                           timeout=60, stdin=subprocess.DEVNULL)
    assert ended.returncode == 2, ended.stderr
    assert 'Traceback' not in ended.stderr
    errors = [line for line in ended.stderr.splitlines() if line.startswith('error: ')]
    assert len(errors) == 1 and said in errors[0] and '.c:' not in errors[0], ended.stderr


_FAULTY = """
import sys
from adapt_learning.errors import SettingError
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.nodes.evaluator import EvaluatorSettings
class Faulty(AdaptNode):
    def __init__(self):
        super().__init__('faulty', EvaluatorSettings)
    def set_up(self):
        raise {error}
sys.exit(run(Faulty))
"""


@pytest.mark.parametrize(('error', 'code'), [("SettingError('not so')", 2), ("KeyError('x')", 1)])
def test_autostart_ends_with_2_for_a_refusal_and_1_for_a_bug(ros_domain, error, code):
    ended = subprocess.run([sys.executable, '-c', _FAULTY.format(error=error)],
                           capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert ended.returncode == code, ended.stderr
    assert ('a bug, please report it' in ended.stderr) == (code == 1)


_FAULTY_AT_WORK = """
import sys
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.nodes.evaluator import EvaluatorSettings
class Faulty(AdaptNode):
    def __init__(self):
        super().__init__('faulty', EvaluatorSettings)
        self.finished = sys.argv[1] == 'stop_work'
    def start_work(self):
        if sys.argv[1] == 'timer':
            self.create_timer(0.001, self.fail)
    def stop_work(self, text):
        print('the safe command', flush=True)
        if sys.argv[1] == 'stop_work':
            self.fail()
    def fail(self):
        raise OSError('again and again')
    def destroy_node(self):
        print('destroyed', flush=True)
        super().destroy_node()
sys.exit(run(Faulty))
"""


@pytest.mark.parametrize('where', ['timer', 'stop_work'])
def test_a_bug_that_shows_again_at_the_end_does_not_keep_the_node_alive(ros_domain, where):
    ended = subprocess.run([sys.executable, '-c', _FAULTY_AT_WORK, where, '--ros-args', '-p',
                            'autostart:=true'], capture_output=True, text=True, timeout=60,
                           stdin=subprocess.DEVNULL)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.splitlines() == ['the safe command', 'destroyed'], ended.stderr
    assert 'OSError: again and again' in ended.stderr


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_ends_in_order_well_within_two_seconds(ros_domain, number):
    process = subprocess.Popen([NODE, '--ros-args', '-p', 'autostart:=true'],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while 'lockstep' not in (line := process.stderr.readline()):
            assert line, 'ended early'
        begin = time.monotonic()
        process.send_signal(number)
        assert process.wait(20) == 0
        assert time.monotonic() - begin < 2.0
        assert 'Traceback' not in process.stderr.read()
    finally:
        process.kill()
        process.wait(10)
        process.stderr.close()


def test_what_a_half_finished_configure_made_is_destroyed(bench):
    """Even where an undo fails, the rest is undone."""
    class Half(lifecycle.AdaptNode):
        def set_up(self):
            timer = self.create_timer(1.0, lambda: None)
            self._undo.append(lambda: self.destroy_timer(timer))
            self._undo.append(lambda: 1 / 0)
            raise KeyError('half')

    node = bench.add(Half('half', SimBridgeSettings, namespace=bench.namespace))
    before = entities(node)
    assert node.trigger_configure() == TransitionCallbackReturn.ERROR
    assert entities(node) == before and "KeyError('half')" in node.failure


@pytest.mark.parametrize(('kind', 'parameters'), [
    (SimBridge, {}), (Evaluator, {'report': 'out'})])
def test_a_whole_life_leaves_nothing_behind(bench, kind, parameters):
    """Configured, activated, deactivated and cleaned up again and again, nothing accumulates."""
    node = bench.node(kind, **parameters)
    before = entities(node)
    for _ in range(3):
        activate(node)
        bench.spin_for(0.2)
        assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
        assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
        assert entities(node) == before
