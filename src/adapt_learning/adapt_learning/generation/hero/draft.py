"""The answer to one round while it is being given: every click is on disk before it counts."""

import json
import time
from pathlib import Path

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.feedback import Feedback
from adapt_learning.generation.hero.lines import Lines

_TOGGLE, _BEST, _UNDO = 'toggle', 'best', 'undo'


class Draft:
    """
    Which pictures of a round are good so far, and which one is the best.

    All pictures are bad until they are called good. The journal is a JSONL file that all rounds of
    a run share; a draft that is opened again stands where the last complete line left it, and a
    damaged line costs its click alone. Raises SettingError for a picture that the round does not
    have.
    """

    def __init__(self, journal: Path, round_number: int, count: int):
        self.round, self.count = round_number, count
        self._lines = Lines(journal)
        self._states: list[tuple[frozenset[int], int | None]] = [(frozenset(), None)]
        for line in self._lines.found:
            self._repeat(line)

    @property
    def good(self) -> frozenset[int]:
        """Positions of the good pictures."""
        return self._states[-1][0]

    @property
    def best(self) -> int | None:
        """Position of the best picture, one of the good ones."""
        return self._states[-1][1]

    @property
    def can_undo(self) -> bool:
        """Return whether there is a step to take back."""
        return len(self._states) > 1

    def toggle(self, picture: int) -> None:
        """Call a bad picture good, a good one bad (and no longer the best)."""
        self._say(_TOGGLE, picture)

    def choose_best(self, picture: int) -> None:
        """Call a picture the best, and with that good; once more: no longer the best."""
        self._say(_BEST, picture)

    def undo(self) -> None:
        """Take the last step back; nothing happens where there is none."""
        if self.can_undo:
            self._say(_UNDO)

    def state(self, picture: int) -> str:
        """Return 'best', 'good' or 'bad'."""
        return 'best' if picture == self.best else 'good' if picture in self.good else 'bad'

    def feedback(self) -> Feedback:
        """Return the answer as it stands."""
        return Feedback(self.round, tuple(sorted(self.good)), self.best)

    def _say(self, event: str, picture: int | None = None) -> None:
        if picture is not None and not 0 <= picture < self.count:
            raise SettingError(f'pictures of this round are 0 to {self.count - 1}; got {picture}')
        line = {'time': time.time(), 'round': self.round, 'event': event}
        if picture is not None:
            line['picture'] = picture
        self._lines.append(line)
        self._apply(event, picture)

    def _repeat(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            number, event, picture = said['round'], said['event'], said.get('picture')
        except (ValueError, KeyError, TypeError, AttributeError):
            number = event = picture = None
        of_a_round = type(number) is int
        if of_a_round and number != self.round:
            return
        has_picture = type(picture) is int and 0 <= picture < self.count
        if of_a_round and (event == _UNDO or event in (_TOGGLE, _BEST) and has_picture):
            self._apply(event, picture)
        elif self.can_undo:
            # A step without effect, so that the undo of a lost click takes no other one back.
            self._states.append(self._states[-1])

    def _apply(self, event: str, picture: int | None) -> None:
        good, best = self._states[-1]
        if event == _UNDO:
            if self.can_undo:
                self._states.pop()
        elif event == _TOGGLE:
            self._states.append((good ^ {picture}, None if picture == best else best))
        elif event == _BEST:
            self._states.append((good, None) if picture == best else (good | {picture}, picture))
