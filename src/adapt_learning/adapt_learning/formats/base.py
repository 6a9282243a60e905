"""What a foreign format has to offer: open it, walk its demonstrations, write one."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data import DatasetFolder
from adapt_learning.data.videos import VideoSpan
from adapt_learning.frames import Contract


@dataclass(frozen=True)
class ReadOptions:
    """What the caller knows and the files do not say."""

    contract: Contract | None = None
    """Given contract; None: the one stored in the files, else one is derived."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Our key -> their name; the keys 'observation' and 'action' mean the whole vectors."""
    rate_hz: float | None = None
    """Given rate; None: the files' rate, else the contract's, else an assumed one."""
    task: str = ''
    """What was to be done, where the files do not say."""
    videos: bool = True
    """Keep camera pictures where the format has them."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings; each format names those that it knows."""


@dataclass(frozen=True)
class Demonstration:
    """One demonstration in the words of its source; T rows."""

    observation: Mapping[str, np.ndarray]
    """Their name -> [T] or [T, n]."""
    action: Mapping[str, np.ndarray]
    """Their name -> [T] or [T, n]."""
    timestamp_s: np.ndarray | None = None
    """[T]; None: one step of the rate apart."""
    reward: np.ndarray | None = None
    success: bool | None = None
    seed: int | None = None
    noise_level: float | None = None
    task: str | None = None
    extras: Mapping[str, np.ndarray] = field(default_factory=dict)
    videos: Mapping[str, VideoSpan] = field(default_factory=dict)
    name: str = ''
    """What the source calls it, for messages."""


class Source(ABC):
    """Opened files of one format; `demonstrations` may be walked more than once."""

    name = 'source'
    """Of the files, for messages and for the derived contract."""
    contract: Contract | None = None
    """Stored in the files by this stack; None: another program wrote them."""
    observation: Mapping[str, int]
    """Their name -> number of elements, in order."""
    action: Mapping[str, int]
    rate_hz: float | None = None
    labels: Mapping[str, tuple[str, ...]] = {}
    """Their name -> names of the elements, where the files have them."""
    meta: Mapping[str, Any] = {}
    """Lineage that the files carry; kept as it is."""
    count: int | None = None
    """Number of demonstrations, if known before reading."""

    def __init__(self):
        self.notes: list[str] = []
        """What was left out, assumed or lost: one sentence each, for people."""

    @abstractmethod
    def demonstrations(self) -> Iterator[Demonstration]:
        """Yield the demonstrations in their order, one in memory at a time."""

    def facts(self) -> dict[str, Any]:
        """Return what was found out while reading (JSON values), for the lineage."""
        return {}


class Format(ABC):
    """One foreign format; all methods are of the class."""

    title = ''
    """Name for people."""
    cannot_hold: tuple[str, ...] = ()
    """What is lost when a dataset of ours is written in this format."""
    settings: tuple[str, ...] = ()
    """Names of the settings that it knows (`ReadOptions.settings`)."""

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path) -> bool:
        """Return whether a path looks like this format; looks at names and first bytes only."""

    @classmethod
    @abstractmethod
    def open(cls, paths: Sequence[Path], options: ReadOptions) -> AbstractContextManager[Source]:
        """Open for reading; raises DatasetError where the files are damaged or of another form."""

    @classmethod
    @abstractmethod
    def write(cls, dataset: DatasetFolder, target: Path) -> None:
        """Write a dataset; `target` is absent, and whoever calls removes it on an error."""
