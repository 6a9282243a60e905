"""Too little memory is no bug: it is said, with what helps."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from adapt_learning.errors import SettingError


@contextmanager
def enough_memory(setting: str, value: int) -> Iterator[None]:
    """Raise SettingError with a smaller value of the setting where memory does not suffice."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        # PyTorch's own allocator for the CPU knows only RuntimeError.
        if type(error) is RuntimeError and "can't allocate memory" not in str(error):
            raise
        mend = f'set {setting}={max(1, value // 2)} or less' if value > 1 else (
            'take a smaller model or a machine with more memory')
        raise SettingError(f'memory does not suffice with {setting}={value}: {mend}') from error
