"""What became of the parts of a line against the truth: the confusion table and its page."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data.files import write_json
from adapt_learning.inspection import Verdict

_COLUMNS = (Verdict.OK, Verdict.REVIEW, Verdict.NOK, Verdict.INVALID)


@dataclass(frozen=True)
class Sorted:
    """One part with its verdict."""

    part_id: str
    good: bool
    """The truth."""
    verdict: Verdict
    reason: str
    ratio: float
    latency_s: float
    """Frame received to verdict known; NaN without a frame."""
    waited_s: float
    """Trigger sent to verdict received."""


class Sorting:
    """The parts of a run, sorted: OK passes, everything else is taken out."""

    def __init__(self):
        self.parts: list[Sorted] = []
        self.source: dict[str, Any] = {}
        """What the line says of its parts; empty where it says nothing."""

    def add(self, part: Sorted) -> None:
        """Take one part."""
        self.parts.append(part)

    def count(self, good: bool, *verdicts: Verdict) -> int:
        """Return how many good or defective parts got one of these verdicts."""
        return sum(part.good == good and part.verdict in verdicts for part in self.parts)

    @property
    def missed(self) -> float:
        """Return the share of defective parts that passed; 0 where there were none."""
        return self._share(False, self.count(False, Verdict.OK))

    @property
    def refused(self) -> float:
        """Return the share of good parts that were taken out; 0 where there were none."""
        return self._share(True, self.count(True, *_COLUMNS[1:]))

    def _share(self, good: bool, count: int) -> float:
        total = sum(part.good == good for part in self.parts)
        return count / total if total else 0.0

    def table(self) -> str:
        """Return the confusion table as text."""
        lines = [f'{"truth":<10}' + ''.join(f'{one.name:>9}' for one in _COLUMNS)
                 + f'{"parts":>9}']
        for name, good in (('good', True), ('defective', False)):
            counts = [self.count(good, one) for one in _COLUMNS]
            lines.append(f'{name:<10}' + ''.join(f'{n:>9}' for n in (*counts, sum(counts))))
        lines.append(f'good parts taken out: {self.refused:.1%}; '
                     f'defective parts passed: {self.missed:.1%}')
        return '\n'.join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON; numbers that are none are null."""
        def number(value: float) -> float | None:
            return float(value) if np.isfinite(value) else None

        waited = [part.waited_s for part in self.parts]
        return {
            'source': self.source, 'parts': len(self.parts),
            'table': {name: {one.name: self.count(good, one) for one in _COLUMNS}
                      for name, good in (('good', True), ('defective', False))},
            'refused': self.refused, 'missed': self.missed,
            'reasons': dict(Counter(part.reason for part in self.parts if part.reason)),
            'waited_s': {f'p{p}': float(np.percentile(waited, p)) if waited else None
                         for p in (50, 95, 99)},
            'results': [{'part_id': part.part_id, 'good': part.good,
                         'verdict': part.verdict.name, 'reason': part.reason,
                         'ratio': number(part.ratio), 'latency_s': number(part.latency_s),
                         'waited_s': number(part.waited_s)} for part in self.parts]}

    def write(self, path: str | Path) -> None:
        """Write the JSON file; OSError where the disk refuses."""
        write_json(Path(path), json.loads(json.dumps(self.as_dict())))
