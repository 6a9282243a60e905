"""Everything that an evaluator says, one line each, on disk before it is used."""

import json
from datetime import UTC, datetime
from pathlib import Path

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.feedback import Feedback
from adapt_learning.generation.hero.lines import Lines

FILE = 'answers.jsonl'


class Journal:
    """The answers of a run, by round."""

    def __init__(self, folder: Path):
        self._lines = Lines(folder / FILE)
        self.answers: dict[int, Feedback] = {}
        for number, line in enumerate(self._lines.found, 1):
            try:
                values = json.loads(line)
                answer = Feedback(values['round'], tuple(values['good']), values['best'])
            except (ValueError, KeyError, TypeError) as error:
                raise SettingError(f'{self._lines.path}:{number} is no answer ({error!r}); restore '
                                   'the file from a copy, or begin a new run') from error
            self.answers[answer.round] = answer

    def append(self, answer: Feedback) -> None:
        """Write an answer; it is on disk when this returns."""
        self._lines.append({
            'round': answer.round, 'good': list(answer.good), 'best': answer.best,
            'time': datetime.now(UTC).isoformat(timespec='seconds')})
        self.answers[answer.round] = answer
