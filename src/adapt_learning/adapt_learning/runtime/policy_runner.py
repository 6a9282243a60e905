"""The rules between a policy and a robot.

decode -> `tick(frame)` -> encode: the node around this class only moves messages. Everything that
decides whether a command may leave is in here and is tested without ROS.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from adapt_learning.frames import Contract, Frame, Layout
from adapt_learning.runtime.inference import InferencePolicy
from adapt_learning.runtime.latency import KEPT, LatencyRecord
from adapt_learning.runtime.likeness import LikenessMonitor
from adapt_learning.runtime.limits import CommandLimiter
from adapt_learning.runtime.plan import Plan
from adapt_learning.runtime.stop import Stop, StopReason


@dataclass(frozen=True)
class RunnerOptions:
    """How strictly the runner watches."""

    realtime: bool = True
    """False: a simulation that waits for its commands; ages and deadlines are only counted."""
    stop_unlike_expert: bool = False
    """True: behaviour beyond the calibrated stop threshold stops the robot."""


@dataclass(frozen=True)
class Decision:
    """What one tick decided: commands to send, or a stop."""

    commands: Mapping[str, np.ndarray] | None
    """Command per action key in SI units; None when nothing may be sent."""
    stop: Stop | None = None


class PolicyRunner:
    """
    Turn frames into limited commands; stop, and stay stopped, when a rule breaks.

    Life: `start()` (or `RuntimeError` while a stop is latched), then `tick(frame)` per frame and
    `judge()` after its commands are sent, `check()` regularly between frames; `stop(...)` at the
    end gives the safe command. After a fault `reset_stop()` is needed before the next start.
    The clock is steady and handed in; the runner has no threads.
    """

    def __init__(self, policy: InferencePolicy, contract: Contract,
                 options: RunnerOptions | None = None,
                 clock_ns: Callable[[], int] = time.monotonic_ns):
        self.policy = policy
        self.contract = contract
        self.options = options or RunnerOptions()
        self.layout = Layout(contract)
        self.latency = LatencyRecord(contract.safety.inference_deadline_s)
        self.limiter = CommandLimiter(contract)
        self.monitor = LikenessMonitor(policy.calibration) if policy.calibration else None
        self._plan = Plan(policy, contract.period_ns)
        self._scores: deque[float] = deque(maxlen=KEPT)
        self.latched: Stop | None = None
        self.running = False
        self._clock_ns = clock_ns
        self._pending: tuple[np.ndarray, np.ndarray] | None = None
        self._last_frame_ns: int | None = None
        self._between = False

    def warm_up(self) -> None:
        """Run both networks once: the first call allocates, and must not be the robot's."""
        zeros = np.zeros(self.contract.observation_spec.size, np.float32)
        action = self.policy.act(zeros)
        if self.policy.calibration is not None:
            self.policy.likeness(zeros, action.reshape(-1, action.shape[-1])[0])

    def start(self) -> None:
        """Begin a run; the statistics of the last one are forgotten."""
        if self.latched is not None:
            raise RuntimeError(f'the runner is stopped ({self.latched.text}); reset_stop() first')
        self.latency.clear()
        self.limiter.limited = 0
        self._scores.clear()
        self.running = True
        self.begin_episode()

    def begin_episode(self) -> None:
        """Begin an episode within the run: all but the statistics starts anew."""
        self._plan.clear()
        self.limiter.reset()
        self._pending = None
        self._last_frame_ns = None
        self._between = False
        if self.monitor is not None:
            self.monitor.reset()

    def end_episode(self) -> dict[str, np.ndarray]:
        """
        End an episode within the run and return the safe command, which has to be sent.

        Until the next one begins, frames are not answered (people may be in the scene) and none
        are expected.
        """
        self._plan.clear()
        self._last_frame_ns = None
        self._between = True
        return self.limiter.safe()

    def tick(self, frame: Frame, received_ns: int | None = None,
             age_s: float = 0.0) -> Decision:
        """
        Decide on the commands for one frame; without commands and without a stop: send nothing.

        `received_ns` is when its last message came, on the runner's clock; the deadline counts
        from there. `age_s` is how old the frame is by its stamp [s], where clocks are comparable.
        """
        if not self.running:
            return Decision(None, self.latched)
        now = self._clock_ns()
        if self._between:
            return Decision(None)
        self._last_frame_ns = now
        limit = self.contract.safety.observation_timeout_s
        if self.options.realtime and age_s > limit:
            return self._fault(StopReason.OBSERVATION_TIMEOUT,
                               f'the observation is {age_s:.3f} s old by its stamp (limit '
                               f'{limit:.3f} s); check the delay of the sensors and that the '
                               'clocks of the machines agree (or is a bag being played?)')
        if not frame.is_finite:
            return self._fault(StopReason.OBSERVATION_NOT_FINITE,
                               f'the observation has NaN or infinite values in '
                               f'{", ".join(frame.not_finite())}; check that sensor')
        actions = self._plan.due(frame.vector, frame.stamp_ns)
        # All that are planned: those before a bad one come from the same broken policy.
        if not np.isfinite(actions).all():
            return self._fault(StopReason.ACTION_NOT_FINITE,
                               'the policy returned NaN or infinite actions; do not use this '
                               'artifact, train it anew')
        commands = self.limiter.apply(self.layout.commands(actions[0]))
        # The pair that is judged is what the robot does, limits included.
        self._pending = (frame.vector, self.layout.action(commands))
        began_ns = now if received_ns is None else received_ns
        self.latency.add((self._clock_ns() - began_ns) * 1e-9, self._plan.asked)
        if self._too_late():
            self.limiter.withdraw()
            return self._fault(
                StopReason.DEADLINE_MISSED,
                f'{self.latency.misses_in_a_row} inferences in a row took longer than '
                f'{self.latency.deadline_s:.3f} s, the last one {self.latency.last:.3f} s; use a '
                'smaller policy, a faster machine, or raise inference_deadline_s in the contract')
        return Decision(commands)

    def judge(self) -> Stop | None:
        """
        Judge the last tick by its likeness to the expert; returns a stop if one is due.

        Called after the commands are sent, so that the detector does not delay them.
        """
        if self.monitor is None or self._pending is None or not self.running:
            return None
        score = self.monitor.add(self.policy.likeness(*self._pending))
        self._pending = None
        self._scores.append(score)
        if self.options.stop_unlike_expert and self.monitor.stops:
            return self._fault(
                StopReason.UNLIKE_EXPERT,
                f'behaviour is unlike the demonstrations (score {score:.1f}, 1 warns); look at '
                'the scene, then reset the stop').stop
        return None

    def check(self) -> Stop | None:
        """Return a stop if observations have ceased; call it at least once per period."""
        if not self.running or not self.options.realtime or self._last_frame_ns is None:
            return None
        age = self.observation_age_s
        limit = self.contract.safety.observation_timeout_s
        if age > limit:
            return self._fault(
                StopReason.OBSERVATION_TIMEOUT,
                f'no complete observation for {age:.3f} s (limit {limit:.3f} s); check that the '
                'robot and its sensors are running').stop
        return None

    def stop(self, reason: StopReason, text: str) -> dict[str, np.ndarray]:
        """End the run and return the safe command; faults latch. Idempotent."""
        self.running = False
        self._plan.clear()
        if reason.latches and self.latched is None:
            self.latched = Stop(reason, text)
        return self.limiter.safe()

    def reset_stop(self) -> None:
        """Release a latched stop; the operator has looked at the cause."""
        self.latched = None

    @property
    def likeness_scores(self) -> list[float]:
        """Return the running score of the last 20,000 judged ticks of this run (1 = warn)."""
        return list(self._scores)

    @property
    def observation_age_s(self) -> float:
        """Return the time since the last complete frame [s]; NaN where none is expected."""
        if self._last_frame_ns is None:
            return float('nan')
        return (self._clock_ns() - self._last_frame_ns) * 1e-9

    def _too_late(self) -> bool:
        """Return whether this command may not be sent: late too often, or far too late."""
        safety = self.contract.safety
        far = self.latency.last > safety.observation_timeout_s
        often = self.latency.misses_in_a_row >= safety.max_deadline_misses
        return self.options.realtime and (far or often)

    def _fault(self, reason: StopReason, text: str) -> Decision:
        """Refuse this tick; the caller sends `stop(...)`'s safe command."""
        self.running = False
        self._plan.clear()
        self.latched = Stop(reason, text)
        return Decision(None, self.latched)
