"""Several trainings one after the other, each with a run folder of its own."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapt_learning.stacked.checkpoint import FILE as CHECKPOINT
from adapt_learning.stacked.checkpoint import remove_checkpoint
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.stacked.training import Training
from adapt_learning.trainers.run_folder import run_training


class StageRuns:
    """
    Runs the stages of one request below `folder`, in the order of `names`.

    `identity` is what must be the same for an interrupted run to go on (`resume`). The settings
    of a stage's optimiser are those of `<stage>.optimization`.
    """

    def __init__(self, folder: Path, names: tuple[str, ...], identity: Mapping[str, Any],
                 resume: bool, progress: ProgressReport | None = None):
        self._folder, self._names, self._identity = folder, names, identity
        self._progress = progress
        begun = [name for name in names if (folder / name / CHECKPOINT).is_file()]
        # A stage that had not begun begins now; where none had, the first one says so.
        self._resumed = begun or list(names) if resume else []
        self.losses: dict[str, dict[str, float]] = {}
        """Last mean losses, by stage."""
        self.seconds: dict[str, float] = {}
        """Processor time of this process, by stage."""

    def run(self, name: str, make: Callable[[], Training]) -> None:
        """Run a stage, or what is left of it; raises as `run_training` does."""
        began_s = time.process_time()
        self.losses[name] = run_training(
            make, self._folder / name, name, self._identity, name in self._resumed,
            self._progress, f'{name}.optimization')
        self.seconds[name] = round(time.process_time() - began_s, 2)

    def forget(self) -> None:
        """Remove the checkpoints; what they were for is stored."""
        for name in self._names:
            remove_checkpoint(self._folder / name)
