"""What a training is asked for, and what that comes to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from adapt_learning.data import Dataset
from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Policy
from adapt_learning.stacked.stage import Trainable
from adapt_learning.trainers.judge import Judge, Judged
from adapt_learning.trainers.presets import RunConfig


@dataclass(frozen=True)
class TrainRequest:
    """What `adapt train` was asked for."""

    policy: str
    task: str
    """Name of the task; empty: that of the data's contract."""
    data: Path
    """Dataset folder."""
    out: Path
    """Artifact folder; with several seeds the artifacts are out/seed-N."""
    created: str
    """Time stamp of the artifacts, ISO 8601."""
    seeds: tuple[int, ...] = (0,)
    preset: str = 'cpu'
    overrides: tuple[str, ...] = ()
    """key=value, as in network.width=128 or run.validation_fraction=0.2."""
    resume: bool = False
    overwrite: bool = False
    judge: bool = False
    """Whether a diffusion model of the demonstrations is trained beside, to judge the actions."""
    keep_every: int = 0
    """Keep an artifact after every so many updates of the last stage; 0: only the last one."""

    def __post_init__(self):
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or not (
                0 <= min(self.seeds) <= max(self.seeds) < 2**63):
            raise SettingError('seeds are different numbers from 0 up, below 2^63; got '
                               f'{",".join(map(str, self.seeds)) or "none"}')
        if self.keep_every < 0:
            raise SettingError(f'--keep-every is a number of updates; got {self.keep_every}')

    @property
    def run_folder(self) -> Path:
        """Return where logs and checkpoints go: beside the artifact, which stays clean."""
        return self.out.with_name(f'{self.out.name}.run')

    def artifact_folder(self, seed: int) -> Path:
        """Return where the artifact of one seed goes."""
        return self.out if len(self.seeds) == 1 else self.out / f'seed-{seed}'

    def step_folder(self, step: int, seed: int) -> Path:
        """Return where the artifact of one seed after some updates goes (`keep_every`)."""
        folder = self.run_folder / f'step-{step}'
        return folder if len(self.seeds) == 1 else folder / f'seed-{seed}'


@dataclass(frozen=True)
class Run:
    """A request with everything resolved."""

    request: TrainRequest
    config: Any
    run: RunConfig
    dataset: Dataset
    training: Dataset
    validation: Dataset
    policy: Policy
    judge: Judge | None
    device: torch.device

    @property
    def trained(self) -> Trainable:
        """Return everything that the loop trains."""
        return self.policy if self.judge is None else Judged(self.policy, self.judge)
