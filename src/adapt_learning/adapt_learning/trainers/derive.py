"""Export a trained policy again, with other settings of its inference: the weights stay."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from adapt_learning import catalog
from adapt_learning.artifacts import Artifact, load_artifact, save_artifact
from adapt_learning.artifacts.store import CARD, WEIGHTS, check_free
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import to_values
from adapt_learning.trainers.export import export_policy
from adapt_learning.trainers.train import load_trained


def derive(folder: str | Path, out: str | Path, overrides: tuple[str, ...],
           overwrite: bool = False) -> Artifact:
    """
    Write an artifact with the weights of another one and other settings of inference.

    `overrides` are key=value; SettingError where one is not among the policy's
    `inference_settings`. Results of evaluations are not taken along: they were the other's.
    """
    folder, out = Path(folder), Path(out)
    check_free(out, overwrite)
    source = load_artifact(folder)
    _check_allowed(source.manifest.name, overrides)
    policy = load_trained(folder, overrides)
    manifest = replace(
        source.manifest, config=to_values(policy.config), chunk=policy.chunk.as_dict,
        metrics={name: value for name, value in source.manifest.metrics.items()
                 if not isinstance(value, Mapping)},
        commands=(*source.manifest.commands,
                  ' '.join(['adapt export', folder.name, '--out', out.name,
                            *(f'--set {override}' for override in overrides)])))
    files = {name: source.path(name).read_bytes() for name in source.manifest.files
             if name not in (WEIGHTS, CARD)}
    files['model.onnx'] = export_policy(policy)
    with torch.no_grad():
        tensors = {name: tensor.numpy() for name, tensor in policy.state_dict().items()}
    return save_artifact(out, manifest, tensors, files, overwrite=overwrite)


def _check_allowed(name: str, overrides: tuple[str, ...]) -> None:
    allowed = catalog.load('policy', name).inference_settings
    wrong = [key for override in overrides
             if (key := override.partition('=')[0].strip()) not in allowed]
    if wrong:
        raise SettingError(
            f'{", ".join(wrong)} cannot be changed after the training; of {name} these can: '
            f'{", ".join(allowed) or "none"}. For other settings train anew (adapt train --set)')
