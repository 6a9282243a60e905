"""A detector at work: patches of pictures, banks of references, scores and maps of frames."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from adapt_learning.errors import ArtifactError
from adapt_learning.inspection.bank import DEFAULT_LIMIT, Bank, Patches
from adapt_learning.inspection.detector import (
    BANK_MODEL,
    JUDGE_MODEL,
    DetectorManifest,
    load_manifest,
)
from adapt_learning.inspection.pictures import to_input


@dataclass(frozen=True)
class Judged:
    """What a detector says of one picture."""

    score: float
    """The larger, the odder; not finite where the picture cannot be judged."""
    map: np.ndarray
    """float32 [h, w], the same scale per place."""


class Inspector:
    """
    A loaded detector.

    Pictures are any pixels that `pictures.to_input` takes. Not for two threads at once.
    """

    def __init__(self, folder: str | Path, threads: int = 1):
        """Open the detector in `folder`; ArtifactError says what is wrong with it."""
        self.folder = Path(folder)
        self.manifest: DetectorManifest = load_manifest(folder)
        self._bank = _session(self.folder / BANK_MODEL, threads)
        self._judge = _session(self.folder / JUDGE_MODEL, threads)
        self._check()

    @property
    def hash(self) -> str:
        """Return the hash that recipes of this detector carry."""
        return self.manifest.hash

    def view(self, pixels: np.ndarray) -> np.ndarray:
        """Return what the detector sees of a picture, uint8 RGB [n, n, 3]."""
        return to_input(pixels, self.manifest.input_px)

    def patches(self, pixels: np.ndarray) -> list[np.ndarray]:
        """Return the patches of a picture per level, float32 [h_k * w_k, D_k]."""
        levels = self._bank.run([level.name for level in self.manifest.levels],
                                {'image': self.view(pixels)[None]})
        return [level[0] for level in levels]

    def bank(self, pictures: Iterable[np.ndarray], limit: int = DEFAULT_LIMIT) -> Bank:
        """Return the bank of reference pictures, at most `limit` rows per level."""
        return Patches([self.patches(pixels) for pixels in pictures], limit).bank()

    def judge(self, pixels: np.ndarray, bank: Bank) -> Judged:
        """Return score and map of a picture against a bank."""
        feed = {f'bank_{k}': rows for k, rows in enumerate(bank.levels)}
        values, score = self._judge.run(['map', 'score'], {'image': self.view(pixels)[None]} | feed)
        return Judged(float(score), values)

    def check_bank(self, levels: Sequence[np.ndarray]) -> None:
        """Raise ArtifactError unless a bank has the levels of this detector."""
        sizes = [level.shape[1] if level.ndim == 2 else 0 for level in levels]
        wanted = [level.size for level in self.manifest.levels]
        finite = all(np.isfinite(level).all() and len(level) for level in levels)
        if sizes != wanted or not finite:
            raise ArtifactError(f'a bank of {self.manifest.name} holds finite rows of the sizes '
                                f'{wanted}; got {sizes}: make the recipe anew')

    def _check(self) -> None:
        """Raise ArtifactError where the models do not keep to the manifest."""
        levels = self.manifest.levels
        grey = np.full((self.manifest.input_px, self.manifest.input_px, 3), 128, np.uint8)
        try:
            rows = self.patches(grey)
            judged = self.judge(grey, Bank(tuple(rows)))
        except Exception as error:  # onnxruntime raises its own unrelated classes
            raise ArtifactError(f'the models in {self.folder} do not take what their manifest says '
                                f'({error}); export the detector again') from error
        shapes = [list(row.shape) for row in rows]
        wanted = [[level.grid[0] * level.grid[1], level.size] for level in levels]
        if shapes != wanted or judged.map.ndim != 2 or judged.map.dtype != np.float32:
            raise ArtifactError(f'the manifest of {self.folder} says levels of {wanted} and a map '
                                f'float32 [h, w]; the models give {shapes} and '
                                f'{judged.map.dtype} {list(judged.map.shape)}: export the '
                                'detector again')


def _session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, ['CPUExecutionProvider'])
    except Exception as error:  # onnxruntime raises its own unrelated classes
        raise ArtifactError(f'{path} cannot be opened by onnxruntime ({error}); export the '
                            'detector again') from error
