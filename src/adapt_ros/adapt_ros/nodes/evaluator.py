"""evaluator: drives RunPolicy episode by episode, counts, films and reports.

It owns no policy and no scene: it calls ~/reset of sim_bridge and the action of policy_node like
any other client, so what it measures is what an operator gets. Without a simulation (a real
robot) it only runs timed episodes; success is what somebody says on the episode topic.
"""

import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from action_msgs.msg import GoalStatus
from adapt_msgs.action import RunPolicy
from adapt_msgs.msg import EpisodeStatus, Outcome
from adapt_msgs.srv import ResetSimulation
from rclpy.action import ActionClient
from sensor_msgs.msg import Image

from adapt_learning.errors import SettingError
from adapt_learning.frames import Contract, Frame, load_contract
from adapt_learning.runtime import StopReason
from adapt_ros import qos
from adapt_ros.bridge import ObservationReader
from adapt_ros.camera import PROFILE, picture_of
from adapt_ros.codecs import stamp_ns
from adapt_ros.goals import accepted
from adapt_ros.lifecycle import EXIT_FAILED, AdaptNode, run
from adapt_ros.parameters import Range, parameter
from adapt_ros.run_report import EpisodeRecord, RunReport

# The policy was told to hold still by somebody else; only a person may make it move again.
_ENDED_BY_OTHERS = (StopReason.CANCELED, StopReason.DEACTIVATED)
# One episode may be cut short by a hiccup; so many in a row are a fault.
_MAX_FAILED_IN_A_ROW = 3
_SUCCESS = {Outcome.SUCCESS: True, Outcome.FAILURE: False}
# Between the first match of the camera topic here and the same on the publisher's side [s].
_SETTLE_S = 0.3
# So many looks in a row (twice a second) without a node mean that it is gone.
_GONE_AFTER = 4


@dataclass(frozen=True)
class EvaluatorSettings:
    """Parameters of evaluator."""

    contract: str = parameter('fetch_pick', 'Contract file, or name of an installed one')
    episodes: int = parameter(20, 'Episodes to run', within=Range(1, 100_000))
    seed: int = parameter(1000, 'Episode i starts from seed + i', within=Range(0, 2**62))
    noise_level: float = parameter(1.25, 'Spread of starts and goals', within=Range(0.0, 10.0))
    scene: str = parameter('sim_bridge', 'Node whose ~/reset begins an episode; empty: a real '
                                         'robot, nothing is reset')
    policy_node: str = parameter('policy_node', 'Node whose ~/run_policy is driven')
    episode_duration: float = parameter(10.0, 'Longest episode where nothing is reset', unit='s',
                                        within=Range(0.1, 3600.0))
    startup_timeout: float = parameter(60.0, 'Give up if the other nodes are not there by then',
                                       unit='s', within=Range(0.1, 3600.0))
    film_episodes: int = parameter(3, 'Episodes to film and draw', within=Range(0, 1000))
    video: bool = parameter(True, 'Film the camera of the contract')
    report: str = parameter('', 'Folder for result.json, video and picture; empty: none')
    autostart: bool = parameter(True, 'Configure and activate without a manager')


@dataclass
class _Now:
    """What is collected while an episode runs."""

    begun_ns: int = 0
    reset_ns: int = 0
    ended_ns: int = 0
    number: int = 0
    """The scene's number of this episode; 0 before the reset has answered."""
    newest: int = 0
    """The highest number that the scene has spoken of since then."""
    answer: object = None
    """Result of the goal, once it is there."""
    ended: EpisodeStatus | None = None
    """The scene's last word on this episode, once it is there."""
    observations: list[np.ndarray] = field(default_factory=list)
    pictures: list[np.ndarray] = field(default_factory=list)


class Evaluator(AdaptNode):
    """A client with a timer; `finished` and `exit_code` tell the spinner."""

    def __init__(self, **kwargs):
        super().__init__('evaluator', EvaluatorSettings, **kwargs)
        self.finished = False
        self.exit_code = 0
        self._contract: Contract | None = None
        self._report: RunReport | None = None
        self._forget()

    def _forget(self) -> None:
        self._timer = None
        self._goal = None
        self._now = _Now()
        self._failed_in_a_row = self._missed = 0
        self._settled_ns: int | None = None
        self._scene_state: int | None = None
        self._watching: list = []
        self._blind = False
        """Pictures come in a form that cannot be read."""

    @property
    def _at_work(self) -> bool:
        return self.is_active and not self.finished

    def set_up(self) -> None:
        """Check the settings and make the clients."""
        settings = self.settings
        self._contract = load_contract(settings.contract)
        if settings.report and Path(settings.report).is_file():
            raise SettingError(f"parameter 'report' is a folder; {settings.report} is a file")
        self._report = RunReport(self._contract, settings.noise_level, settings.seed,
                                 settings.episodes, asdict(settings))
        undo = self._undo.append
        self._reset = None
        if settings.scene:
            self._reset = self.create_client(ResetSimulation, f'{settings.scene}/reset')
            undo(partial(self.destroy_client, self._reset))
        self._action = ActionClient(self, RunPolicy, f'{settings.policy_node}/run_policy')
        undo(self._action.destroy)
        undo(partial(self.destroy_subscription, self.create_subscription(
            EpisodeStatus, 'episode', self._on_episode, qos.LATCHED_IN)))
        self._watch(settings.film_episodes > 0)

    def tear_down(self) -> None:
        """Forget the evaluation."""
        self._watch(False)
        self._forget()

    def start_work(self) -> None:
        """Wait for the others, then begin."""
        self._settled_ns = None
        self._failed_in_a_row = self._missed = 0
        self._deadline_ns = time.monotonic_ns() + round(self.settings.startup_timeout * 1e9)
        self._timer = self.create_timer(0.1, self._wait_for_others, clock=self.steady)

    def stop_work(self, text: str) -> None:
        """Cancel the goal, if one runs; what was counted until now is still reported."""
        self.destroy_timer(self._timer)
        self._drop_episode()
        if not self.finished and self._report.episodes:
            print(self._report.table(), flush=True)

    def _drop_episode(self) -> None:
        """Cancel the goal, if one runs; whatever still comes of this episode is ignored."""
        if self._goal is not None:
            self._goal.cancel_goal_async()
        self._goal = None
        self._now = _Now()

    def _wait_for_others(self) -> None:
        if not self._at_work:
            return
        missing = []
        if not self._action.server_is_ready():
            missing.append(f'{self.settings.policy_node}/run_policy')
        if self._reset is not None and not self._reset.service_is_ready():
            missing.append(f'{self.settings.scene}/reset')
        if self._reset is not None and self._scene_state is None:
            missing.append(f'a word of {self.settings.scene} on its episodes (is it active?)')
        elif self._reset is not None and self._scene_state == EpisodeStatus.STATE_RUNNING:
            # A reset would cut it short, and the policy would count it as the one of its goal.
            missing.append('the end of the episode that is running')
        missing += [topic for reader in self._readers() for topic in reader.silent()]
        if not missing and self._settled_ns is None:
            self._settled_ns = time.monotonic_ns() + round(_SETTLE_S * 1e9)
        if not missing and time.monotonic_ns() >= self._settled_ns:
            self.destroy_timer(self._timer)
            self._timer = self.create_timer(0.5, self._watch_others, clock=self.steady)
            self._report.begin()
            self._next()
        elif time.monotonic_ns() > self._deadline_ns:
            self._give_up(f'{" and ".join(missing)} did not appear within '
                          f'{self.settings.startup_timeout:g} s; look at the messages of that node')

    def _watch_others(self) -> None:
        """Give up when a node that is needed has gone; its result will never come."""
        if not self._at_work:
            return
        gone = []
        if not self._action.server_is_ready():
            gone.append(self.settings.policy_node)
        if self._reset is not None and not self._reset.service_is_ready():
            gone.append(self.settings.scene)
        self._missed = self._missed + 1 if gone else 0
        if self._missed >= _GONE_AFTER:
            self._give_up(f'{" and ".join(gone)} went away in mid-run; look at its last messages')

    # -- one episode --------------------------------------------------------------------------

    def _next(self) -> None:
        """Send the goal of the next episode, or end."""
        number = len(self._report.episodes)
        if number == self.settings.episodes:
            self._conclude()
            return
        now = self._now = _Now(begun_ns=time.monotonic_ns())
        self._watch(number < self.settings.film_episodes)
        goal = RunPolicy.Goal(max_episodes=1)
        if self._reset is None:
            goal.max_duration = self.settings.episode_duration
        self._action.send_goal_async(goal).add_done_callback(partial(self._on_goal_answer, now))

    def _on_goal_answer(self, now: _Now, future) -> None:
        goal = accepted(future, now is self._now and self._at_work, lambda: self._give_up(
            f'{self.settings.policy_node} refused the goal; its log says why'))
        if goal is None:
            return
        self._goal = goal
        goal.get_result_async().add_done_callback(partial(self._on_result, now))
        if self._reset is not None:
            seed = self.settings.seed + len(self._report.episodes)
            request = ResetSimulation.Request(
                seed=seed, noise_level=float(self.settings.noise_level))
            self._now.reset_ns = time.monotonic_ns()
            self._reset.call_async(request).add_done_callback(
                partial(self._on_reset_answer, now))

    def _on_reset_answer(self, now: _Now, future) -> None:
        answer = future.result()
        if now is not self._now or not self._at_work:
            return
        if not answer.success:
            self._give_up(f'the reset was refused: {answer.message}')
            return
        now.number = answer.episode
        self._conclude_episode()

    def _on_episode(self, message: EpisodeStatus) -> None:
        self._scene_state = message.state
        stamp = stamp_ns(message)
        for reader in self._readers():
            if message.state == EpisodeStatus.STATE_RUNNING:
                frame = reader.assembler.begin_episode(stamp)
                if frame is not None:
                    self._on_frame(frame, 0)
            elif message.state == EpisodeStatus.STATE_ENDED:
                reader.assembler.end_episode()
        if not self._at_work or not self._now.begun_ns:
            return
        self._now.newest = max(self._now.newest, message.episode)
        if message.state == EpisodeStatus.STATE_ENDED:
            self._now.ended = message
            self._now.ended_ns = time.monotonic_ns()
        self._conclude_episode()

    def _on_result(self, now: _Now, future) -> None:
        if now is not self._now or not self._at_work:
            return
        self._goal = None
        now.answer = future.result()
        self._conclude_episode()

    def _conclude_episode(self) -> None:
        """
        Record the episode once both sides have spoken.

        The result of the goal and the scene's status are different topics: either may be first.
        """
        now, answer = self._now, self._now.answer
        scene_spoke = now.ended is not None and now.ended.episode == now.number
        if self._is_replaced():
            self._give_up(f'somebody else called {self.settings.scene}/reset in mid-run; what '
                          'episode ended cannot be told; only one may reset at a time')
            return
        if answer is None:
            return
        result = answer.result
        if self._reset is not None and result.episodes and not scene_spoke:
            return
        ended = now.ended if scene_spoke else EpisodeStatus(steps=min(result.ticks, 2**32 - 1))
        outcome = int(result.outcome.value)
        orderly = answer.status == GoalStatus.STATUS_SUCCEEDED
        cut_short = outcome == Outcome.ABORTED or not orderly
        record = EpisodeRecord(
            seed=self.settings.seed + len(self._report.episodes),
            success=_SUCCESS.get(outcome), cut_short=cut_short,
            steps=ended.steps, total_reward=ended.episode_return, ticks=int(result.ticks),
            deadline_misses=int(result.deadline_misses),
            limited_commands=int(result.limited_commands),
            seconds=(time.monotonic_ns() - now.begun_ns) * 1e-9,
            running_s=((now.ended_ns or time.monotonic_ns())
                       - (now.reset_ns or now.begun_ns)) * 1e-9,
            reason=StopReason(result.reason.value).name, text=result.reason.text)
        self._report.add(record, np.array(result.latencies), np.array(result.expert_likeness),
                         np.array(now.observations), now.pictures)
        print(self._report.line(record), flush=True)
        reason = StopReason(result.reason.value)
        if reason.latches:
            self._give_up(f'the policy stopped: {result.reason.text}')
            return
        if reason in _ENDED_BY_OTHERS:
            self._give_up(f'somebody else ended the run: {result.reason.text}; start the '
                          'evaluation again when the robot may move')
            return
        self._failed_in_a_row = self._failed_in_a_row + 1 if cut_short else 0
        if self._failed_in_a_row >= _MAX_FAILED_IN_A_ROW:
            self._give_up(f'{self._failed_in_a_row} episodes in a row were cut short; look at the '
                          'messages of the other nodes')
            return
        self._next()

    def _is_replaced(self) -> bool:
        """Return whether the scene runs or ended an episode that is not the one of our reset."""
        now = self._now
        if self._reset is None or not now.number:
            return False
        # The policy counts whatever episode ends: one of somebody else may be in its result.
        return now.newest > now.number or (
            now.ended is not None and now.ended.episode != now.number)

    # -- what is drawn and filmed ---------------------------------------------------------------

    def _watch(self, wanted: bool) -> None:
        """Subscribe to observations and camera for the filmed episodes only: both cost time."""
        if wanted and not self._watching and self.settings.report:
            # Only a simulation promises to be reliable; real sensors would not match.
            profile = qos.SENSOR_LOCKSTEP if self.settings.scene else qos.SENSOR_IN
            self._watching = [ObservationReader(self, self._contract, self._on_frame,
                                                lambda _: None, profile)]
            if self.settings.video and self._contract.cameras:
                self._watching.append(self.create_subscription(
                    Image, self._contract.cameras[0].topic, self._on_picture, PROFILE))
        elif not wanted and self._watching:
            for entity in self._watching:
                if isinstance(entity, ObservationReader):
                    entity.destroy()
                else:
                    self.destroy_subscription(entity)
            self._watching = []

    def _readers(self) -> list[ObservationReader]:
        return [entity for entity in self._watching if isinstance(entity, ObservationReader)]

    def _on_frame(self, frame: Frame, received_ns: int) -> None:
        if self._now.begun_ns:
            self._now.observations.append(frame.vector)

    def _on_picture(self, message: Image) -> None:
        if self._blind or not self._now.begun_ns:
            return
        try:
            self._now.pictures.append(picture_of(message).copy())
        except ValueError as error:
            self._blind = True
            self.get_logger().warning(f'no video: {error}')

    # -- the end ------------------------------------------------------------------------------

    def _conclude(self) -> None:
        self._watch(False)
        print(self._report.table(), flush=True)
        if self.settings.report:
            for line in self._report.write(Path(self.settings.report)):
                print(line, flush=True)
        self.finished = True

    def _give_up(self, text: str) -> None:
        print(f'error: {text}', file=sys.stderr, flush=True)
        self.exit_code = EXIT_FAILED
        self._drop_episode()
        if self._report.episodes:
            self._conclude()
        self.finished = True


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(Evaluator, args)
