"""Checkpoints: a run can be killed at any time and goes on from the last one.

A checkpoint is one safetensors file (numbers) with JSON in its header (the rest), so it is written
and replaced in one step. Nothing in it is code.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from adapt_learning.errors import SettingError

FILE = 'checkpoint.safetensors'


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run between two updates."""

    facts: dict[str, Any]
    """JSON values: stage, step, best scores, ..."""
    tensors: dict[str, Tensor]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint of a run folder; the previous one stays until this one is complete."""
    path = folder / FILE
    temporary = path.with_name(f'.{FILE}.part')
    tensors = {name: tensor.detach().cpu().contiguous().clone()
               for name, tensor in checkpoint.tensors.items()}
    safetensors.torch.save_file(tensors, temporary, {'facts': json.dumps(checkpoint.facts)})
    os.replace(temporary, path)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the checkpoint of a run folder; None where there is none."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework='pt') as file:
            facts = json.loads(file.metadata()['facts'])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, TypeError, KeyError, ValueError) as error:
        raise SettingError(f'the checkpoint {path} is damaged ({error}); remove it and train '
                           'without --resume') from error
    return Checkpoint(facts, tensors)


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a finished run."""
    (folder / FILE).unlink(missing_ok=True)
