"""Everything that an evaluator says, one line each, on disk before it is used."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.feedback import Feedback

FILE = 'answers.jsonl'


class Journal:
    """The answers of a run, by round."""

    def __init__(self, folder: Path):
        self.path = folder / FILE
        self.answers: dict[int, Feedback] = {}
        content = self.path.read_bytes() if self.path.is_file() else b''
        # A line without its end was cut off while it was written: that answer was not given.
        self._whole = content.rfind(b'\n') + 1
        for number, line in enumerate(content[:self._whole].splitlines(), 1):
            try:
                values = json.loads(line)
                answer = Feedback(values['round'], tuple(values['good']), values['best'])
            except (ValueError, KeyError, TypeError) as error:
                raise SettingError(f'{self.path}:{number} is no answer ({error!r}); restore the '
                                   'file from a copy, or begin a new run') from error
            self.answers[answer.round] = answer

    def append(self, answer: Feedback) -> None:
        """Write an answer; it is on disk when this returns."""
        line = json.dumps({
            'round': answer.round, 'good': list(answer.good), 'best': answer.best,
            'time': datetime.now(UTC).isoformat(timespec='seconds')}) + '\n'
        with self.path.open('ab') as file:
            file.truncate(self._whole)
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
            self._whole = file.tell()
        self.answers[answer.round] = answer
