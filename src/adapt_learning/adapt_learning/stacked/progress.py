"""Progress on stderr: a bar with ETA for people, a line every ten seconds for files."""

import sys
import time
from typing import TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_EVERY_S = 10.0


class ProgressReport:
    """Shows the steps of one stage after the other."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self._bar: Progress | None = None
        if self.stream.isatty():
            self._bar = Progress(
                TextColumn('{task.description:>10}'), BarColumn(), MofNCompleteColumn(),
                TimeElapsedColumn(), TextColumn('left'), TimeRemainingColumn(),
                TextColumn('{task.fields[text]}'), console=Console(file=self.stream))
            self._bar.start()

    def start(self, stage: str, done: int, steps: int) -> None:
        """Begin a stage that has `done` of `steps` behind it."""
        self._stage, self._first, self._steps = stage, done, steps
        self._began_s = self._said_s = time.monotonic()
        if self._bar:
            self._task = self._bar.add_task(stage, total=steps, completed=done, text='')

    def update(self, done: int, text: str) -> None:
        """Show how far the stage is, and one short text (the losses)."""
        if self._bar:
            self._bar.update(self._task, completed=done, text=text)
            return
        now_s = time.monotonic()
        if now_s - self._said_s < _LINE_EVERY_S and done < self._steps:
            return
        self._said_s = now_s
        spent_s = now_s - self._began_s
        left_s = spent_s * (self._steps - done) / max(done - self._first, 1)
        print(f'{self._stage}: {done}/{self._steps} steps, {spent_s:.0f} s, about {left_s:.0f} s '
              f'left, {text}', file=self.stream, flush=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar:
            self._bar.stop()
