"""What inspection_node says about itself in /diagnostics."""

import math
from collections import Counter
from typing import TYPE_CHECKING

from adapt_msgs.msg import InspectionVerdict
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import Image

from adapt_learning.inspection import Verdict
from adapt_learning.runtime.latency import LatencyRecord

if TYPE_CHECKING:
    from adapt_ros.nodes.inspection_node import InspectionNode

_OK, _WARN, _ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


class InspectionReport:
    """Counts verdicts and times; yields the parts of the diagnostics."""

    def __init__(self, node: 'InspectionNode'):
        self._node = node
        # Nothing is late here; percentiles are what is wanted of the record.
        self.latencies = LatencyRecord(math.inf)
        self.verdicts: Counter[int] = Counter()
        self.refused = 0
        self._archive_said = ''

    def finished(self, verdict: InspectionVerdict) -> None:
        """Count a verdict."""
        self.verdicts[verdict.verdict] += 1
        if verdict.latency == verdict.latency:
            self.latencies.add(verdict.latency)

    def say_archive(self) -> None:
        """Log a problem of the archive once, and its end."""
        archive = self._node.keeper.archive
        problem = archive.problem if archive is not None else ''
        if bool(problem) == bool(self._archive_said):
            return
        self._archive_said = problem
        if problem:
            self._node.get_logger().error(f'{problem}; inspection goes on')
        else:
            self._node.get_logger().info('results are kept again')

    def diagnose(self):
        """Yield (part, level, sentence, values)."""
        yield self._inspection()
        yield self._camera()
        yield self._recipe()
        if self._node.keeper.archive is not None:
            yield self._archive()

    def _inspection(self):
        node = self._node
        problem = node.problem() if node.is_active else ''
        text = 'the node is not active' if not node.is_active else problem or 'ready'
        values = {f'{one.name}': self.verdicts[int(one)] for one in Verdict if one}
        values |= {'refused': self.refused, 'waiting': len(node.queue)}
        for percent in (50, 95, 99):
            values[f'latency p{percent} [ms]'] = \
                f'{self.latencies.recent_percentile(percent) * 1e3:.1f}'
        return 'inspection', _ERROR if problem else _OK, text, values

    def _camera(self):
        feed = self._node.feed
        silent = feed.silent_s()
        values = {'topic': feed.topic, 'frames': feed.received,
                  'dropped frames': feed.missed.count, 'rate [Hz]': f'{feed.missed.rate_hz:.1f}'}
        if feed.newest is not None:
            message = feed.newest.message
            form = message.encoding if isinstance(message, Image) else message.format
            width, height = feed.newest.size
            values |= {'age [s]': f'{silent:.2f}', 'encoding': form,
                       'size [px]': f'{width} x {height}'}
        stopped = self._node.camera_problem() if self._node.is_active else ''
        return 'camera', _ERROR if stopped else _OK, stopped or (
            'frames come' if feed.newest is not None else 'no frame yet'), values

    def _recipe(self):
        desk = self._node.desk
        values = {'recipes': len(desk.shelf.names()), 'last fit': desk.last_fit}
        if desk.fitting is not None:
            stage, done, total = desk.fitting.progress
            values['fitting'] = f'{desk.fitting.request.name}: {stage} {done}/{total}'
        if desk.examiner is None:
            return 'recipe', _WARN, 'no recipe is selected', values
        recipe = desk.examiner.recipe
        values |= {
            'recipe': recipe.name, 'hash': recipe.hash[:12],
            'references': len(recipe.references), 'bank rows': sum(recipe.bank.rows),
            'threshold': f'{recipe.calibration.score.value:.6g}',
            'promise': recipe.calibration.score.sentence, 'detector': recipe.detector,
            'detector hash': recipe.detector_hash[:12]}
        if desk.is_gone:
            return 'recipe', _WARN, (f"the folder of recipe '{recipe.name}' is gone; it is used "
                                     'until the node ends, make it anew'), values
        if recipe.odd:
            return 'recipe', _WARN, (f"of the references of '{recipe.name}' these look odd: "
                                     f'{", ".join(recipe.odd)}'), values
        return 'recipe', _WARN if desk.fit_failed else _OK, f"recipe '{recipe.name}'", values

    def _archive(self):
        archive = self._node.keeper.archive
        level = _WARN if archive.problem else _OK
        return 'archive', level, archive.problem or 'results are kept', {
            'results': archive.count, 'size [MB]': f'{archive.size / 1e6:.1f}',
            'lost': archive.lost}
