"""recording_session: asks demo_recorder for N demonstrations, one after another.

A client like any other: in simulation it resets the scene before each, with a policy it starts
that, and where a person drives it waits for their word. What is recorded already counts, so the
same session after a crash goes on where it stopped.
"""

import sys
import time
from functools import partial

from action_msgs.msg import GoalStatus
from adapt_msgs.action import RecordEpisode, RunPolicy
from adapt_msgs.msg import EpisodeStatus, Outcome, RecorderStatus
from adapt_msgs.srv import ResetSimulation
from rclpy.action import ActionClient
from std_srvs.srv import Trigger

from adapt_learning.errors import SettingError
from adapt_learning.runtime import StopReason
from adapt_ros import qos
from adapt_ros.alone import Alone
from adapt_ros.goals import accepted
from adapt_ros.lifecycle import EXIT_FAILED, AdaptNode, run
from adapt_ros.recording.attempt import Attempt
from adapt_ros.recording.session_settings import RecordingSessionSettings
from adapt_ros.session_report import SessionReport

_EPISODE = 'episode'
# One recording may be lost by a hiccup; so many in a row are a fault.
_MAX_LOST_IN_A_ROW = 3
# So many looks in a row (twice a second) without a node mean that it is gone.
_GONE_AFTER = 4
# Between the first sight of all nodes and the first episode: both sides must have matched [s].
_SETTLE_S = 0.5
# Whoever looks at the screen learns after so long what is waited for [s].
_PATIENCE_S = 10.0


class RecordingSession(AdaptNode):
    """A client with a timer; `finished` and `exit_code` tell the spinner."""

    def __init__(self, **kwargs):
        super().__init__('recording_session', RecordingSessionSettings, **kwargs)
        self.finished = False
        self.exit_code = 0
        self._forget()

    def _forget(self) -> None:
        self._timer = None
        self._recording = self._driving = None
        """Handles of the goals of recorder and policy."""
        self._now: Attempt | None = None
        self._status: RecorderStatus | None = None
        self._scene_state: int | None = None
        self._mixed = False
        """Another launch was there during the recording under way."""
        self._lost_in_a_row = self._missed = self._attempt = 0
        self._saved = 0
        self._called = False

    @property
    def _at_work(self) -> bool:
        return self.is_active and not self.finished

    def set_up(self) -> None:
        """Check the settings and make the clients."""
        settings = self.settings
        if not settings.scene and settings.policy_node and not settings.max_duration:
            raise SettingError("parameter 'max_duration' is needed where a policy drives and no "
                               'scene ends the episode; give it in seconds')
        self._report = SessionReport(settings.episodes, settings.folder, settings.seed)
        undo = self._undo.append
        self._action = ActionClient(self, RecordEpisode, f'{settings.recorder}/record_episode')
        undo(self._action.destroy)
        self._orders = {name: self.create_client(Trigger, f'{settings.recorder}/{name}')
                        for name in ('stop', 'delete_last')}
        self._reset = self._policy = None
        names = [f'{settings.recorder}/record_episode/_action/send_goal']
        if settings.scene:
            names.append(f'{settings.scene}/reset')
            self._reset = self.create_client(ResetSimulation, f'{settings.scene}/reset')
            undo(partial(self.destroy_client, self._reset))
        if settings.policy_node:
            self._policy = ActionClient(self, RunPolicy, f'{settings.policy_node}/run_policy')
            undo(self._policy.destroy)
        for client in self._orders.values():
            undo(partial(self.destroy_client, client))
        for kind, topic, hear in (
                (RecorderStatus, f'{settings.recorder}/status', self._on_recorder),
                (EpisodeStatus, _EPISODE, self._on_episode)):
            undo(partial(self.destroy_subscription, self.create_subscription(
                kind, topic, hear, qos.LATCHED_IN)))
        self._alone = Alone(self, names, lambda: self._at_work)
        begin = self.create_service(Trigger, '~/begin', self._on_begin_request)
        undo(partial(self.destroy_service, begin))

    def tear_down(self) -> None:
        """Forget the session."""
        self._forget()

    def start_work(self) -> None:
        """Wait for the others, then begin."""
        self._settled_ns: int | None = None
        self._deadline_ns = time.monotonic_ns() + round(self.settings.startup_timeout * 1e9)
        self._say_ns = time.monotonic_ns() + round(_PATIENCE_S * 1e9)
        self._timer = self.create_timer(0.1, self._wait_for_others, clock=self.steady)

    def stop_work(self, text: str) -> None:
        """End the recording, if one runs: the recorder closes its bag."""
        self.destroy_timer(self._timer)
        self._alone.stop()
        if self._recording is not None and not self.finished:
            print('the recording under way is cut short; the recorder keeps what there is of '
                  'it', flush=True)
        self._drop()
        if not self.finished:
            self._summary()

    # -- the others ---------------------------------------------------------------------------

    def _wait_for_others(self) -> None:
        if not self._at_work:
            return
        settings, missing = self.settings, []
        if not self._action.server_is_ready():
            missing.append(f'{settings.recorder}/record_episode')
        elif self._status is None:
            missing.append(f'{settings.recorder}/status (is it active?)')
        if self._reset is not None and not self._reset.service_is_ready():
            missing.append(f'{settings.scene}/reset')
        elif self._reset is not None and self._scene_state is None:
            missing.append(f'a word of {settings.scene} on its episodes (is it active?)')
        elif self._reset is not None and not self._recorder_hears():
            # Nodes find each other one by one: what the recorder does not hear yet is lost.
            missing.append(f'{settings.recorder} to hear of the episodes of {settings.scene}')
        if self._policy is not None and not self._policy.server_is_ready():
            missing.append(f'{settings.policy_node}/run_policy')
        if not missing and self._settled_ns is None:
            self._settled_ns = time.monotonic_ns() + round(_SETTLE_S * 1e9)
        if not missing and time.monotonic_ns() >= self._settled_ns:
            self.destroy_timer(self._timer)
            self._timer = self.create_timer(0.5, self._watch_others, clock=self.steady)
            self._begin_session()
        elif time.monotonic_ns() > self._deadline_ns:
            self._give_up(f'{" and ".join(missing)} did not appear within '
                          f'{settings.startup_timeout:g} s; look at the messages of that node')
        elif missing and time.monotonic_ns() > self._say_ns:
            self._say_ns = self._deadline_ns
            print(f'waiting for {" and ".join(missing)}', flush=True)

    def _recorder_hears(self) -> bool:
        """Return whether the scene's latched word on its episodes has come to the recorder."""
        return self._status is not None and any(
            topic.messages for topic in self._status.topics
            if topic.topic.split('/')[-1] == _EPISODE)

    def _watch_others(self) -> None:
        """Give up when a node that is needed has gone; its answer will never come."""
        if not self._at_work:
            return
        self._look_for_missed()
        self._mixed = self._mixed or bool(self._now is not None and self._alone.crowd())
        gone = [name for name, ready in (
            (self.settings.recorder, self._action.server_is_ready()),
            (self.settings.scene, self._reset is None or self._reset.service_is_ready()),
            (self.settings.policy_node, self._policy is None or self._policy.server_is_ready()))
            if not ready]
        self._missed = self._missed + 1 if gone else 0
        if self._missed >= _GONE_AFTER:
            self._give_up(f'{" and ".join(gone)} went away; look at its last messages, and start '
                          'the session again: it goes on with what is recorded')

    def _look_for_missed(self) -> None:
        """End a recording whose episode the recorder did not hear; it is tried again."""
        if (self._now is None or self._recording is None
                or self._status.state != RecorderStatus.STATE_WAITING
                or not self._now.is_missed()):
            return
        print(f'{self.settings.recorder} did not hear of the episode; it is repeated', flush=True)
        self._recording.cancel_goal_async()

    def _on_recorder(self, message: RecorderStatus) -> None:
        self._status = message
        if self._now is not None:
            self._go()

    def _on_episode(self, message: EpisodeStatus) -> None:
        self._scene_state = message.state
        if self._now is not None:
            self._now.hear(message)

    # -- one recording ------------------------------------------------------------------------

    def _begin_session(self) -> None:
        there = int(self._status.saved)
        wrong = self._alone.crowd() or self._report.elsewhere(there)
        if wrong:
            self._give_up(f'{wrong}; stop the other launch, or give each its own ROS_DOMAIN_ID')
            return
        self._attempt = self._report.tried(there)
        if there:
            print(f'{there} recordings are there already', flush=True)
        text, not_counted = self._report.tidy(only_success=self.settings.keep == 'success')
        self._saved = there - not_counted
        if text:
            print(text, flush=True)
        self._next()

    def _next(self) -> None:
        if self._saved >= self.settings.episodes:
            self._conclude()
        elif self.settings.wait_for_operator and not self._called:
            print(f'recording {self._saved + 1}/{self.settings.episodes}: waiting for the operator '
                  '(~/begin, or the key for begin of teleop)', flush=True)
        else:
            self._called = False
            self._alone.when_alone(self._record)

    def _on_begin_request(self, _, response):
        """Begin the next recording, on behalf of whoever demonstrates."""
        waits = self._at_work and self._settled_ns is not None and self._now is None \
            and self.settings.wait_for_operator and self._missed == 0
        response.success = waits
        response.message = '' if waits else 'no recording is waited for now'
        if waits:
            self._called = True
            self._next()
        return response

    def _record(self) -> None:
        settings = self.settings
        # A real robot that a person drives: that person says when it is over and how it went.
        by_hand = self._reset is None and self._policy is None
        now = self._now = Attempt()
        self._mixed = False
        self._action.send_goal_async(RecordEpisode.Goal(
            task=settings.task, operator_name=settings.operator_name,
            max_duration=settings.max_duration, stop_with_episode=self._reset is not None,
            save=not by_hand)).add_done_callback(partial(self._on_recorder_answer, now))

    def _on_recorder_answer(self, now: Attempt, future) -> None:
        goal = accepted(future, now is self._now and self._at_work, lambda: self._give_up(
            f'{self.settings.recorder} refused to record; its log says why'))
        if goal is None:
            return
        self._recording = goal
        goal.get_result_async().add_done_callback(partial(self._on_recorded, now))
        self._go()

    def _go(self) -> None:
        """Let the demonstration begin, once the recorder listens."""
        now = self._now
        ready = (RecorderStatus.STATE_WAITING, RecorderStatus.STATE_RECORDING)
        if now.asked or self._recording is None or self._status.state not in ready:
            return
        now.asked = True
        if self._policy is not None:
            goal = RunPolicy.Goal(max_episodes=1)
            if self._reset is None:
                goal = RunPolicy.Goal(max_duration=self.settings.max_duration)
            self._policy.send_goal_async(goal).add_done_callback(
                partial(self._on_policy_answer, now))
        elif self._reset is not None:
            self._reset_scene(now)

    def _on_policy_answer(self, now: Attempt, future) -> None:
        goal = accepted(future, now is self._now and self._at_work, lambda: self._give_up(
            f'{self.settings.policy_node} refused the goal; its log says why'))
        if goal is None:
            return
        self._driving = goal
        goal.get_result_async().add_done_callback(partial(self._on_driven, now))
        if self._reset is not None:
            self._reset_scene(now)

    def _reset_scene(self, now: Attempt) -> None:
        # Before it begins: whatever ends this session, the recorder keeps what it has by then, and
        # the next session shall not demonstrate the same start twice.
        problem = self._report.note(self._attempt + 1)
        if problem:
            self.get_logger().warning(problem)
        self._reset.call_async(ResetSimulation.Request(
            seed=self.settings.seed + self._attempt,
            noise_level=self.settings.noise_level)).add_done_callback(
                partial(self._on_reset_answer, now))

    def _on_reset_answer(self, now: Attempt, future) -> None:
        answer = future.result()
        if now is self._now and self._at_work and not answer.success:
            self._give_up(f'the reset was refused: {answer.message}')

    def _on_driven(self, now: Attempt, future) -> None:
        if now is not self._now or not self._at_work:
            return
        self._driving = None
        now.policy = future.result().result
        if self._reset is None:
            self._orders['stop'].call_async(Trigger.Request())
        self._conclude_recording()

    def _on_recorded(self, now: Attempt, future) -> None:
        if now is not self._now or not self._at_work:
            return
        self._recording = None
        now.answer = future.result()
        self._conclude_recording()

    def _conclude_recording(self) -> None:
        """Go on once the recorder has closed its bag and the policy has ended its goal."""
        now = self._now
        if now.answer is None or self._policy is not None and now.policy is None:
            return
        self._now = None
        result = now.answer.result
        outcome = int(result.outcome.value)
        failed = self.settings.keep == 'success' and outcome != Outcome.SUCCESS
        remark = 'to the trash' if failed else ''
        if self._mixed:
            failed, remark = True, 'to the trash: another launch was there meanwhile'
        if result.saved:
            self._attempt += 1
        self._print_line(now, remark if result.saved else '')
        if now.policy is not None and StopReason(now.policy.reason.value).latches:
            self._give_up(f'the policy stopped: {now.policy.reason.text}')
            return
        lost = not result.saved and now.answer.status != GoalStatus.STATUS_SUCCEEDED
        self._lost_in_a_row = self._lost_in_a_row + 1 if lost else 0
        if self._lost_in_a_row >= _MAX_LOST_IN_A_ROW:
            self._give_up(f'{self._lost_in_a_row} recordings in a row were not saved: '
                          f'{result.text}')
            return
        if failed and result.saved:
            self._alone.when_alone(lambda: self._orders['delete_last'].call_async(
                Trigger.Request()).add_done_callback(self._on_deleted))
            return
        self._saved += int(result.saved)
        self._next()

    def _on_deleted(self, future) -> None:
        answer = future.result()
        if not self._at_work:
            return
        if answer.success:
            self._next()
        else:
            self._give_up(f'a failed recording could not be put away: {answer.message}')

    def _print_line(self, now: Attempt, remark: str) -> None:
        print(self._report.line(now.answer.result, self._saved + 1, now.seconds, remark),
              flush=True)

    def _summary(self) -> None:
        if self._status is not None:
            print(self._report.summary(int(self._status.saved)), flush=True)

    # -- the end ------------------------------------------------------------------------------

    def _drop(self) -> None:
        """Cancel what runs; whatever still comes of it is ignored."""
        for goal in (self._driving, self._recording):
            if goal is not None:
                goal.cancel_goal_async()
        self._driving = self._recording = self._now = None

    def _conclude(self) -> None:
        self._summary()
        self.finished = True

    def _give_up(self, text: str) -> None:
        print(f'error: {text}', file=sys.stderr, flush=True)
        self.exit_code = EXIT_FAILED
        self._drop()
        self._conclude()


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(RecordingSession, args)
