"""keyboard: a terminal that gives every key at once, and is given back as it was."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pytest
import rclpy
from bench import WITHIN_S
from std_msgs.msg import String

from adapt_ros import qos

KEYBOARD = [sys.executable, '-c',
            'from adapt_ros.start import keyboard; raise SystemExit(keyboard())']


class Typist:
    """The node keyboard on a terminal of its own, with a person at it."""

    def __init__(self, *arguments):
        self.own, theirs = pty.openpty()
        self.before = termios.tcgetattr(self.own)
        self.process = subprocess.Popen(
            [*KEYBOARD, *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.shown = ''

    def see(self):
        """Return what stands on the screen so far."""
        while select.select([self.own], [], [], 0)[0]:
            try:
                self.shown += os.read(self.own, 4096).decode(errors='replace')
            except OSError:  # the other side was closed
                break
        return self.shown

    def type(self, text):
        os.write(self.own, text.encode())

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.own)


@pytest.fixture
def typist(rclpy_session):
    made = []

    def start(*arguments):
        made.append(Typist(*arguments))
        return made[-1]
    yield start
    for one in made:
        one.end()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_keys_go_out_and_the_terminal_comes_back(bench, typist, number):
    """Every key is heard at once, arrows are not taken for letters; SIGTERM restores as Ctrl-C."""
    person = typist('--ros-args', '-r', f'__ns:={bench.namespace}')
    helper = bench.helper('hearer')
    heard = []
    helper.create_subscription(String, 'teleop/keys', lambda m: heard.append(m.data), qos.LINES)
    said = helper.create_publisher(String, 'teleop/state', qos.LATCHED)
    bench.until(lambda: 'gripper_velocity.x (+1 -1)' in person.see(), 'the help screen')
    bench.until(lambda: helper.count_publishers('teleop/keys'), 'discovery')
    bench.until(lambda: person.type('w') or bench.spin_for(0.1) or heard, 'the first key')
    heard.clear()
    person.type('e \x1b[Ad')
    bench.until(lambda: ''.join(heard).replace('w', '').endswith('e d'), 'keys without Enter')
    said.publish(String(data='driving'))
    bench.until(lambda: 'driving' in person.see(), 'what teleop says')
    assert not termios.tcgetattr(person.own)[3] & termios.ECHO
    person.process.send_signal(number)
    assert _ended(person.process, WITHIN_S) and person.process.returncode == 0
    assert termios.tcgetattr(person.own) == person.before


def _ended(process, within):
    end = time.monotonic() + within
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    return process.poll() is not None


def test_without_a_terminal_it_says_what_to_do(rclpy_session):
    done = subprocess.run(
        KEYBOARD, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN_S,
        start_new_session=True)
    assert done.returncode == 2
    assert 'ros2 run adapt_ros keyboard' in done.stderr and 'Traceback' not in done.stderr
    assert rclpy.ok()
