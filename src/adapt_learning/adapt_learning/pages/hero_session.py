"""What the feedback page shows and does, without a page: one run, all browsers that look at it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from adapt_learning.errors import SettingError, UserError
from adapt_learning.generation.hero.draft import Draft
from adapt_learning.generation.hero.facts import RoundFacts
from adapt_learning.generation.hero.feedback import Feedback, Round
from adapt_learning.generation.hero.round_folder import RoundFolder
from adapt_learning.generation.hero.run import HeroRun

CLICKS = 'clicks.jsonl'
_log = logging.getLogger(__name__)


class Phase(Enum):
    """What the run is doing."""

    WORKING = 'working'
    """Learning and drawing the next pictures."""
    JUDGING = 'judging'
    FINISHED = 'finished'
    FAILED = 'failed'
    """The work stopped with an error; it can be tried again, nothing that was said is lost."""


@dataclass(frozen=True)
class Work:
    """How far the work is."""

    stage: str = ''
    done: int = 0
    steps: int = 0
    left_s: float | None = None
    """Until the end of the stage, as fast as it went so far; None while that is not known."""


class HeroSession:
    """
    A run that people answer.

    All browsers share it: a click in one is seen in all. `version` grows with every change, so a
    page looks whether it is still right by one number. `work` is called in a thread, all else in
    the page's.
    """

    def __init__(self, run: HeroRun, finish: Callable[[], object]):
        """`finish` is called when all rounds are answered: it stores the result."""
        self.run, self._finish = run, finish
        self.version = 0
        self.phase = Phase.WORKING
        self.paused = False
        self.problem = ''
        self.progress = Work()
        self.asked: Round | None = None
        self.draft: Draft | None = None
        self._given: Feedback | None = None
        self._at_work = threading.Lock()
        self._stage_began, self._done_then = 0.0, 0

    @property
    def history(self) -> list[RoundFacts]:
        """Facts of the rounds that were answered."""
        return self.run.history

    def changed(self) -> None:
        """Say that pages have to be drawn again."""
        self.version += 1

    def pause(self, paused: bool) -> None:
        """Stop taking answers, or go on; all browsers see it."""
        self.paused = paused
        self.changed()

    def edit(self, number: int, change: Callable[[Draft], None]) -> None:
        """Change the answer to a round; SettingError where that is not the one that waits."""
        self._check_waits(number)
        change(self.draft)
        self.changed()

    def submit(self, number: int) -> None:
        """Give the answer as it stands; SettingError as `edit`. Then `work` has to be called."""
        self._check_waits(number)
        feedback = self.draft.feedback()
        feedback.check(self.asked)
        self._given, self.phase = feedback, Phase.WORKING
        self.changed()

    def retry(self) -> bool:
        """Make ready to try failed work again; return whether `work` has to be called then."""
        failed = self.phase is Phase.FAILED
        if failed:
            self.phase, self.problem = Phase.WORKING, ''
            self.changed()
        return failed

    def work(self) -> None:
        """Learn from the answer that was given, if any, and draw the next pictures."""
        with self._at_work:
            self.progress = Work()
            given, self._given = self._given, None
            try:
                if given is not None:
                    self.run.answer(given, self._tell)
                self._open_round()
            except Exception as error:
                # What was answered is in the run's journal, or still in the draft.
                if not isinstance(error, UserError):
                    _log.exception('the work of %s stopped', self.run.folder)
                self.problem, self.phase = _sentence(error), Phase.FAILED
            finally:
                self.changed()

    def picture(self, number: int, index: int) -> bytes | None:
        """Return a picture of the round that is asked as PNG; None where there is none."""
        asked = self.asked
        if asked is None or asked.number != number or not 0 <= index < len(asked.pictures):
            return None
        return RoundFolder(self.run.folder, number).picture(index).read_bytes()

    def best_picture(self) -> bytes | None:
        """Return the best picture of the rounds before as PNG; None while there is none."""
        best = self.run.best_picture
        return None if best is None else best.read_bytes()

    def _open_round(self) -> None:
        self.asked = self.draft = None
        if self.run.finished:
            self._finish()
            self.phase = Phase.FINISHED
            return
        self.asked = self.run.round(self._tell)
        self.draft = Draft(self.run.folder / CLICKS, self.asked.number, len(self.asked.pictures))
        self.phase = Phase.JUDGING

    def _tell(self, stage: str, done: int, steps: int) -> None:
        now = time.monotonic()
        if stage != self.progress.stage:
            self._stage_began, self._done_then = now, done
        made = done - self._done_then
        left = (now - self._stage_began) / made * (steps - done) if made else None
        self.progress = Work(stage, done, steps, left)
        self.changed()

    def _check_waits(self, number: int) -> None:
        if self.paused:
            raise SettingError('the run is paused; press Continue first')
        if self.phase is not Phase.JUDGING or self.asked is None:
            raise SettingError('no round waits for an answer now; the next one is on its way')
        if number != self.asked.number:
            raise SettingError(f'round {number + 1} was answered already, perhaps in another '
                               f'browser; round {self.asked.number + 1} waits now')


def _sentence(error: Exception) -> str:
    """Return what a person is told of an error; the first line of one that nobody foresaw."""
    text = str(error)
    if isinstance(error, UserError | OSError) and text:
        return text
    first = text.partition('\n')[0]
    return f'{type(error).__name__}: {first}' if first else type(error).__name__
