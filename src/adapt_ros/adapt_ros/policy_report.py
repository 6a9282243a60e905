"""What policy_node says about itself: status, result and diagnostics."""

from collections.abc import Iterator
from typing import Any

from adapt_msgs.action import RunPolicy
from adapt_msgs.msg import Outcome, PolicyStatus, TerminationReason
from diagnostic_msgs.msg import DiagnosticStatus

from adapt_learning.runtime import PolicyRunner, Stop, StopReason
from adapt_learning.runtime.run_goal import RunGoal
from adapt_ros.bridge import CommandWriter, ObservationReader

_OK, _WARN, _ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


class PolicyReport:
    """Totals over all goals, and the messages made of them."""

    def __init__(self, runner: PolicyRunner):
        self._runner = runner
        self._last_stop = Stop(StopReason.NONE, '')
        self._ticks = self._misses = self._limited = 0

    def ended(self, stop: Stop, book: RunGoal) -> RunPolicy.Result:
        """Add an ended goal to the totals and return its result."""
        latency, limited = self._runner.latency, self._runner.limiter.limited
        self._last_stop = stop
        self._ticks += latency.ticks
        self._misses += latency.misses
        self._limited += limited
        return RunPolicy.Result(
            reason=_reason(stop), outcome=Outcome(value=book.outcome), episodes=book.episodes,
            successes=book.successes, ticks=latency.ticks, deadline_misses=latency.misses,
            limited_commands=limited, latency_p50=latency.percentile(50),
            latency_p99=latency.percentile(99), latencies=latency.values.tolist(),
            expert_likeness=self._runner.likeness_scores)

    def stopped(self, stop: Stop) -> None:
        """Note a stop outside of a goal."""
        self._last_stop = stop

    def status(self, book: RunGoal | None) -> PolicyStatus:
        """Return the status; `book` is that of the running goal. The stamp is the caller's."""
        runner, running = self._runner, book is not None
        message = PolicyStatus(
            state=self._state(book), last_stop=_reason(self._last_stop),
            policy=runner.policy.name,
            artifact_hash=runner.policy.manifest.files.get('model.onnx', '')[:16],
            contract_hash=runner.contract.interface_hash,
            ticks=self._ticks + running * runner.latency.ticks,
            deadline_misses=self._misses + running * runner.latency.misses,
            limited_commands=self._limited + running * runner.limiter.limited,
            latency_p50=runner.latency.recent_percentile(50),
            latency_p99=runner.latency.recent_percentile(99),
            observation_age=runner.observation_age_s)
        message.expert_likeness = runner.monitor.score if runner.monitor else float('nan')
        message.unlike_expert = bool(runner.monitor and runner.monitor.warns)
        return message

    def diagnose(self, book: RunGoal | None, observations: ObservationReader,
                 commands: CommandWriter) -> Iterator[tuple[str, bytes, str, dict[str, Any]]]:
        """Yield the parts of /diagnostics: run, observations, commands, expert likeness."""
        runner = self._runner
        if runner.latched is not None:
            yield 'run', _ERROR, f'stopped: {runner.latched.text}', {
                'reason': runner.latched.reason.name}
        else:
            yield 'run', _OK, 'running' if book else 'idle', {
                'latency p50 [ms]': f'{runner.latency.recent_percentile(50) * 1e3:.3f}',
                'latency p99 [ms]': f'{runner.latency.recent_percentile(99) * 1e3:.3f}',
                'deadline misses': runner.latency.misses,
                'limited commands': runner.limiter.limited}
        counts = observations.assembler.counts
        silent, crowded = observations.silent(), observations.crowded()
        level = _ERROR if crowded else _WARN if silent else _OK
        text = (f'nobody publishes {", ".join(silent)}' if silent else
                f'several nodes publish {", ".join(crowded)}' if crowded else 'all topics there')
        yield 'observations', level, text, {
            'frames': counts.frames, 'samples': counts.samples,
            'wrong shape': counts.wrong_shape, 'out of order': counts.out_of_order,
            'age [s]': f'{runner.observation_age_s:.3f}', 'last problem': counts.last_problem}
        rivals = commands.crowded()
        yield ('commands', _WARN if rivals else _OK,
               f'another node publishes {", ".join(rivals)}' if rivals else 'sole commander', {})
        if runner.monitor is not None:
            yield ('expert likeness', _WARN if runner.monitor.warns else _OK,
                   'unlike the demonstrations' if runner.monitor.warns else 'like the expert',
                   {'score (1 warns)': f'{runner.monitor.score:.3f}'})

    def _state(self, book: RunGoal | None) -> int:
        if self._runner.latched is not None:
            return PolicyStatus.STATE_STOPPED
        if book is None:
            return PolicyStatus.STATE_IDLE
        waiting = book.waiting_since_ns is not None
        return PolicyStatus.STATE_WAITING if waiting else PolicyStatus.STATE_RUNNING


def _reason(stop: Stop) -> TerminationReason:
    return TerminationReason(value=int(stop.reason), text=stop.text)
