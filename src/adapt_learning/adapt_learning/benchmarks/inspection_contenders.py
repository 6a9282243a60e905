"""Who takes part in the comparison of speed: written into a folder, opened here or in a child."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

DETECTOR, PATCHCORE, PATCHCORE_EXPORTED = 'detector', 'patchcore', 'patchcore_exported'
ANOMALIB = 'anomalib'


@dataclass(frozen=True)
class Speeder:
    """One of them: what has to be opened to judge pictures."""

    title: str
    kind: str
    """DETECTOR, PATCHCORE, PATCHCORE_EXPORTED or ANOMALIB."""
    model: str
    """Folder of the detector, or file of the exported PatchCore, or of a backbone's weights."""
    bank: str
    """File .npz with level_0, level_1, ..."""
    backbone: str = ''
    input_px: int = 256
    python: str = ''
    """Interpreter that has anomalib."""

    @property
    def bank_levels(self) -> list[np.ndarray]:
        """Return the bank."""
        with np.load(self.bank) as stored:
            return [stored[f'level_{k}'] for k in range(len(stored.files))]

    @property
    def file_bytes(self) -> int:
        """Return the size of the model, without its bank."""
        path = Path(self.model)
        files = [path] if path.is_file() else path.rglob('*')
        return sum(one.stat().st_size for one in files if one.is_file())


def write_bank(path: Path, levels: Sequence[np.ndarray]) -> str:
    """Write a bank; return its path."""
    np.savez(path, **{f'level_{k}': level for k, level in enumerate(levels)})
    return str(path)


def opened(one: Speeder) -> Callable[[np.ndarray], Any]:
    """Return a function that judges a picture uint8 [n, n, 3] on one thread."""
    # Inside: a child whose memory is measured loads what this one needs and nothing else.
    if one.kind == DETECTOR:
        from adapt_learning.inspection import Inspector
        from adapt_learning.inspection.bank import Bank
        inspector, bank = Inspector(one.model), Bank(tuple(one.bank_levels))
        return lambda picture: inspector.judge(picture, bank)
    if one.kind == ANOMALIB:
        from adapt_learning.benchmarks.anomalib_patchcore import AnomalibPatchCore
        return AnomalibPatchCore(one.python, one.backbone, Path(one.model).parent, one.input_px)
    (rows,) = one.bank_levels
    if one.kind == PATCHCORE_EXPORTED:
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(one.model, options, ['CPUExecutionProvider'])
        return lambda picture: session.run(None, {'image': picture[None], 'bank': rows})
    import torch

    from adapt_learning import catalog
    from adapt_learning.benchmarks.patchcore import PatchCore
    from adapt_learning.detectors.backbone import load_weights
    torch.set_num_threads(1)
    backbone = catalog.load('backbone', one.backbone)()
    load_weights(backbone, one.model)
    model, kept = PatchCore(backbone, one.input_px).eval(), torch.from_numpy(rows)

    def judge(picture: np.ndarray) -> Any:
        with torch.inference_mode():
            return model(torch.from_numpy(picture)[None], kept)
    return judge


def memory_kb(one: Speeder, pictures: Path) -> int:
    """
    Return by how much a process grows to judge the pictures [N, n, n, 3] of a .npy file.

    Measured in a process of its own: the peak, less what an interpreter has that can read pictures
    and run ONNX (numpy, OpenCV, onnxruntime).
    """
    if one.kind == ANOMALIB:
        judge = opened(one)
        for picture in np.load(pictures):
            judge(picture)
        return judge.close()
    done = subprocess.run(
        [sys.executable, '-m', 'adapt_learning.benchmarks.inspection_contenders',
         json.dumps(asdict(one)), str(pictures)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f'{one.title} could not be opened in a child: {done.stderr[-2000:]}')
    return int(done.stdout.split()[-1])


def _grow(one: Speeder, pictures: np.ndarray) -> int:
    # What reads pictures is in everybody's process, used or not.
    import adapt_learning.inspection  # noqa: F401
    from adapt_learning.benchmarks.machine import most_memory_kb
    before = most_memory_kb()
    judge = opened(one)
    for picture in pictures:
        judge(picture)
    return most_memory_kb() - before


if __name__ == '__main__':
    print(_grow(Speeder(**json.loads(sys.argv[1])), np.load(sys.argv[2])))
