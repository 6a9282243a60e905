"""Detectors against surfaces that they have not seen, by the number of references.

Leave one surface out: each is inspected by a detector that has never seen it. One that learns from
procedural surfaces alone is trained once and serves all; with the other surfaces as sources there
is a training per surface.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from adapt_learning.benchmarks.cells import t_interval
from adapt_learning.benchmarks.domain_distance import DistanceJob
from adapt_learning.benchmarks.inspect_detectors import (
    DetectorJob,
    DetectorSource,
)
from adapt_learning.benchmarks.inspect_domains import DomainSource
from adapt_learning.benchmarks.inspect_job import ALL, InspectJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.errors import SettingError

NAME = 'inspection'
"""Of the folder of results, and of the page where it has no other."""
HELD_OUT = 'inspection-held-out'
AS_THEY_ARE = ', references as they are'
"""Behind the title of a detector whose references are neither turned nor mirrored."""
BASELINE = f'nearest_patch, mobilenet_v2{AS_THEY_ARE}'
"""What everybody has at hand: frozen features, the nearest patch."""
TABLE_1_1 = 'table-1.1'
PUBLISHED = {'carpet': 0.943, 'grid': 0.730, 'leather': 1.000, 'tile': 0.956, 'wood': 0.962}
"""Image AUROC of the meta-comparer on MVTec-AD, dissertation table 1.1."""
PUBLISHED_MEAN = 0.918
SOURCES = ('none', 'others')


@dataclass(frozen=True)
class Contender:
    """A line of the tables: a detector for every surface, often the same one."""

    title: str
    detectors: tuple[DetectorSource, ...]
    """In the order of the surfaces."""
    turned: bool = True
    """Whether references are turned and mirrored."""

    @property
    def floor(self) -> str:
        """Return the title of nearest_patch on the same backbone."""
        return f'nearest_patch, {self.detectors[0].backbone}{"" if self.turned else AS_THEY_ARE}'


@dataclass(frozen=True)
class Draws:
    """One measure over draws of references."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Return the mean."""
        return mean(self.values)

    @property
    def half(self) -> float | None:
        """Return half of the 95 % t interval of the mean; None for one draw."""
        ends = t_interval(self.values)
        return None if ends is None else (ends[1] - ends[0]) / 2

    def minus(self, other: 'Draws') -> 'Draws':
        """Return the differences, draw by draw: both saw the same references."""
        return Draws(tuple(a - b for a, b in zip(self.values, other.values, strict=True)))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return {'per_draw': [round(value, 5) for value in self.values],
                'mean': round(self.mean, 5),
                'half_interval': None if self.half is None else round(self.half, 5)}


@dataclass(frozen=True)
class InspectBench:
    """What is tried on what."""

    domains: tuple[DomainSource, ...]
    contenders: tuple[Contender, ...]
    references: tuple[int, ...] = (1, 4, 8, 25)
    """Numbers of pictures; ALL: all of train/good, which is one draw."""
    draws: int = 3
    pictures: int = 80
    false_reject: float = 0.01
    distance: DistanceJob | None = None
    name: str = NAME
    """Of the page."""
    command: str = field(default='adapt inspect bench', compare=False)

    def __post_init__(self):
        names = [one.name for one in self.domains]
        titles = [one.title for one in self.contenders]
        for what, found in (('surfaces', names), ('detectors', titles)):
            if len(set(found)) != len(found) or not found:
                raise SettingError(f'{what} to be tried have different names, at least one; got '
                                   f'{", ".join(found) or "none"}')
        if self.draws < 1 or self.pictures < 1:
            raise SettingError('at least one draw and one picture of each kind are needed; got '
                               f'{self.draws} and {self.pictures}')
        most = max(one.train_count for one in self.domains)
        too_many = [count for count in self.references if count > most]
        if not self.references or too_many:
            raise SettingError(f'numbers of references lie in 1..{most} here (train/good of the '
                               f'largest surface); got {self.references}')

    def jobs(self) -> list[Job]:
        """Return the jobs whose results are the page."""
        found: list[Job] = [] if self.distance is None else [self.distance]
        for contender in self.contenders:
            for i, domain in enumerate(self.domains):
                for count in self.references:
                    if self.fits(domain, count):
                        found += self.draws_of(contender, i, count)
        return found

    def fits(self, domain: DomainSource, count: int) -> bool:
        """Return whether a surface has so many pictures to draw from."""
        return count <= domain.train_count

    def draws_of(self, contender: Contender, domain: int, count: int) -> list[InspectJob]:
        """Return the jobs of a cell, one per draw."""
        return [InspectJob(contender.detectors[domain], self.domains[domain], count, seed,
                           self.pictures, self.false_reject, contender.turned)
                for seed in range(1 if count == ALL else self.draws)]

    @property
    def is_table_1_1(self) -> bool:
        """Return whether the surfaces are the textures of MVTec-AD."""
        return set(PUBLISHED) <= {one.name for one in self.domains}


class Results:
    """What the jobs found; cells without all their results are None."""

    def __init__(self, bench: InspectBench, place: Workplace):
        self.bench = bench
        self._found: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
        for contender in bench.contenders:
            for i, domain in enumerate(bench.domains):
                for count in bench.references:
                    if not bench.fits(domain, count):
                        continue
                    stored = [job.stored(place) for job in bench.draws_of(contender, i, count)]
                    if all(stored):
                        self._found[contender.title, domain.name, count] = [
                            one['result'] for one in stored]
        kept = None if bench.distance is None else bench.distance.stored(place)
        self.distance: dict[str, Any] | None = kept and kept['result']

    def cell(self, title: str, domain: str, count: int) -> list[dict[str, Any]] | None:
        """Return the results of a cell, one per draw."""
        return self._found.get((title, domain, count))

    def measure(self, title: str, domain: str, count: int, name: str) -> Draws | None:
        """
        Return a measure of one surface over the draws; None where it is not known.

        `name`: a key of the result of InspectJob whose value is a number, a rate or an area.
        """
        cell = self.cell(title, domain, count)
        if cell is None or any(one[name] is None for one in cell):
            return None
        return Draws(tuple(_number(one[name]) for one in cell))

    def mean(self, title: str, count: int, name: str, needed: bool = True) -> Draws | None:
        """
        Return the mean over the surfaces, draw by draw.

        None where a surface is missing; without `needed` the mean of those that have the measure.
        """
        each = [self.measure(title, domain.name, count, name) for domain in self.bench.domains]
        known = [one.values for one in each if one is not None]
        if not known or (needed and len(known) < len(each)):
            return None
        return Draws(tuple(map(mean, zip(*known, strict=True))))

    def gain(self, title: str, count: int, base: str = BASELINE) -> Draws | None:
        """Return the mean image AUROC above that of another detector, draw by draw."""
        ours, other = (self.mean(one, count, 'image_auroc') for one in (title, base))
        return None if ours is None or other is None or title == base else ours.minus(other)


def contender_of(choice: DetectorSource, domains: Sequence[DomainSource],
                 sources: str = 'none', turned: bool = True) -> Contender:
    """
    Return a detector for every surface, trained without it.

    `sources`: none (procedural surfaces alone) or others (the other surfaces, too).
    """
    if sources not in SOURCES:
        raise SettingError(f'sources are {" or ".join(SOURCES)}; got {sources}')
    title = choice.title + ('' if turned else AS_THEY_ARE)
    if sources == 'none' or not choice.learns:
        return Contender(title, (choice,) * len(domains), turned)
    return Contender(title, tuple(
        DetectorJob(choice.detector, choice.backbone, choice.weights,
                    tuple(other for other in domains if other != one), choice.surfaces,
                    choice.overrides, choice.seed, one.name)
        for one in domains), turned)


def _number(value: Any) -> float:
    if isinstance(value, dict):
        return float(value['value'] if 'value' in value else value['rate'])
    return float(value)
