"""anomalib's PatchCore, run by the interpreter of an environment of its own; nothing of ours.

    python anomalib_child.py TIMM_NAME LAYER,LAYER SIDE SHARE NEIGHBORS REFERENCES.npy FOLDER

makes a core-set of SHARE of the patches of the references (uint8 [N, n, n, 3], n = SIDE) and writes
network.safetensors and bank.npz into FOLDER; where they are there, it loads them. The weights are
drawn at random: they change nothing about how long a picture takes. Then standard input has
pictures, uint8 [n, n, 3], one behind the other. Each is answered by a line with the processor time
that judging it took [s], and the end of the input by how much the process has grown [kB].
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2  # noqa: F401 - what reads pictures is in everybody's process
import numpy as np


def main(name: str, layers: str, side: int, share: float, neighbors: int, references: str,
         folder: Path) -> None:
    """Answer until the input ends."""
    before = _most_memory_kb()
    import torch
    _tolerate_torchvision(torch)
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel
    from safetensors.torch import load_file, save_file
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = PatchcoreModel(layers=layers.split(','), backbone=name, pre_trained=False,
                           num_neighbors=neighbors)
    network, bank = folder / 'network.safetensors', folder / 'bank.npz'
    if network.is_file():
        model.load_state_dict(load_file(network), strict=False)
        with np.load(bank) as stored:
            model.memory_bank = torch.from_numpy(stored['level_0'])
    else:
        model.train()
        with torch.no_grad():
            model(_as_tensor(np.load(references)))
        model.subsample_embedding(share)
        np.savez(bank, level_0=model.memory_bank.numpy())
        save_file({key: value.contiguous() for key, value in model.state_dict().items()
                   if key != 'memory_bank'}, network)
    model.eval()
    print('ready', flush=True)
    size = side * side * 3
    while len(read := sys.stdin.buffer.read(size)) == size:
        picture = np.frombuffer(read, np.uint8).reshape(1, side, side, 3)
        began_s = time.process_time()
        with torch.inference_mode():
            model(_as_tensor(picture))
        print(time.process_time() - began_s, flush=True)
    print(_most_memory_kb() - before, flush=True)


def _as_tensor(pictures: np.ndarray):
    import torch
    return torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).to(torch.float32) / 255


def _tolerate_torchvision(torch) -> None:
    """
    Let torchvision be imported without its compiled operators, which PatchCore does not use.

    They are built for one torch; beside another one only what describes them fails.
    """
    register = torch.library.register_fake

    def tolerant(operator, *args, **settings) -> Callable:
        described = register(operator, *args, **settings)

        def describe(function: Callable) -> Callable:
            try:
                return described(function)
            except RuntimeError:
                return function
        return describe

    torch.library.register_fake = tolerant


def _most_memory_kb() -> int:
    found = re.search(r'^VmHWM:\s+(\d+) kB', Path('/proc/self/status').read_text('utf-8'), re.M)
    return int(found[1])


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]),
         sys.argv[6], Path(sys.argv[7]))
