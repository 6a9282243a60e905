"""Trainings of seconds: the one loop, without a run folder, told as one share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from adapt_learning.stacked.loop import LoopSettings, run_stages
from adapt_learning.stacked.stage import Samples, Trainable

Progress = Callable[[float, str], None]
"""Told (share 0..1 of this call, one line for people); what it raises ends the work."""


def train(networks: Trainable, training: Samples, held_out: Samples | None,
          progress: Progress) -> None:
    """
    Run all stages of some networks.

    It takes seconds: a start after a crash trains anew, so nothing is saved on the way. What
    `progress` raises goes through.
    """
    total = sum(stage.config.steps for stage in networks.stages())
    settings = LoopSettings(None, _NoLog(), _Told(progress, total))
    with one_thread():
        run_stages(networks, training, held_out, settings)


class _Told:
    """The loop's progress as the share of the steps of all stages."""

    def __init__(self, progress: Progress, total: int):
        self.progress, self.total, self.before, self.name = progress, total, 0, ''

    def start(self, stage: str, done: int, steps: int) -> None:
        """Begin a stage."""
        if self.name:
            self.before += self.steps
        self.name, self.steps = stage, steps

    def update(self, done: int, text: str) -> None:
        """Tell the share; what the listener raises ends the training."""
        self.progress((self.before + done) / self.total, f'{self.name}: {text}')


class _NoLog:
    """Where the numbers of a training go that nobody reads."""

    def write(self, stage: str, step: int, values: dict[str, list[float]]) -> None:
        """Keep nothing: the loss is shown as progress."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Multiply on one thread: the matmuls of training are too short to wake a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
