"""Everything that an evaluator says, one line each, on disk before it is used."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.feedback import Feedback
from adapt_learning.generation.hero.lines import Lines

FILE = 'answers.jsonl'


class Journal:
    """
    The answers of a run, by round.

    Raises SettingError for a line that cannot be an answer to a round of `pictures` pictures.
    """

    def __init__(self, folder: Path, pictures: int):
        self._lines = Lines(folder / FILE)
        self.answers: dict[int, Feedback] = {}
        for number, line in enumerate(self._lines.found, 1):
            try:
                answer = _answer(json.loads(line))
                answer.check_pictures(pictures)
            except (ValueError, KeyError, TypeError, SettingError) as error:
                raise SettingError(
                    f'{self._lines.path}:{number} is no answer ({_reason(error)}); restore the '
                    'line from a copy, or remove it: a round that was not learnt from yet is asked '
                    'again') from error
            self.answers[answer.round] = answer

    def append(self, answer: Feedback) -> None:
        """Write an answer; it is on disk when this returns."""
        self._lines.append({
            'round': answer.round, 'good': list(answer.good), 'best': answer.best,
            'time': datetime.now(UTC).isoformat(timespec='seconds')})
        self.answers[answer.round] = answer


def _answer(values: Any) -> Feedback:
    number, good, best = values['round'], values['good'], values['best']
    whole = [number, *good, *([] if best is None else [best])]
    if any(type(value) is not int for value in whole) or number < 0:
        raise ValueError('round and pictures are whole numbers from 0 up')
    return Feedback(number, tuple(good), best)


def _reason(error: Exception) -> str:
    return f'{error} is missing' if isinstance(error, KeyError) else str(error)
