"""Random numbers that a name and some integers decide, the same on every machine."""

import hashlib

import numpy as np


def rng_of(*words: str | int) -> np.random.Generator:
    """
    Return the generator that belongs to a sequence of words.

    For example the words 'granite', 3, 'good', 17. Other words give another, independent stream; 1
    and '1' are different words. Bits come from PCG64, which numpy keeps stable; Python's own `hash`
    of strings changes with every process.
    """
    text = '\x1f'.join(f'{type(word).__name__}:{word}' for word in words)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(
        int.from_bytes(digest[:16], 'little'))))
