"""Weights of several steps of one training, to choose among them afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

FOLDER = 'steps'
_SCORES = 'validation'


@dataclass(frozen=True)
class KeptStep:
    """The parameters of K members after some updates of the last stage."""

    step: int
    tensors: dict[str, Tensor]
    validation: list[float] | None
    """Validation loss per member; None where nothing was held out."""

    def load_into(self, policy: nn.Module) -> None:
        """Give a policy these parameters."""
        with torch.no_grad():
            for name, parameter in policy.named_parameters():
                parameter.copy_(self.tensors[name])


class StepKeeper:
    """
    Writes the parameters of a policy every so many updates of one stage.

    The loop looks every 64 updates, so a step is kept at the first look after its time. A resumed
    run writes the same files again.
    """

    def __init__(self, run_folder: Path, policy: nn.Module, stage: str, every: int):
        self.folder = run_folder / FOLDER
        self.policy, self.stage, self.every = policy, stage, every

    def due(self, stage: str, began: int, step: int) -> bool:
        """Return whether a multiple of `every` lies in (began, step] of the stage."""
        return stage == self.stage and step // self.every > began // self.every

    def keep(self, stage: str, step: int, validation: list[float] | None) -> None:
        """Write the parameters as they are now."""
        self.folder.mkdir(exist_ok=True)
        tensors = {name: p.detach().float().cpu().contiguous().clone()
                   for name, p in self.policy.named_parameters()}
        if validation is not None:
            tensors[_SCORES] = torch.tensor(validation, dtype=torch.float64)
        safetensors.torch.save_file(tensors, self.folder / f'{step}.safetensors')

    def steps(self) -> Iterator[KeptStep]:
        """Yield what was kept, oldest first."""
        for path in sorted(self.folder.glob('*.safetensors'), key=lambda path: int(path.stem)):
            tensors = safetensors.torch.load_file(path)
            scores = tensors.pop(_SCORES, None)
            yield KeptStep(int(path.stem), tensors,
                           None if scores is None else scores.tolist())
