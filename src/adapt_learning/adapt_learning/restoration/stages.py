"""The stages of a restoration: told as they go, and kept where a store is given.

What a stage made is named by a hash of everything that it depends on. A restoration that was cut
off finds its finished stages again, and so does another one that differs in later stages only.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from adapt_learning.restoration.base import Cancelled, Progress

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class StageProgress:
    """Where a restoration is."""

    stage: str
    number: int
    """1..stages."""
    stages: int
    share: float
    """0..1 of everything."""
    remaining_s: float | None
    """Estimated; None while nothing is known."""
    text: str


class Store(Protocol):
    """Keeps the arrays of finished stages."""

    def get(self, name: str) -> Arrays | None:
        """Return what was kept under a name, or None."""

    def put(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name, whole or not at all."""


class Forget:
    """A store that keeps nothing."""

    def get(self, name: str) -> None:
        """Return None."""

    def put(self, name: str, arrays: Arrays) -> None:
        """Do nothing."""


class Stages:
    """Runs stages one after the other."""

    def __init__(self, weights: Mapping[str, float], store: Store,
                 progress: Callable[[StageProgress], None], should_stop: Callable[[], bool]):
        self.names, self.weights = list(weights), weights
        self.store, self.progress, self.should_stop = store, progress, should_stop
        self.seconds: dict[str, float] = {}
        """Of the stages that ran; those that were found again are not in it."""
        self._total = sum(weights.values())
        self._found = 0.0
        self._began_s = time.monotonic()

    def run(self, name: str, depends: Any, make: Callable[[Progress], Arrays]) -> Arrays:
        """Return the arrays of a stage: kept ones, or new ones by `make`; may raise Cancelled."""
        file = f'{name.replace(" ", "-")}-{key(depends)}'
        self.tell(name, 0.0, 'looking for what is there')
        arrays = self.store.get(file)
        if arrays is not None:
            self._found += self.weights[name] / self._total
            return arrays
        began_s = time.monotonic()
        arrays = make(lambda share, text: self.tell(name, share, text))
        self.seconds[name] = time.monotonic() - began_s
        self.store.put(file, arrays)
        return arrays

    def tell(self, name: str, share: float, text: str) -> None:
        """Tell the progress of a stage; raises Cancelled where it shall stop."""
        if self.should_stop():
            raise Cancelled(f'stopped at {name}')
        number = self.names.index(name)
        before = sum(self.weights[other] for other in self.names[:number])
        whole = min(1.0, (before + share * self.weights[name]) / self._total)
        spent_s, made = time.monotonic() - self._began_s, whole - self._found
        left_s = spent_s * (1 - whole) / made if made > 0.02 else None
        self.progress(StageProgress(name, number + 1, len(self.names), whole, left_s, text))


def key(depends: Any) -> str:
    """Return a hash of JSON values, 16 hex digits."""
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]
