"""inspection_node: frames of a camera -> verdicts on parts.

    trigger, frame -> Examiner.examine(pixels) -> verdict, state, pictures, archive

What a frame means is decided in adapt_learning.inspection, the same code as offline; this file
brings triggers and frames together, keeps the handshake and reports. Everything runs on one thread;
recipes are made in a child process.
"""

import time
import traceback
from functools import partial

from adapt_msgs.action import FitRecipe, InspectPart
from adapt_msgs.msg import InspectionState, InspectionVerdict
from adapt_msgs.srv import (
    AddRecipe,
    CalibrateRecipe,
    ListRecipes,
    RemoveRecipe,
    SelectRecipe,
    TriggerInspection,
)
from std_msgs.msg import String
from std_srvs.srv import Trigger as TriggerService

from adapt_learning.errors import PictureError
from adapt_learning.inspection import Reason, Result
from adapt_learning.inspection.archive import ResultArchive
from adapt_learning.inspection.verdict import invalid
from adapt_ros import qos
from adapt_ros.goals import OneGoal
from adapt_ros.inspection.camera_feed import CameraFeed, CameraFrame
from adapt_ros.inspection.inspection_report import InspectionReport
from adapt_ros.inspection.messages import verdict_message
from adapt_ros.inspection.outputs import Keeper, Pictures
from adapt_ros.inspection.recipe_desk import RecipeDesk
from adapt_ros.inspection.settings import InspectionNodeSettings
from adapt_ros.inspection.station import Station
from adapt_ros.inspection.timing import FrameRules
from adapt_ros.inspection.triggers import MOST_CHARACTERS, Trigger, TriggerQueue, problem_with
from adapt_ros.lifecycle import AdaptNode, run

_WATCH_S = 0.02
_MOST_TIMEOUT_S = 600.0


class InspectionNode(AdaptNode):
    """Inspects while active: by service, action, topic, or every frame."""

    def __init__(self, **kwargs):
        super().__init__('inspection_node', InspectionNodeSettings, **kwargs)
        self._forget()

    def _forget(self) -> None:
        self.desk: RecipeDesk | None = None
        self._goal_trigger: Trigger | None = None
        self._said = None
        self._beat_ns = 0
        self._told_silence = False

    # -- life cycle ---------------------------------------------------------------------------

    def set_up(self) -> None:
        """Open detector, recipe and archive, make the ROS entities."""
        settings, undo = self.settings, self._undo.append
        self.queue = TriggerQueue(settings.queue_size)
        self.station = Station(takes_triggers=not settings.free_run)
        self._rules = FrameRules(settings.check_stamps, settings.frame_lead,
                                 settings.max_frame_age)
        self.desk = RecipeDesk(self, self._publish_state)
        self.keeper = Keeper(ResultArchive(
            settings.archive, settings.archive_results, round(settings.archive_size * 1e6))
            if settings.archive else None, settings.archive_pictures)
        self._report = InspectionReport(self)
        self._state = self.create_publisher(InspectionState, '~/state', qos.LATCHED)
        undo(partial(self.destroy_publisher, self._state))
        self._verdict = self.create_publisher(InspectionVerdict, '~/verdict', qos.LINES)
        undo(partial(self.destroy_publisher, self._verdict))
        self._pictures = Pictures(self, '~/map', '~/heat_map')
        undo(self._pictures.destroy)
        self.feed = CameraFeed(self, settings.camera, settings.compressed,
                               settings.camera_reliable, self._on_frame)
        undo(self.feed.destroy)
        self._part = OneGoal(self, InspectPart, '~/inspect', self._refuse_part, self._begin_part)
        undo(self._part.destroy)
        self.desk.goal = OneGoal(self, FitRecipe, '~/fit_recipe', self.desk.refuse, self.desk.begin)
        undo(self.desk.goal.destroy)
        undo(partial(self.destroy_subscription, self.create_subscription(
            String, '~/trigger', self._on_topic, qos.LINES)))
        for kind, name, answer in (
                (TriggerInspection, '~/trigger_inspection', self._on_service),
                (TriggerService, '~/cancel', self._on_cancel),
                (AddRecipe, '~/add_recipe', self.desk.on_add),
                (TriggerService, '~/cancel_fit', self.desk.on_cancel),
                (ListRecipes, '~/list_recipes', self.desk.on_list),
                (SelectRecipe, '~/select_recipe', self.desk.on_select),
                (RemoveRecipe, '~/remove_recipe', self.desk.on_remove),
                (CalibrateRecipe, '~/calibrate_recipe', self.desk.on_calibrate)):
            undo(partial(self.destroy_service, self.create_service(kind, name, answer)))
        undo(partial(self.destroy_timer,
                     self.create_timer(_WATCH_S, self._watch, clock=self.steady)))
        self.get_logger().info(f'recipe {self.desk.selected or "(none)"}, {self.feed.topic}, '
                               f'{"every frame" if settings.free_run else "by trigger"}')

    def tear_down(self) -> None:
        """Let recipe and detector go."""
        self._forget()

    def start_work(self) -> None:
        """Take triggers from now on."""
        self.station.active = True
        self.feed.listens_since_ns = time.monotonic_ns()
        self._publish_state()

    def stop_work(self, text: str) -> None:
        """End what waits with INVALID; no part is left without a verdict."""
        for trigger in self.queue.all():
            self._end(trigger, invalid(Reason.STOPPED, text), None)
        self.desk.stop(text)
        self.station.active = False
        self.station.left()
        self._publish_state()

    # -- triggers -----------------------------------------------------------------------------

    def camera_stopped(self) -> bool:
        """Return whether the camera has been silent for too long."""
        timeout = self.settings.camera_timeout
        return timeout > 0.0 and self.feed.silent_s() > timeout

    def camera_problem(self) -> str:
        """Return why the camera counts as stopped, or ''."""
        if not self.camera_stopped():
            return ''
        return f'no frame for {int(self.feed.silent_s())} s; {self.feed.hint()}'

    def problem(self) -> str:
        """Return why inspection is not possible now, or ''."""
        if self.desk.examiner is None:
            return 'no recipe is selected; call ~/select_recipe, or make one with ~/fit_recipe'
        return self.camera_problem()

    def _refusal(self, part_id: str) -> tuple[Reason, str]:
        """Return why a trigger is refused, and a sentence; ('NONE', '') if it is not."""
        if not self.is_active:
            return Reason.STOPPED, 'the node is not active'
        if self.settings.free_run:
            return Reason.STOPPED, ('every frame is inspected (free_run), so nothing can be '
                                    'triggered')
        if self.desk.examiner is None:
            return Reason.NO_RECIPE, self.problem()
        problem = problem_with(part_id)
        if problem:
            return Reason.STOPPED, problem
        if self.queue.full:
            return Reason.BUSY, (f'{len(self.queue)} triggers wait already (queue_size); wait for '
                                 'READY')
        return Reason.NONE, ''

    def _trigger(self, part_id: str, source: str, timeout_s: float = 0.0) -> Trigger:
        return Trigger(part_id, source, self.get_clock().now().nanoseconds, time.monotonic(),
                       timeout_s or self.settings.frame_timeout, self.desk.examiner)

    def _push(self, trigger: Trigger) -> None:
        """Let a trigger wait that was not refused."""
        self.queue.push(trigger)
        self.station.triggered()
        self._publish_state()
        # With a lead the frame may be here already.
        if self.feed.newest is not None and self.settings.frame_lead > 0.0:
            self._serve(self.feed.newest)

    def _on_service(self, request, response):
        reason, response.message = self._refusal(request.part_id)
        if reason == Reason.NONE:
            trigger = self._trigger(request.part_id, 'service')
            self._push(trigger)
            response.sequence = trigger.sequence
        else:
            self._report.refused += 1
            response.status = response.BUSY if reason == Reason.BUSY else response.NOT_READY
        return response

    def _on_topic(self, message: String) -> None:
        """Answer every message with a verdict: nothing else would tell that it was refused."""
        if not self.is_active:
            return
        reason, problem = self._refusal(message.data)
        trigger = self._trigger(message.data[:MOST_CHARACTERS], 'topic')
        if reason == Reason.NONE:
            self._push(trigger)
        else:
            self._report.refused += 1
            self._verdict.publish(self._message(invalid(reason, problem), trigger, None))

    def _refuse_part(self, goal) -> str:
        if self._goal_trigger is not None:
            return 'another goal waits for its verdict'
        if not 0.0 <= goal.timeout <= _MOST_TIMEOUT_S:
            return f'timeout lies in 0..{_MOST_TIMEOUT_S:g} s; got {goal.timeout}'
        reason, problem = self._refusal(goal.part_id)
        self._report.refused += reason != Reason.NONE
        return problem

    def _begin_part(self, goal) -> None:
        self._goal_trigger = trigger = self._trigger(goal.part_id, 'action', goal.timeout)
        self._push(trigger)
        self._part.feedback(InspectPart.Feedback(sequence=trigger.sequence))

    def _on_cancel(self, _, response):
        """Twin of cancelling a goal: everything that waits ends INVALID."""
        waiting = self.queue.all()
        for trigger in waiting:
            self._end(trigger, invalid(Reason.STOPPED, '~/cancel was called'), None)
        response.success = bool(waiting)
        response.message = f'{len(waiting)} triggers were cancelled' if waiting else 'nothing waits'
        return response

    # -- frames -------------------------------------------------------------------------------

    def _on_frame(self, frame: CameraFrame) -> None:
        self._told_silence = False
        if not self.is_active:
            return
        self.desk.take(frame)
        if self.settings.free_run and self.desk.examiner is not None:
            trigger = self._own_trigger()
            old = self._rules.too_old(frame, self.get_clock().now().nanoseconds)
            self._end(trigger, invalid(Reason.STALE, old) if old else
                      self._examine(frame, trigger), frame)
        else:
            self._serve(frame)

    def _own_trigger(self) -> Trigger:
        trigger = self._trigger('', 'frame')
        self.queue.number(trigger)
        return trigger

    def _serve(self, frame: CameraFrame) -> None:
        """Give a frame to the first trigger, if it may have it; each frame serves one."""
        trigger = self.queue.head
        if trigger is None or frame.used:
            return
        problem = self._rules.too_old(frame, self.get_clock().now().nanoseconds) \
            or self._rules.too_early(frame, trigger)
        if problem:
            # The next one may do; the timeout tells this problem.
            trigger.stale = problem
            return
        frame.used = True
        self._end(trigger, self._examine(frame, trigger), frame)

    def _examine(self, frame: CameraFrame, trigger: Trigger) -> Result:
        try:
            return trigger.examiner.examine(frame.pixels)
        except PictureError as error:
            return invalid(Reason.UNREADABLE, str(error))
        except Exception as error:
            # Whatever it is, the part needs a verdict, and not OK.
            traceback.print_exc()
            return invalid(Reason.INTERNAL_ERROR, f'a bug, please report it: {error!r} (the log '
                                                  'has the details)')

    def _message(self, result: Result, trigger: Trigger, frame: CameraFrame | None):
        message = verdict_message(result, trigger, frame, self.get_clock().now().nanoseconds)
        if frame is not None:
            message.latency = (time.monotonic_ns() - frame.received_ns) * 1e-9
        return message

    def _end(self, trigger: Trigger, result: Result, frame: CameraFrame | None) -> None:
        """Give a trigger its verdict: first the line, then everything else."""
        if trigger.source != 'frame':
            self.queue.remove(trigger)
        verdict = self._message(result, trigger, frame)
        self._verdict.publish(verdict)
        self.station.finished(verdict)
        self._publish_state()
        if trigger is self._goal_trigger:
            self._goal_trigger = None
            canceled = result.reason == Reason.STOPPED
            self._part.end(InspectPart.Result(verdict=verdict), succeeded=not canceled,
                           canceled=canceled)
        self._report.finished(verdict)
        if frame is not None:
            self._pictures.publish(result, verdict, frame)
        self.keeper.keep(result, verdict, frame)
        self._report.say_archive()

    # -- watching -----------------------------------------------------------------------------

    def _watch(self) -> None:
        now = time.monotonic_ns()
        if self.is_active:
            for trigger in self.queue.expired(now * 1e-9):
                self._end(trigger, self._too_late(trigger), None)
            if self._goal_trigger is not None and self._part.cancel_requested:
                self._end(self._goal_trigger,
                          invalid(Reason.STOPPED, 'the goal was cancelled'), None)
            self._watch_free_run()
            self.desk.watch()
        if now - self._beat_ns >= self.settings.heartbeat * 1e9:
            self._beat_ns = now
            self.station.beat = not self.station.beat
            self._publish_state()
        elif self._state_key() != self._said:
            self._publish_state()

    def _too_late(self, trigger: Trigger) -> Result:
        if trigger.stale:
            return invalid(Reason.STALE, trigger.stale)
        return invalid(Reason.NO_FRAME, f'no frame came within {trigger.timeout_s:g} s of the '
                                        f'trigger; {self.feed.hint()}')

    def _watch_free_run(self) -> None:
        """Say once that the camera has stopped; nothing else would speak then."""
        silent = self.camera_problem() if self.settings.free_run else ''
        if silent and not self._told_silence and self.desk.examiner is not None:
            self._told_silence = True
            self._end(self._own_trigger(), invalid(Reason.NO_FRAME, silent), None)

    def _publish_state(self) -> None:
        if self.desk is None:
            return
        self._said = self._state_key()
        message = self.station.message(len(self.queue), self.queue.limit, self.desk.selected,
                                       self.problem() if self.station.active else '')
        message.header.stamp = self.get_clock().now().to_msg()
        self._state.publish(message)

    def _state_key(self) -> tuple:
        """Return what changes without a trigger: the camera stops or comes back."""
        return self.desk.selected, self.camera_stopped()

    def diagnose(self):
        """Report inspection, camera, recipe and archive."""
        return self._report.diagnose()


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(InspectionNode, args)


if __name__ == '__main__':
    main()
