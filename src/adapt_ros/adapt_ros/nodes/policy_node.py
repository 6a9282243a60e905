"""policy_node: an artifact and a contract -> commands.

    decode -> PolicyRunner.tick(frame) -> encode

What may be sent is decided in adapt_learning.runtime; this file moves messages, keeps one goal and
reports. Everything runs on one thread, so a decision is never half made when a stop arrives.
"""

import time
import traceback
from dataclasses import dataclass

import numpy as np
from adapt_msgs.action import RunPolicy
from adapt_msgs.msg import EpisodeStatus, PolicyStatus
from std_srvs.srv import Trigger

from adapt_learning.artifacts import check_contract
from adapt_learning.artifacts.shipped import artifact_folder
from adapt_learning.errors import SettingError
from adapt_learning.frames import Contract, Frame, load_contract
from adapt_learning.runtime import PolicyRunner, RunnerOptions, Stop, StopReason, load_policy
from adapt_learning.runtime.run_goal import RunGoal
from adapt_ros import qos
from adapt_ros.bridge import CommandWriter, ObservationReader
from adapt_ros.codecs import stamp_ns
from adapt_ros.goals import OneGoal
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.parameters import Range, parameter
from adapt_ros.policy_report import PolicyReport

_STATUS_PERIOD_NS = 200_000_000
# Asking the graph costs more than the other watchdogs, and publishers do not come and go so fast.
_GRAPH_PERIOD_NS = 100_000_000
# A publisher that vanishes for so long is gone (discovery may lose it for a moment).
_LOST_NS = 1_000_000_000


@dataclass(frozen=True)
class PolicyNodeSettings:
    """Parameters of policy_node."""

    artifact: str = parameter('', 'Folder of a trained policy, or name of a shipped one')
    task: str = parameter('', 'Task of which `artifact` may be just the policy, as in dbc')
    contract: str = parameter('', 'Contract file, or name of an installed one; empty: the '
                                  "contract of the artifact's task")
    lockstep: bool = parameter(False, 'The simulation waits for every command: observations are '
                                      'taken reliably, commands carry the stamp of their '
                                      'observation, ages and deadlines are only counted')
    stop_unlike_expert: bool = parameter(False, 'Stop when behaviour is beyond the calibrated '
                                                'stop threshold (otherwise only warn)')
    check_stamps: bool = parameter(True, 'Refuse observations that are older by their stamps than '
                                         "the contract's observation timeout; needs clocks that "
                                         'agree (not used in lockstep)')
    watchdog_rate: float = parameter(100.0, 'How often the watchdogs look', unit='Hz',
                                     within=Range(10.0, 1000.0))
    episode_topic: str = parameter('episode', 'Where episodes are announced')
    autostart: bool = parameter(False, 'Configure and activate without a manager')


class PolicyNode(AdaptNode):
    """Runs a policy while a goal of ~/run_policy is active; silent otherwise."""

    def __init__(self, **kwargs):
        super().__init__('policy_node', PolicyNodeSettings, **kwargs)
        self.runner: PolicyRunner | None = None
        self.contract: Contract | None = None
        self._book: RunGoal | None = None
        self._began: tuple[int, int] | None = None
        self._newest: Frame | None = None
        self._answer: tuple[int, dict] | None = None
        self._graph_ns = self._present_ns = 0
        self._last_status_ns = 0
        self._out_of_order_before = 0
        self._latched: Stop | None = None
        """Outlives a clean-up: only ~/reset_stop releases a stop."""

    # -- life cycle ---------------------------------------------------------------------------

    def set_up(self) -> None:
        """Load the artifact, compare it with the contract, make the ROS entities."""
        if not self.settings.artifact:
            raise SettingError("parameter 'artifact' is needed: the folder of a trained policy, or "
                               'the name of a shipped one such as fetch_pick_dbc')
        folder = artifact_folder(self.settings.artifact, self.settings.task)
        policy = load_policy(folder)
        if self.settings.stop_unlike_expert and policy.calibration is None:
            raise SettingError("parameter 'stop_unlike_expert' needs a detector, and "
                               f'{folder.name} has none; use a policy with one (dbc), or leave '
                               'it off')
        self.contract = load_contract(self.settings.contract or policy.manifest.task)
        check_contract(policy.manifest, self.contract)
        self.runner = PolicyRunner(policy, self.contract, RunnerOptions(
            realtime=not self.settings.lockstep,
            stop_unlike_expert=self.settings.stop_unlike_expert))
        self.runner.latched = self._latched
        self.runner.warm_up()
        self._report = PolicyReport(self.runner)
        undo = self._undo.append
        self._status = self.create_publisher(PolicyStatus, '~/status', qos.LATCHED)
        undo(lambda: self.destroy_publisher(self._status))
        self._commands = CommandWriter(self, self.contract)
        undo(self._commands.destroy)
        profile = qos.SENSOR_LOCKSTEP if self.settings.lockstep else qos.SENSOR_IN
        self._observations = ObservationReader(
            self, self.contract, self._on_frame, self._on_malformed, profile, self._on_repeat)
        undo(self._observations.destroy)
        episodes = self.create_subscription(
            EpisodeStatus, self.settings.episode_topic, self._on_episode, qos.LATCHED_IN)
        undo(lambda: self.destroy_subscription(episodes))
        self._goal = OneGoal(self, RunPolicy, '~/run_policy', self._refusal, self._begin)
        undo(self._goal.destroy)
        for name, callback in (('stop', self._on_stop_request), ('start', self._on_start_request),
                               ('cancel', self._on_cancel_request),
                               ('reset_stop', self._on_reset_stop)):
            service = self.create_service(Trigger, f'~/{name}', callback)
            undo(lambda service=service: self.destroy_service(service))
        watchdog = self.create_timer(
            1.0 / self.settings.watchdog_rate, self._watch, clock=self.steady)
        undo(lambda: self.destroy_timer(watchdog))
        self.get_logger().info(
            f'policy {policy.name} of {folder.name} for contract '
            f'{self.contract.name} ({self.contract.interface_hash}), '
            f'{"lockstep" if self.settings.lockstep else "real time"}')

    def tear_down(self) -> None:
        """Let the policy go; a latched stop is kept for the next one."""
        if self.runner is not None:
            self._latched, self.runner = self.runner.latched, None

    def start_work(self) -> None:
        """Begin to accept goals."""
        self._publish_status()

    def stop_work(self, text: str) -> None:
        """End the goal; the safe command is the last thing on the wire."""
        if self._book is not None:
            self._finish(Stop(StopReason.DEACTIVATED, text))
            self._commands.flush()
        self._publish_status()

    # -- goals --------------------------------------------------------------------------------

    def _refusal(self, goal) -> str:
        """Return why a goal cannot be taken now, or ''."""
        if not self.is_active:
            return 'the node is not active'
        if self._book is not None:
            return 'another goal is running; cancel it first'
        if self.runner.latched is not None:
            return f'stopped: {self.runner.latched.text}; call ~/reset_stop first'
        crowded = (*self._observations.crowded(), *self._commands.crowded())
        if crowded:
            return f'another node publishes {", ".join(crowded)}; stop it first'
        for name in ('max_duration', 'start_timeout'):
            value = getattr(goal, name)
            if not np.isfinite(value) or value < 0:
                return f'{name} is a finite number of seconds >= 0; got {value}'
        return ''

    def _begin(self, request) -> None:
        self._book = RunGoal(int(request.max_episodes), request.max_duration,
                             request.start_timeout, time.monotonic_ns())
        self._out_of_order_before = self._observations.assembler.counts.out_of_order
        self.runner.start()
        self.get_logger().debug(f'goal begins: {_limits_of(request)}')
        self._publish_status()
        # A simulation in lockstep waits for the answer to what it said before the goal came; a
        # robot in motion gets no answer to old news.
        newest = self._newest
        if self.settings.lockstep and newest is not None and self._began is not None \
                and newest.stamp_ns >= self._began[1]:
            self._on_frame(newest, time.monotonic_ns())

    def _finish(self, stop: Stop) -> None:
        """End the run: safe command first, then the result."""
        self._send(self.runner.stop(stop.reason, stop.text))
        if stop.reason.latches:
            self.get_logger().error(f'stopped: {stop.text}')
        elif stop.reason != StopReason.EPISODES_DONE:  # which its client says, episode by episode
            self.get_logger().info(f'goal ended: {stop.text}')
        book, self._book = self._book, None
        result = self._report.ended(stop, book)
        self._publish_status()
        self._goal.end(result, stop.reason in (StopReason.EPISODES_DONE, StopReason.TIME_LIMIT),
                       stop.reason == StopReason.CANCELED)

    # -- the loop -----------------------------------------------------------------------------

    def _on_frame(self, frame: Frame, received_ns: int) -> None:
        self._newest = frame
        if self._book is None:
            return
        try:
            self._step(frame, received_ns)
        except Exception as error:
            # Whatever it is, the robot must not be left with its last command.
            traceback.print_exc()
            self._finish(Stop(StopReason.INTERNAL_ERROR,
                              f'a bug, please report it: {error!r} (the log has the details)'))

    def _step(self, frame: Frame, received_ns: int) -> None:
        decision = self.runner.tick(frame, received_ns, self._age_s(frame))
        if decision.commands is None:
            if decision.stop is not None:
                self._finish(decision.stop)
            return
        self._send(decision.commands, frame.stamp_ns if self.settings.lockstep else None)
        self._answer = (frame.stamp_ns, decision.commands)
        first = self._book.waiting_since_ns is not None
        self._book.observed()
        stop = self.runner.judge()
        if stop is not None:
            self._finish(stop)
        elif first or time.monotonic_ns() - self._last_status_ns > _STATUS_PERIOD_NS:
            self._publish_status()

    def _age_s(self, frame: Frame) -> float:
        """Return how old a frame is by its stamp [s]; 0 where that cannot be known."""
        if self.settings.lockstep or not self.settings.check_stamps:
            return 0.0
        now = self.get_clock().now().nanoseconds
        return (now - frame.stamp_ns) * 1e-9 if now else 0.0

    def _on_repeat(self, stamp_ns: int) -> None:
        """Lockstep: the simulation repeats itself, so it has not heard the answer; say it again."""
        if self.settings.lockstep and self._book is not None and self._answer is not None:
            if self._answer[0] == stamp_ns:
                self._send(self._answer[1], stamp_ns)

    def _on_episode(self, message: EpisodeStatus) -> None:
        now = time.monotonic_ns()
        stamp = stamp_ns(message)
        if message.state == EpisodeStatus.STATE_RUNNING:
            if self._began == (message.episode, stamp):
                return
            self._began = (message.episode, stamp)
            if self._book is not None:
                self._book.episode_began(now)
                self.runner.begin_episode()
            frame = self._observations.assembler.begin_episode(stamp)
            if frame is not None:
                self._on_frame(frame, now)
            return
        was_running, self._began = self._began is not None, None
        self._observations.assembler.end_episode()
        if message.state == EpisodeStatus.STATE_IDLE:
            # A scene that has just started: its clock may begin anew.
            self._observations.assembler.reset()
            self._newest = None
        if self._book is not None and was_running and message.state == EpisodeStatus.STATE_ENDED:
            self._send(self.runner.end_episode())
            stop = self._book.episode_ended(int(message.outcome.value), now)
            if stop is not None:
                self._finish(stop)

    def _on_malformed(self, text: str) -> None:
        if self._book is not None:
            self._finish(Stop(StopReason.OBSERVATION_MALFORMED, text))

    def _watch(self) -> None:
        if self._book is None:
            return
        if self._goal.cancel_requested:
            self._finish(Stop(StopReason.CANCELED, 'the goal was cancelled'))
            return
        now = time.monotonic_ns()
        stop = self.runner.check() or self._book.check(now)
        if stop is None and now - self._graph_ns > _GRAPH_PERIOD_NS:
            self._graph_ns = now
            stop = self._crowded() or self._lost(now)
        if stop is None:
            return
        if stop.reason == StopReason.OBSERVATION_TIMEOUT:
            stop = Stop(stop.reason, stop.text + self._hint())
        self._finish(stop)

    def _hint(self) -> str:
        """Say which part of an observation is not there, where that is known."""
        assembler = self._observations.assembler
        missing = assembler.missing()
        if missing:
            return f'; nothing has come on {", ".join(missing)}'
        return f'; last problem: {assembler.counts.last_problem}' * bool(
            assembler.counts.last_problem)

    def _crowded(self) -> Stop | None:
        topics = self._observations.crowded()
        if topics:
            return Stop(StopReason.MULTIPLE_PUBLISHERS,
                        f'more than one node publishes {", ".join(topics)}; stop the other one (a '
                        'second simulation or a bag being played?)')
        rivals = self._commands.crowded()
        if rivals:
            return Stop(StopReason.MULTIPLE_PUBLISHERS,
                        f'another node commands the robot on {", ".join(rivals)}; stop it (a '
                        'second policy or a teleoperation?)')
        return None

    def _lost(self, now: int) -> Stop | None:
        """Return a stop when the observations' publishers went away while the policy ran."""
        silent = self._observations.silent()
        if not silent or self._book.waiting_since_ns is not None:
            self._present_ns = now
        if now - self._present_ns < _LOST_NS:
            return None
        return Stop(StopReason.SIMULATION_LOST,
                    f'nobody publishes {", ".join(silent)} any more; start the simulation or the '
                    "robot's driver again")

    def _send(self, commands, stamp_ns: int | None = None) -> None:
        if stamp_ns is None:
            stamp_ns = self.get_clock().now().nanoseconds
        self._commands.write(commands, stamp_ns)

    # -- services -----------------------------------------------------------------------------

    def _on_stop_request(self, _, response):
        stop = Stop(StopReason.OPERATOR_STOP, 'an operator called ~/stop')
        if self._book is not None:
            self._finish(stop)
        else:
            safe = self.runner.stop(stop.reason, stop.text)
            self._report.stopped(stop)
            if self.is_active:
                self._send(safe)
        response.success, response.message = True, 'stopped; call ~/reset_stop before the next goal'
        self._publish_status()
        return response

    def _on_reset_stop(self, _, response):
        if self._observations.assembler.counts.out_of_order > self._out_of_order_before:
            # The robot's clock was set back: from now on its older stamps are welcome.
            self._observations.assembler.reset()
        self.get_logger().info('the stop was released by ~/reset_stop')
        self.runner.reset_stop()
        self._latched = None
        response.success, response.message = True, 'the stop is released; goals are accepted again'
        self._publish_status()
        return response

    def _on_start_request(self, _, response):
        """Twin of the action for dashboards: run without limits until ~/cancel."""
        goal = RunPolicy.Goal()
        reason = self._refusal(goal)
        response.success, response.message = not reason, reason or 'running until ~/cancel'
        if not reason:
            self._begin(goal)
        return response

    def _on_cancel_request(self, _, response):
        response.success = self._book is not None
        response.message = 'cancelled' if response.success else 'nothing is running'
        if self._book is not None:
            self._goal.request_cancel()
            self._finish(Stop(StopReason.CANCELED, '~/cancel was called'))
        return response

    # -- reports ------------------------------------------------------------------------------

    def _publish_status(self) -> None:
        if self.runner is None:
            return
        self._last_status_ns = time.monotonic_ns()
        message = self._report.status(self._book)
        message.header.stamp = self.get_clock().now().to_msg()
        self._status.publish(message)
        if self._book is not None:
            self._goal.feedback(RunPolicy.Feedback(
                status=message, episodes=self._book.episodes, successes=self._book.successes))

    def diagnose(self):
        """Report the run, the inputs, the commands and the likeness."""
        return self._report.diagnose(self._book, self._observations, self._commands)


def _limits_of(request) -> str:
    """Say how long a goal may last."""
    limits = [f'{request.max_episodes} episodes'] if request.max_episodes else []
    limits += [f'{request.max_duration:g} s'] if request.max_duration else []
    return ', '.join(limits) or 'until it is cancelled'


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(PolicyNode, args)


if __name__ == '__main__':
    main()
