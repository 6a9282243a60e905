"""The handshake with a PLC: READY, BUSY, DONE, ERROR, heartbeat and the last verdict."""

from adapt_msgs.msg import InspectionState, InspectionVerdict


class Station:
    """
    Bits that change with what happens, as a message.

    `takes_triggers`: false where every frame is inspected; READY never rises then.
    """

    def __init__(self, takes_triggers: bool = True):
        self._takes_triggers = takes_triggers
        self.active = False
        self.beat = False
        self._last: InspectionVerdict | None = None
        self._done = False

    def triggered(self) -> None:
        """Begin with a part: the last verdict is not valid any more."""
        self._done = False

    def finished(self, verdict: InspectionVerdict) -> None:
        """End with a verdict."""
        self._last, self._done = verdict, True

    def left(self) -> None:
        """Forget the verdict: the station does not work."""
        self._done = False

    def message(self, queued: int, limit: int, recipe: str, problem: str) -> InspectionState:
        """Return the state; `problem` is why inspection is not possible, or ''."""
        last, done = self._last, self._done and queued == 0
        verdict = last.verdict if last is not None and done else InspectionVerdict.NONE
        return InspectionState(
            heartbeat=self.beat,
            ready=self._takes_triggers and self.active and not problem and queued < limit,
            busy=queued > 0, done=done, error=self.active and bool(problem),
            ok=verdict == InspectionVerdict.OK, nok=verdict == InspectionVerdict.NOK,
            review=verdict == InspectionVerdict.REVIEW,
            invalid=verdict == InspectionVerdict.INVALID,
            sequence=last.sequence if last is not None else 0,
            part_id=last.part_id if last is not None else '',
            queued=queued, recipe=recipe,
            text=problem if self.active else 'the node is not active')
