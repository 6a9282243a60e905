"""What a result was measured on."""

import importlib.metadata
import platform
import re
from pathlib import Path
from typing import Any

from adapt_learning.evaluation.workers import default_jobs

_PACKAGES = ('torch', 'mujoco', 'gymnasium-robotics', 'diffusers', 'numpy', 'onnxruntime')


def machine() -> dict[str, Any]:
    """Return cores, processor and versions; nothing that names a machine or a person."""
    return {
        'cores': default_jobs(), 'processor': _processor(), 'python': platform.python_version(),
        'packages': {name: _version(name) for name in _PACKAGES}}


def most_memory_kb(process: int | str = 'self') -> int:
    """Return the largest resident memory of a process so far (`ru_maxrss` has its parent's in)."""
    status = Path(f'/proc/{process}/status').read_text(encoding='utf-8')
    found = re.search(r'^VmHWM:\s+(\d+) kB', status, re.MULTILINE)
    return int(found[1]) if found else 0


def _processor() -> str:
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as lines:
            return next(line.partition(':')[2].strip() for line in lines
                        if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
