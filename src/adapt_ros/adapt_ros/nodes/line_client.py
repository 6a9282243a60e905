"""line_client: an integrator's program. Asks for parts, triggers, waits for verdicts, sorts.

It speaks to inspection_node as a PLC would: wait for READY, trigger with the part id, take the
verdict with that id; what is not OK is taken out. At the end it prints the confusion table.
"""

import os
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adapt_msgs.action import FitRecipe, InspectPart
from adapt_msgs.msg import InspectionState, InspectionVerdict
from adapt_msgs.srv import TriggerInspection
from rcl_interfaces.srv import GetParameters
from rclpy.action import ActionClient
from rclpy.parameter import parameter_value_to_python
from std_msgs.msg import String
from std_srvs.srv import Trigger

from adapt_learning.errors import PictureError
from adapt_learning.inspection import Reason, Verdict
from adapt_learning.inspection.pictures import list_pictures
from adapt_ros import qos
from adapt_ros.inspection.generated import PREFIX
from adapt_ros.inspection.parts import is_good
from adapt_ros.inspection.sorting import Sorted, Sorting
from adapt_ros.lifecycle import EXIT_FAILED, EXIT_INPUT, AdaptNode, run
from adapt_ros.parameters import Range, parameter

_LOOK_S = 0.02
# Parameters of the line that say what came.
_SOURCE = ('parts', 'seed', 'defective_share')


@dataclass(frozen=True)
class LineClientSettings:
    """Parameters of line_client."""

    inspection: str = parameter('inspection_node', 'Node that inspects')
    line: str = parameter('line_camera', 'Node whose ~/next_part brings the parts')
    trigger: str = parameter('action', 'How parts are triggered',
                             one_of=('action', 'service', 'topic'))
    references: str = parameter('', 'Make a recipe first of pictures of this folder, which is the '
                                    'folder of references of the inspection node too; empty: the '
                                    'recipe is selected already')
    reference_count: int = parameter(8, 'The first so many pictures of it', within=Range(1, 1000))
    recipe: str = parameter('line', 'Name of the recipe that is made; one of this name is '
                                    'replaced')
    false_reject: float = parameter(0.05, 'Share of good parts that may be refused, as asked of '
                                          'the recipe', within=Range(0.0001, 0.9))
    allowed_missed: float = parameter(1.0, 'Exit code 1 if a larger share of defective parts '
                                           'passes', within=Range(0.0, 1.0))
    allowed_refused: float = parameter(1.0, 'Exit code 1 if a larger share of good parts is taken '
                                            'out', within=Range(0.0, 1.0))
    patience: float = parameter(60.0, 'Give up where an answer takes longer', unit='s',
                                within=Range(0.1, 3600.0))
    report: str = parameter('', 'File for the result as JSON; empty: none')
    autostart: bool = parameter(True, 'Configure and activate without a manager')


class LineClient(AdaptNode):
    """One part after the other; `finished` and `exit_code` tell the spinner."""

    def __init__(self, **kwargs):
        super().__init__('line_client', LineClientSettings, **kwargs)
        self.finished = False
        self.exit_code = 0
        self.sorting = Sorting()
        self._state: InspectionState | None = None
        self._part_id = ''
        self._asked_s = 0.0
        self._waits_for = ''
        self._fitted = False

    def set_up(self) -> None:
        """Make the clients."""
        settings, undo = self.settings, self._undo.append
        node = settings.inspection
        self._next = self.create_client(Trigger, f'{settings.line}/next_part')
        undo(partial(self.destroy_client, self._next))
        self._about = self.create_client(GetParameters, f'{settings.line}/get_parameters')
        undo(partial(self.destroy_client, self._about))
        self._service = self.create_client(TriggerInspection, f'{node}/trigger_inspection')
        undo(partial(self.destroy_client, self._service))
        self._action = ActionClient(self, InspectPart, f'{node}/inspect')
        undo(self._action.destroy)
        self._fit = ActionClient(self, FitRecipe, f'{node}/fit_recipe')
        undo(self._fit.destroy)
        self._topic = self.create_publisher(String, f'{node}/trigger', qos.LINES)
        undo(partial(self.destroy_publisher, self._topic))
        for kind, name, callback, profile in (
                (InspectionState, 'state', self._on_state, qos.LATCHED_IN),
                (InspectionVerdict, 'verdict', self._on_verdict, qos.LINES)):
            undo(partial(self.destroy_subscription, self.create_subscription(
                kind, f'{node}/{name}', callback, profile)))
        undo(partial(self.destroy_timer, self.create_timer(_LOOK_S, self._look,
                                                           clock=self.steady)))

    def start_work(self) -> None:
        """Wait for the other nodes."""
        self._expect('the nodes of inspection and line')

    def stop_work(self, text: str) -> None:
        """Print what there is."""
        if not self.finished and self.sorting.parts:
            print(self.sorting.table(), flush=True)

    # -- one after the other ------------------------------------------------------------------

    def _expect(self, what: str) -> None:
        self._waits_for, self._asked_s = what, time.monotonic()

    def _look(self) -> None:
        """Begin when everything is there; notice what takes too long."""
        if not self.is_active or self.finished:
            return
        if time.monotonic() - self._asked_s > self.settings.patience:
            said = f' (it says: {self._state.text})' if self._state and self._state.text else ''
            self._fail(f'{self._waits_for} did not come within {self.settings.patience:g} s{said}')
        elif self._waits_for == 'the nodes of inspection and line' and self._all_there():
            if self.settings.references and not self._fitted:
                self._make_recipe()
            else:
                self._bring_part()
        elif self._waits_for == 'READY' and self._state.ready and not self._state.busy:
            self._trigger()

    def _all_there(self) -> bool:
        return (self._next.service_is_ready() and self._service.service_is_ready()
                and self._action.server_is_ready() and self._fit.server_is_ready()
                and self._topic.get_subscription_count() > 0 and self._state is not None)

    def _make_recipe(self) -> None:
        settings = self.settings
        try:
            # Not sooner: a line that draws its parts has written them when it is there.
            found = list_pictures([Path(settings.references).expanduser()])
        except PictureError as error:
            self._fail(str(error), EXIT_INPUT)
            return
        self._expect('the recipe')
        goal = FitRecipe.Goal(
            name=settings.recipe, files=[one.name for one in found[:settings.reference_count]],
            overwrite=True, select=True, false_reject=settings.false_reject)
        self._fit.send_goal_async(goal).add_done_callback(self._on_fit_taken)

    def _on_fit_taken(self, future) -> None:
        if not future.result().accepted:
            self._fail('the recipe was refused; the log of the inspection node says why')
            return
        future.result().get_result_async().add_done_callback(self._on_fitted)

    def _on_fitted(self, future) -> None:
        result = future.result().result
        if not result.recipe.selected:
            self._fail(f'no recipe: {result.text}')
            return
        self._fitted = True
        print(result.text, flush=True)
        self._bring_part()

    def _bring_part(self) -> None:
        if not self.sorting.source and self._about.service_is_ready():
            self._about.call_async(GetParameters.Request(names=_SOURCE)).add_done_callback(
                self._on_about)
        self._expect('the next part')
        self._next.call_async(Trigger.Request()).add_done_callback(self._on_part)

    def _on_about(self, future) -> None:
        values = map(parameter_value_to_python, future.result().values)
        source = {name: value for name, value in zip(_SOURCE, values, strict=False)
                  if value is not None}
        if not str(source.get('parts')).startswith(PREFIX):
            source.pop('defective_share', None)  # that of a folder lies in the folder
        self.sorting.source = source

    def _on_part(self, future) -> None:
        answer = future.result()
        if answer.success:
            self._part_id = answer.message
            self._expect('READY')
        elif self.sorting.parts:
            self._finish()
        else:
            self._fail(f'no part came: {answer.message}')

    def _trigger(self) -> None:
        self._expect(f'the verdict on {self._part_id}')
        how = self.settings.trigger
        if how == 'topic':
            self._topic.publish(String(data=self._part_id))
        elif how == 'service':
            request = TriggerInspection.Request(part_id=self._part_id)
            self._service.call_async(request).add_done_callback(self._on_accepted)
        else:
            goal = InspectPart.Goal(part_id=self._part_id)
            self._action.send_goal_async(goal).add_done_callback(self._on_goal)

    def _on_accepted(self, future) -> None:
        answer = future.result()
        if answer.status == answer.BUSY:
            self._expect('READY')
        elif answer.status != answer.ACCEPTED:
            self._fail(f'{self._part_id} was refused: {answer.message}')

    def _on_goal(self, future) -> None:
        if future.result().accepted:
            future.result().get_result_async().add_done_callback(
                lambda done: self._sort(done.result().result.verdict))
        else:
            self._expect('READY')

    def _on_state(self, state: InspectionState) -> None:
        self._state = state

    def _on_verdict(self, verdict: InspectionVerdict) -> None:
        if self.settings.trigger != 'action':
            self._sort(verdict)

    def _sort(self, verdict: InspectionVerdict) -> None:
        """Put a part where it belongs, if it is the one that was asked for."""
        if not self.is_active or self.finished or verdict.part_id != self._part_id \
                or not self._waits_for.startswith('the verdict'):
            return
        if verdict.reason == Reason.BUSY:  # somebody else triggers too
            self._expect('READY')
            return
        reason = Reason(verdict.reason)
        self.sorting.add(Sorted(
            self._part_id, is_good(self._part_id), Verdict(verdict.verdict),
            reason.name if reason else '', verdict.ratio, verdict.latency,
            time.monotonic() - self._asked_s))
        self._bring_part()

    # -- the end ------------------------------------------------------------------------------

    def _finish(self) -> None:
        self.finished = True
        print(self.sorting.table(), flush=True)
        settings = self.settings
        if self.sorting.missed > settings.allowed_missed \
                or self.sorting.refused > settings.allowed_refused:
            self.exit_code = EXIT_FAILED
            print(f'more than allowed ({settings.allowed_missed:.1%} of defective parts passed, '
                  f'{settings.allowed_refused:.1%} of good parts taken out)', file=sys.stderr)
        if settings.report:
            try:
                self.sorting.write(os.path.expanduser(settings.report))
            except OSError as error:
                self.exit_code = EXIT_FAILED
                print(f'error: {settings.report} could not be written: {error.strerror}',
                      file=sys.stderr)

    def _fail(self, text: str, exit_code: int = EXIT_FAILED) -> None:
        self.finished, self.exit_code = True, exit_code
        print(f'error: {text}', file=sys.stderr, flush=True)
        if self.sorting.parts:
            print(self.sorting.table(), flush=True)


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point); 1 where parts were sorted worse than allowed or not at all."""
    return run(LineClient, args)


if __name__ == '__main__':
    main()
