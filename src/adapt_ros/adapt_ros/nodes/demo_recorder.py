"""demo_recorder: demonstrations -> one rosbag2 bag each.

Messages are written as they come, serialized, at their own rates; the contract says which topics,
and how they ought to arrive. Everything runs on one thread but the writing to the disk.
"""

import math
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

from adapt_msgs.action import RecordEpisode
from adapt_msgs.msg import EpisodeStatus, Outcome, RecorderStatus
from adapt_msgs.srv import SaveRecording, StartRecording
from std_srvs.srv import Trigger

from adapt_learning.errors import DatasetError, SettingError, UserError
from adapt_learning.frames import Contract, load_contract
from adapt_ros import qos
from adapt_ros.bags import resolved
from adapt_ros.codecs import stamp_ns
from adapt_ros.goals import OneGoal
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.recording import take as takes
from adapt_ros.recording.about import begin_texts, recording_of
from adapt_ros.recording.folder import TRASH, RecordingFolder
from adapt_ros.recording.health import HealthLimits
from adapt_ros.recording.intake import Intake
from adapt_ros.recording.recorder_report import RecorderReport
from adapt_ros.recording.recorder_settings import DemoRecorderSettings
from adapt_ros.recording.take import Take
from adapt_ros.recording.topics import Topic, wanted
from adapt_ros.recording.waiting import Waiting

_WATCH_S = 0.05
_GRAPH_NS, _DISK_NS, _STATUS_NS = 500_000_000, 500_000_000, 1_000_000_000


class DemoRecorder(AdaptNode):
    """Records while a goal of ~/record_episode runs, or between ~/start and ~/stop."""

    def __init__(self, **kwargs):
        super().__init__('demo_recorder', DemoRecorderSettings, **kwargs)
        self.folder: RecordingFolder | None = None
        self.contract: Contract | None = None
        self.take: Take | None = None
        self._forget()

    def _forget(self) -> None:
        self._waiting: Waiting | None = None
        self._request: RecordEpisode.Goal | None = None
        self._has_goal = False
        self._heard: tuple[int, int] | None = None
        """(number, stamp) of the newest episode that was announced."""
        self._graph_ns = self._disk_ns = self._status_ns = 0

    # -- life cycle ---------------------------------------------------------------------------

    def set_up(self) -> None:
        """Take the folder, mend what an earlier recorder left, listen."""
        settings, undo = self.settings, self._undo.append
        if not settings.folder:
            raise SettingError("parameter 'folder' is needed: where the bags go")
        self.contract = load_contract(settings.contract)
        self._namespace = settings.namespace or self.get_namespace()
        topics = wanted(self.contract, settings.episode_topic, settings.record_cameras,
                        settings.extra_topics.split(), self._namespace)
        self.folder = RecordingFolder(settings.folder)
        undo(self.folder.release)
        self._repair()
        self._check_one_robot()
        limits = HealthLimits(settings.late_factor, settings.slow_factor, settings.clock_jump,
                              check_ages=not settings.lockstep)
        self.intake = Intake(self, self.contract, topics,
                             resolved(settings.episode_topic, self._namespace), limits,
                             self._on_message, self._on_episode)
        undo(self.intake.destroy)
        self._report = RecorderReport(self)
        self._status = self.create_publisher(RecorderStatus, '~/status', qos.LATCHED)
        undo(partial(self.destroy_publisher, self._status))
        self._goal = OneGoal(self, RecordEpisode, '~/record_episode', self._refusal, self._begin)
        undo(self._goal.destroy)
        for kind, name, answer in (
                (StartRecording, '~/start', self._on_start), (Trigger, '~/stop', self._on_stop),
                (SaveRecording, '~/save', self._on_save), (Trigger, '~/discard', self._on_discard),
                (Trigger, '~/delete_last', self._on_delete_last)):
            undo(partial(self.destroy_service, self.create_service(kind, name, answer)))
        undo(partial(self.destroy_timer,
                     self.create_timer(_WATCH_S, self._watch, clock=self.steady)))
        self.get_logger().info(
            f'contract {self.contract.name}, {len(topics)} topics, {len(self.folder.bags())} bags '
            f'in {self.folder.path.name}')

    def _repair(self) -> None:
        done, failed = self.folder.repair()
        for repaired in done:
            self.get_logger().warning(repaired.text)
        for text in failed:
            self.get_logger().error(text)

    def _check_one_robot(self) -> None:
        """Refuse a folder whose newest bag is of another robot: they could not be used together."""
        bags = self.folder.bags()
        newest = recording_of(bags[-1]) if bags else None
        if newest is not None and newest.contract.hash != self.contract.hash:
            raise SettingError(
                f'{self.folder.path} holds recordings of contract {newest.contract.name} '
                f'({newest.contract.hash}), and this recorder has {self.contract.name} '
                f'({self.contract.hash}): a dataset is of one robot, so give another folder')

    def tear_down(self) -> None:
        """Forget what was heard."""
        self._forget()

    def start_work(self) -> None:
        """Begin to accept goals."""
        self._publish_status()

    def stop_work(self, text: str) -> None:
        """Save what there is: only an operator throws a recording away."""
        self._waiting = None
        if self.take is not None:
            if not self.take.stopped:
                self.take.stop(text, time.monotonic_ns())
            self._save(Outcome.UNKNOWN, '', failed=True)
        self._end_goal(text, succeeded=False)
        self._publish_status()

    # -- goals and services -------------------------------------------------------------------

    def _refusal(self, goal) -> str:
        """Return why a goal cannot be taken now, or ''."""
        if not self.is_active:
            return 'the node is not active'
        if self.take is not None and self.take.stopped:
            return f'{self.take.bag.folder.name} is not saved yet; call ~/save or ~/discard first'
        if self.take is not None or self._waiting is not None:
            return 'a recording is running; stop it first'
        duration = getattr(goal, 'max_duration', 0.0)
        if not math.isfinite(duration) or duration < 0:
            return f'max_duration is a finite number of seconds >= 0; got {duration}'
        try:
            self.folder.renew()
        except UserError as error:
            return str(error)
        return self._report.disk_full(self.folder.free_bytes())

    def _begin(self, goal) -> None:
        """Begin a goal that `_refusal` let pass."""
        self._request, self._has_goal = goal, True
        if goal.stop_with_episode:
            self._waiting = Waiting(self._heard)
            self._publish_status()
            return
        problem = self._open()
        if problem:
            self._end_goal(problem, succeeded=False)

    def _on_start(self, request, response):
        reason = self._refusal(request)
        if not reason:
            self._request = RecordEpisode.Goal(
                task=request.task, operator_name=request.operator_name)
            reason = self._open()
        response.success, response.message = not reason, reason or 'recording until ~/stop'
        response.bag = self.take.bag.folder.name if self.take and not reason else ''
        return response

    def _on_stop(self, _, response):
        response.success = self._waiting is not None or bool(self.take and not self.take.stopped)
        response.message = 'nothing is being recorded'
        if self._waiting is not None:
            self._give_up('~/stop was called before the episode began')
            response.message = 'no episode had begun; nothing was recorded'
        elif response.success:
            problem = self._stop('~/stop was called')
            response.message = 'stopped; call ~/save or ~/discard' if self.take else (
                problem or 'saved')
        return response

    def _on_save(self, request, response):
        response.success, response.message = False, 'there is no recording to save'
        if request.outcome.value > Outcome.ABORTED:
            response.message = f'outcome is 0..3; got {request.outcome.value}'
        elif self.take is not None:
            response.bag = self.take.bag.folder.name
            if not self.take.stopped:
                self._stop('~/save was called', ask=True)
            problem = self._save(request.outcome.value, request.note)
            response.success, response.message = not problem, problem or 'saved'
        return response

    def _on_discard(self, _, response):
        response.success, response.message = False, 'there is no recording to discard'
        if self.take is None:
            return response
        if not self.take.stopped:
            self._stop('~/discard was called', ask=True)
        take, self.take = self.take, None
        try:
            take.bag.end(take.end_texts('discarded', self.intake.offsets_s()))
        except DatasetError:
            pass  # it is thrown away as it is
        response.success, response.message = self._to_trash(take.bag.folder, 'discarded')
        self._end_goal('it was discarded', succeeded=True, take=take)
        self._publish_status()
        return response

    def _on_delete_last(self, _, response):
        response.success, bags = False, self.folder.bags()
        if self.take is not None:
            response.message = 'a recording is not saved yet; call ~/discard to throw that away'
        elif not bags:
            response.message = 'there is no bag to delete'
        else:
            response.success, response.message = self._to_trash(bags[-1], 'deleted')
            self._publish_status()
        return response

    def _to_trash(self, bag: Path, did: str) -> tuple[bool, str]:
        try:
            self.folder.discard(bag)
        except DatasetError as error:
            return False, str(error)
        return True, f'{bag.name} was {did}; it can be moved back out of {TRASH}'

    # -- recording ----------------------------------------------------------------------------

    def _open(self) -> str:
        """Begin a bag with what is known already; return why that failed, or ''."""
        now, goal, settings = time.monotonic_ns(), self._request, self.settings
        about = begin_texts(
            self.contract, namespace=self._namespace, episode_topic=settings.episode_topic,
            task=goal.task or settings.task or self.contract.description,
            operator=goal.operator_name or settings.operator_name, started=takes.utc_now(),
            host=takes.host(), version=version('adapt_learning'))
        try:
            bag = takes.open_bag(self.folder.next(), about)
        except SettingError as error:
            self.get_logger().error(str(error))
            return str(error)
        self.take = Take(bag, now, takes.wall_offset_ns(), goal.stop_with_episode)
        self.intake.look()
        self.intake.begin(self.take)
        self.get_logger().info(f'recording {bag.folder.name}')
        self._publish_status()
        return ''

    def _on_message(self, topic: Topic, now: int, data: bytes) -> None:
        if self.take is not None and not self.take.stopped:
            self.take.write(topic, now, data)
        elif self._waiting is not None:
            self._waiting.keep(topic, now, data)

    def _on_episode(self, status: EpisodeStatus, topic: Topic, now: int, data: bytes) -> None:
        key = (status.episode, stamp_ns(status))
        if status.state == EpisodeStatus.STATE_RUNNING and self._heard != key:
            self._heard = key
            self.intake.restart()
        elif status.state == EpisodeStatus.STATE_IDLE:
            self._heard = None  # a scene that has just started counts from the beginning
        take = self.take
        if take is not None and not take.stopped:
            reason = take.heard(status, now)
            if reason:
                self._stop(reason)
            else:
                take.write(topic, now, data)
        elif self._waiting is not None and self._waiting.begins(status):
            waiting, self._waiting = self._waiting, None
            problem = self._open()
            if problem:
                self._end_goal(problem, succeeded=False)
                return
            self.take.heard(status, now)
            for early, at, message in waiting.of_episode(key[1]):
                self.take.write(early, at, message)

    def _watch(self) -> None:
        now = time.monotonic_ns()
        if now - self._graph_ns > _GRAPH_NS:
            self._graph_ns = now
            self.intake.look()
        if self._goal.cancel_requested:
            self._cancel()
        if self.take is not None and not self.take.stopped:
            self._watch_take(now)
        if self._report.changed(now) or now - self._status_ns > _STATUS_NS:
            self._publish_status()

    def _watch_take(self, now: int) -> None:
        if now - self._disk_ns > _DISK_NS:
            self._disk_ns = now
            self.take.bag.check()
            if not self.take.bag.problem:
                full = self._report.disk_full(self.folder.free_bytes())
                if full:
                    self._stop(full, failed=True)
                    return
        reason = self.take.due(now, self._request.max_duration)
        if reason:
            self._stop(reason, failed=bool(self.take.bag.problem))

    def _cancel(self) -> None:
        if self._waiting is not None:
            self._give_up('the goal was cancelled before its episode began')
        elif self.take is not None and not self.take.stopped:
            self._stop('the goal was cancelled')
        if self._has_goal:
            self._end_goal('the goal was cancelled; call ~/save or ~/discard', succeeded=False)

    def _give_up(self, text: str) -> None:
        self._waiting = None
        self._end_goal(text, succeeded=False)
        self._publish_status()

    def _stop(self, text: str, failed: bool = False, ask: bool = False) -> str:
        """
        Take no more messages; keep the bag where that was asked for, or nobody can be asked.

        Returns why it could not be kept, or ''.
        """
        problem = ''
        self.take.stop(text, time.monotonic_ns())
        if failed:
            self.get_logger().error(f'{self.take.bag.folder.name}: {text}')
        if failed or (self._has_goal and self._request.save and not ask):
            problem = self._save(Outcome.UNKNOWN, '', failed)
        elif not ask:
            self.get_logger().warning(f'{self.take.bag.folder.name} is not saved yet ({text}): '
                                      'call ~/save or ~/discard')
        self._publish_status()
        return problem

    def _save(self, outcome: int, note: str, failed: bool = False) -> str:
        """Complete the bag; return why it is not kept, or ''."""
        take, self.take = self.take, None
        take.judged = outcome
        problem = ''
        try:
            take.bag.end(take.end_texts(note, self.intake.offsets_s()))
        except DatasetError as error:
            problem = str(error)
        if not problem and not take.bag.messages:
            problem = self._drop_empty(take)
        if problem:
            self.get_logger().error(problem)
        else:
            self.get_logger().info(
                f'{take.bag.folder.name} saved: {take.bag.messages} messages, '
                f'{take.duration_s(take.stopped_ns):.1f} s')
        self.folder.recount()
        text = '; '.join(part for part in (take.stopped, problem) if part)
        self._end_goal(text, succeeded=not (problem or failed), take=take, saved=not problem)
        self._publish_status()
        return problem

    def _drop_empty(self, take: Take) -> str:
        """Throw away what is no demonstration and must not be counted as one; return why."""
        moved, said = self._to_trash(take.bag.folder, 'put away')
        return self._report.empty(take) + ('' if moved else f' {said}')

    def _end_goal(self, text: str, succeeded: bool, take: Take | None = None,
                  saved: bool = False) -> None:
        if not self._has_goal:
            return
        self._has_goal = False
        canceled = self._goal.cancel_requested
        self._goal.end(self._report.result(text, take or self.take, saved),
                       succeeded and not canceled, canceled)

    # -- reports ------------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Return whether a goal waits for its episode."""
        return self._waiting is not None

    def _publish_status(self) -> None:
        if self.folder is None or not self._undo:
            return
        self._status_ns = time.monotonic_ns()
        if self.take is None:
            self.folder.recount()  # others may have put bags away
        message = self._report.status(self._status_ns)
        message.header.stamp = self.get_clock().now().to_msg()
        self._status.publish(message)
        if self._has_goal:
            self._goal.feedback(RecordEpisode.Feedback(status=message))

    def diagnose(self):
        """Report the recording, the topics and the disk."""
        return self._report.diagnose(time.monotonic_ns())


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(DemoRecorder, args)
