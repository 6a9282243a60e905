"""A policy and a clock that do what a test tells them."""

import numpy as np
import pytest

from adapt_learning.data.chunk import Chunk
from adapt_learning.frames import Layout, parse_contract
from adapt_learning.runtime import PolicyRunner, RunnerOptions
from adapt_learning.runtime.likeness import LikenessCalibration

CONTRACT = """
name: robot
rate_hz: 20
observation:
  - {key: pose, topic: pose, type: geometry_msgs/msg/Vector3Stamped, field: vector, size: 3,
     unit: m}
action:
  - {key: speed, topic: cmd, type: geometry_msgs/msg/Twist, field: linear, size: 3, unit: m/s,
     scale: 2.0, max_abs: 1.0}
  - {key: grip, topic: grip, type: std_msgs/msg/Float64, field: data, size: 1, unit: '1',
     on_stop: hold}
safety: {observation_timeout_s: 0.2, inference_deadline_s: 0.03, max_deadline_misses: 3}
"""
MS = 1_000_000


class FakeClock:
    """A steady clock that goes on when it is told to."""

    def __init__(self):
        self.now_ns = 5 * MS

    def __call__(self):
        return self.now_ns

    def advance(self, seconds):
        """Let time pass."""
        self.now_ns += round(seconds * 1e9)


class FakePolicy:
    """Returns `action` ([A] or [H, A]) after `takes_s` on the clock; judges with `errors`."""

    name = 'fake'
    manifest = None

    def __init__(self, clock, calibration=None):
        self.clock = clock
        self.calibration = calibration
        self.chunk = Chunk()
        self.asked = 0
        self.action = np.array([0.1, -0.2, 0.3, 1.0], dtype=np.float32)
        self.takes_s = 0.001
        self.errors = []
        self.judged = []

    def act(self, observation):
        """Return the action that the test wants."""
        assert observation.dtype == np.float32
        self.clock.advance(self.takes_s)
        self.asked += 1
        return self.action

    def likeness(self, observation, action):
        """Return the next error that the test wants."""
        self.judged.append((observation.copy(), action.copy()))
        return self.errors.pop(0)


@pytest.fixture
def contract():
    """Return a contract with a velocity that stops at zero and a gripper that holds."""
    return parse_contract(CONTRACT)


@pytest.fixture
def clock():
    """Return a clock for the runner."""
    return FakeClock()


@pytest.fixture
def make_runner(clock, contract):
    """Return a function that makes a started runner; `calibration` gives it a monitor."""

    def make(calibration=None, used=contract, **options):
        calibration = calibration and LikenessCalibration(*calibration)
        runner = PolicyRunner(FakePolicy(clock, calibration), used, RunnerOptions(**options),
                              clock)
        runner.start()
        return runner

    return make


@pytest.fixture
def frame(contract):
    """Return a function that makes the frame of a period, with a value in every element."""
    layout = Layout(contract)
    return lambda value=0.0, period=0: layout.frame(
        round(period * contract.period_ns), {'pose': np.full(3, value)})
