"""A job: one step towards a table, with its result in a file that is named by its inputs."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from adapt_learning.data.files import read_json, write_json

_KEY_LENGTH = 12


@dataclass(frozen=True)
class Workplace:
    """Where the jobs of a table put things."""

    results: Path
    """Folder of the result files, one per job: small, kept with the sources."""
    cache: Path
    """Folder of datasets and artifacts: large, may be removed at any time."""


class Job(ABC):
    """
    One step towards a table; a frozen dataclass, so that it can be sent to another process.

    Its key is a hash of all its inputs. The results of the jobs that it needs are inputs (the hash
    of a dataset, the key of a training), code version and machine are not: they are written down
    beside the result.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def needs(self) -> tuple['Job', ...]:
        """Return the jobs that must have a result before this one has a key."""

    @property
    @abstractmethod
    def label(self) -> str:
        """Return a short name for people and files."""

    @property
    @abstractmethod
    def command(self) -> str:
        """Return a command line that does the same."""

    @property
    @abstractmethod
    def cost(self) -> float:
        """Return about how long it takes, in any unit that the kinds share (order and ETA)."""

    @abstractmethod
    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return everything that the result depends on, as JSON values."""

    @abstractmethod
    def has_product(self, place: Workplace) -> bool:
        """Return whether what other jobs use of this one is in the cache."""

    @abstractmethod
    def run(self, place: Workplace) -> dict[str, Any]:
        """Do it; return the result as JSON values."""

    def key(self, place: Workplace) -> str:
        """Return the hash of the inputs; all needed jobs must have a result."""
        text = json.dumps({'kind': self.kind, **self.inputs(place)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_KEY_LENGTH]

    def result_file(self, place: Workplace) -> Path | None:
        """Return where the result is, or will be; None while a needed job has no result."""
        if any(need.stored(place) is None for need in self.needs):
            return None
        return place.results / f'{self.kind}-{self.label}-{self.key(place)}.json'

    def stored(self, place: Workplace) -> dict[str, Any] | None:
        """Return the content of the result file, or None where there is none yet."""
        path = self.result_file(place)
        return read_json(path, 'remove it and run the table again') if (
            path is not None and path.is_file()) else None

    def result(self, place: Workplace) -> dict[str, Any]:
        """Return the result; KeyError where the job has none yet."""
        stored = self.stored(place)
        if stored is None:
            raise KeyError(f'{self.kind} {self.label} has no result yet')
        return stored['result']

    def store(self, place: Workplace, result: Mapping[str, Any],
              provenance: Mapping[str, Any]) -> None:
        """Write the result file."""
        write_json(self.result_file(place), {
            'kind': self.kind, 'label': self.label, 'key': self.key(place),
            'inputs': self.inputs(place), 'result': dict(result),
            'provenance': {'command': self.command, **provenance}})
