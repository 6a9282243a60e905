"""`robot:=real`: the same launch file against a robot that is not ours."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from launched import EXIT_S, result_of
from with_free_domain import hold_free_domain

from adapt_learning.frames import load_contract

pytestmark = pytest.mark.serial

FAKE_ROBOT = Path(__file__).parents[1] / 'support' / 'fake_robot.py'


class Robot:
    """The fake robot in its own process, and what it was told."""

    def __init__(self, folder, *options):
        self.domain, self._lock = hold_free_domain()
        self._summary = folder / 'robot.json'
        self.process = subprocess.Popen(
            [sys.executable, FAKE_ROBOT, '--summary', self._summary, *options],
            env=dict(os.environ, ROS_DOMAIN_ID=str(self.domain),
                     ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST', ROS_LOG_DIR=str(folder)),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == 'fake robot is up\n'

    def end(self) -> dict:
        """End it and return what it was told."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return json.loads(self._summary.read_text())

    def close(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()
        self._lock.close()


@pytest.fixture
def robot(tmp_path):
    """Return a function that starts the fake robot."""
    started = []

    def start(*options):
        started.append(Robot(tmp_path, *options))
        return started[-1]
    yield start
    for one in started:
        one.close()


@pytest.fixture(scope='module')
def lenient(tmp_path_factory):
    """Return fetch_robot.yaml for a loaded machine: the same robot, watchdogs of a second."""
    from adapt_learning.frames.contract_file import CONTRACT_DIR
    text = (CONTRACT_DIR / 'fetch_robot.yaml').read_text()
    path = tmp_path_factory.mktemp('contract') / 'fetch_robot.yaml'
    path.write_text(text.replace('observation_timeout_s: 0.12', 'observation_timeout_s: 1.0')
                    .replace('inference_deadline_s: 0.03', 'inference_deadline_s: 1.0')
                    .replace('max_age_s: 0.1', 'max_age_s: 1.0'))
    return path


def test_the_policy_drives_a_robot_that_speaks_standard_messages(
        launched, policy, robot, lenient, tmp_path):
    """Limits of the robot's contract hold, the operator's word counts, the last word is zero."""
    fake = robot('--episode-s', '2')
    run = launched('robot:=real', f'policy:={policy}', 'episodes:=2', f'contract:={lenient}',
                   f'report:={tmp_path}/out', domain=fake.domain)
    assert run.wait() == 0, run.output
    told = fake.end()
    result = result_of(tmp_path / 'out')
    assert [e['reason'] for e in result['per_episode']] == ['EPISODES_DONE'] * 2, run.output
    assert result['successes'] == sum(e['success'] for e in result['per_episode'])
    assert result['ticks'] > 20 and told['grips'] >= result['ticks']
    velocity = np.array(told['velocities'])[:, 1:]
    contract = load_contract(lenient)
    assert np.abs(velocity).max() <= 0.5 + 1e-9
    # A stop is at once; everything else changes by max_rate per period at most.
    step = np.abs(np.diff(velocity, axis=0)).max(axis=1)
    stops = ~velocity[1:].any(axis=1)
    assert step[~stops].max() <= 5.0 / contract.rate_hz + 1e-9
    assert not velocity[-1].any(), 'the last command is to stand still'
    assert np.abs(velocity).max() > 0.1, 'it did move'
    assert (tmp_path / 'out' / 'run.png').stat().st_size > 1000, 'best-effort sensors are drawn'
    assert fake.process.returncode == 0


def test_ctrl_c_stops_the_robot_before_anything_else(launched, policy, robot, lenient):
    """The process that is asked to end sends the safe command while the middleware still lives."""
    fake = robot('--episode-s', '60')
    run = launched('robot:=real', f'policy:={policy}', 'episodes:=1', f'contract:={lenient}',
                   domain=fake.domain)
    assert fake.process.stdout.readline() == 'moving\n'
    assert run.interrupt() < EXIT_S
    assert run.left() == []
    velocity = np.array(fake.end()['velocities'])[:, 1:]
    assert velocity.any() and not velocity[-1].any()

