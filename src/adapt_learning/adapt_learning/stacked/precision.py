"""Which number type the matmuls of a training use."""

import functools
import time
from pathlib import Path

import torch

_SHAPE = (3, 128, 256)
"""Networks, batch and width of the product that decides: those of the presets `cpu`."""
_ROUNDS, _PRODUCTS = 15, 4
_WORTH = 1.25
"""bf16 has to be so many times as fast: its training also copies weights and gradients."""


def compute_dtype(precision: str, device: torch.device) -> torch.dtype:
    """
    Return the number type of the matmuls: float32, bf16 or what `auto` chooses.

    auto is bf16 where the device multiplies it natively and faster: GPUs from capability 8.0 on,
    CPUs that announce it and where a short measurement (once per process) confirms it.
    """
    if precision == 'auto':
        precision = 'bf16' if _fast_bf16(device.type) else 'float32'
    return torch.bfloat16 if precision == 'bf16' else torch.float32


def name_of(dtype: torch.dtype) -> str:
    """Return the name that `compute_dtype` takes."""
    return 'bf16' if dtype == torch.bfloat16 else 'float32'


@functools.cache
def _fast_bf16(kind: str) -> bool:
    if kind == 'cuda':
        return torch.cuda.get_device_capability() >= (8, 0)
    # The flag alone does not tell: there are processors with avx512_bf16 whose bf16 products take
    # twice as long as float32, and others where they take half.
    return kind == 'cpu' and _announced() and _gain() >= _WORTH


def _announced() -> bool:
    """Return whether the CPU has instructions for bfloat16."""
    try:
        flags = Path('/proc/cpuinfo').read_text(encoding='ascii', errors='ignore')
    except OSError:
        return False
    return 'avx512_bf16' in flags or 'amx_bf16' in flags


def _gain() -> float:
    """Return how many times as fast products in bfloat16 are, one kind after the other."""
    networks, batch, width = _SHAPE
    kinds = (torch.float32, torch.bfloat16)
    factors = {dtype: (torch.ones(networks, batch, width, dtype=dtype),
                       torch.ones(networks, width, width, dtype=dtype)) for dtype in kinds}
    best = dict.fromkeys(kinds, float('inf'))
    for _ in range(_ROUNDS):
        for dtype in kinds:
            started = time.perf_counter()
            for _ in range(_PRODUCTS):
                torch.bmm(*factors[dtype])
            best[dtype] = min(best[dtype], time.perf_counter() - started)
    return best[torch.float32] / best[torch.bfloat16]
