"""A detector as two ONNX files: one fills banks, one judges pictures (`inspection.detector`)."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from adapt_learning.detectors.base import Detector
from adapt_learning.detectors.domains import as_tensor
from adapt_learning.inspection.detector import BANK_MODEL, JUDGE_MODEL, Level, write_detector
from adapt_learning.inspection.inspector import Inspector
from adapt_learning.trainers.export import to_onnx

_SAMPLE_ROWS = 50
_ROUNDING = 1e-4
"""Largest difference between torch and ONNX, in units of the larger of 1 and the score."""
_SHARE = 0.9
"""Of the map has to be as near."""


def export_detector(detector: Detector, folder: str | Path, name: str, kind: str,
                    more: dict[str, Any] | None = None) -> Inspector:
    """
    Write a detector and open it again; RuntimeError where it does not judge like torch.

    `kind` is its name in the catalogue, `more` what the manifest says beside the rest.
    """
    detector = detector.eval().cpu()
    n = detector.input_px
    image = _pictures(n)
    names = [f'level_{k}' for k in range(len(detector.levels))]
    with torch.no_grad():
        patches = _Bank(detector)(image)
    banks = [level[0, :_SAMPLE_ROWS] for level in patches]
    batch, rows = torch.export.Dim('batch'), [
        torch.export.Dim(f'rows_{k}', min=2) for k in range(len(banks))]
    models = {
        BANK_MODEL: to_onnx(_Bank(detector), [image], ['image'], names, ({0: batch},)),
        JUDGE_MODEL: to_onnx(
            _Judge(detector), [image[:1], *banks],
            ['image', *(f'bank_{k}' for k in range(len(banks)))], ['map', 'score'],
            (None, tuple({0: one} for one in rows)))}
    write_detector(
        folder, name, kind, n,
        [Level(title, level.size, (level.grid, level.grid))
         for title, level in zip(names, detector.levels, strict=True)],
        {file: model.SerializeToString(deterministic=True) for file, model in models.items()},
        more)
    inspector = Inspector(folder)
    _check(detector, inspector, image.numpy())
    return inspector


def _check(detector: Detector, inspector: Inspector, pictures: np.ndarray) -> None:
    """Raise RuntimeError unless the exported detector judges a picture like torch does."""
    bank = inspector.bank([pictures[0]])
    judged = inspector.judge(pictures[1], bank)
    with torch.no_grad():
        values, score = detector.judge(
            as_tensor([pictures[1]]), [torch.from_numpy(rows) for rows in bank.levels])
    allowed = _ROUNDING * max(1.0, abs(float(score)))
    error = abs(judged.score - float(score))
    # Where two references are as similar as rounding can tell, either may be asked about.
    near = (np.abs(judged.map - values.numpy()) <= allowed).mean()
    if not (error <= allowed and near >= _SHARE):
        raise RuntimeError(f'the exported detector differs from torch by {error} in the score, and '
                           f'{1 - near:.1%} of its map by more than {allowed:g}')


def _pictures(side: int) -> Tensor:
    """Return two pictures uint8 [2, side, side, 3] with large and small structures."""
    random = torch.Generator().manual_seed(0)
    large = torch.rand(2, 3, 9, 9, generator=random)
    large = functional.interpolate(large, size=(side, side), mode='bilinear')
    small = torch.rand(2, 3, side, side, generator=random)
    return (255 * (0.7 * large + 0.3 * small)).permute(0, 2, 3, 1).to(torch.uint8).contiguous()


class _Bank(nn.Module):
    """Pictures as the camera gives them -> patches."""

    def __init__(self, detector: Detector):
        super().__init__()
        self.detector = detector

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.detector.patches(_unit(image)))


class _Judge(nn.Module):
    """A picture and the banks of all levels -> map and score."""

    def __init__(self, detector: Detector):
        super().__init__()
        self.detector = detector

    def forward(self, image: Tensor, *banks: Tensor) -> tuple[Tensor, Tensor]:
        return self.detector.judge(_unit(image), list(banks))


def _unit(image: Tensor) -> Tensor:
    """Return uint8 [B, n, n, 3] as float32 [B, 3, n, n] in 0..1."""
    return image.permute(0, 3, 1, 2).to(torch.float32) / 255
