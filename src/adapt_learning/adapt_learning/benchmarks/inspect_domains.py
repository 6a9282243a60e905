"""What detectors are tried on: folders in the layout of MVTec-AD, and procedural surfaces."""

import hashlib
import shutil
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.data.files import sha256_of
from adapt_learning.errors import DatasetError
from adapt_learning.inspection.datasets import DEFECTIVE, GOOD, load_domain, load_domains
from adapt_learning.surfaces import Surface, held_out_families, write_surface
from adapt_learning.surfaces.export import ABOUT

_PICTURE_S = 0.05
"""To draw one, for the order of jobs."""


class DomainSource(Protocol):
    """What a surface has, whether its pictures are there or are still to be made."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def train_count(self) -> int:
        """Return how many pictures references are drawn from."""

    def folder(self, place: Workplace) -> Path:
        """Return the folder of its pictures."""

    def digest(self, place: Workplace) -> str:
        """Return the hash of its pictures and masks."""


@dataclass(frozen=True)
class FolderDomain:
    """A folder that is there."""

    path: Path

    @property
    def name(self) -> str:
        """Return the name of the folder."""
        return self.path.name

    @property
    def train_count(self) -> int:
        """Return how many pictures references are drawn from."""
        return len(load_domain(self.path).train)

    def folder(self, place: Workplace) -> Path:
        """Return the folder."""
        return self.path

    def digest(self, place: Workplace) -> str:
        """Return the hash of its pictures and masks."""
        return pictures_digest(self.path)


class SurfaceFolderJob(Job):
    """Make a surface in a folder of the cache; the result has the hash of its pictures."""

    @abstractmethod
    def folder(self, place: Workplace) -> Path:
        """Return the folder in the cache."""

    def digest(self, place: Workplace) -> str:
        """Return the hash of its pictures and masks, from the result."""
        return self.result(place)['pictures']

    def has_product(self, place: Workplace) -> bool:
        """Return whether the folder was finished."""
        return (self.folder(place) / ABOUT).is_file()


@dataclass(frozen=True)
class SurfaceJob(SurfaceFolderJob):
    """Draw a procedural surface into a folder of the cache."""

    kind = 'surface'

    family: str
    seed: int = 0
    size_px: int = 256
    train_count: int = 100
    good: int = 80
    defective: int = 80

    @property
    def name(self) -> str:
        """Return e.g. granite_0."""
        return f'{self.family}_{self.seed}'

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return nothing."""
        return ()

    @property
    def label(self) -> str:
        """Return e.g. granite_0."""
        return self.name

    @property
    def command(self) -> str:
        """Return a command line that draws the same surface."""
        return (f'adapt inspect surfaces --out OUT --families {self.family} --seed {self.seed} '
                f'--size {self.size_px} --good {self.train_count} --defective {self.defective}')

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return _PICTURE_S * (self.train_count + self.good + self.defective)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return family, seed, size and numbers of pictures."""
        return asdict(self)

    def folder(self, place: Workplace) -> Path:
        """Return the folder in the cache."""
        # The folder of all surfaces, so that the surface itself has its plain name.
        return place.cache / f'surface-{self.key(place)}' / self.name

    def run(self, place: Workplace) -> dict[str, Any]:
        """Draw it; what an interrupted run has left is removed."""
        folder = self.folder(place)
        if not self.has_product(place):
            shutil.rmtree(folder, ignore_errors=True)
            write_surface(Surface(self.family, self.seed, self.size_px), folder,
                          self.train_count, self.good, self.defective)
        return {'pictures': pictures_digest(folder)}


def folder_domains(parent: Path) -> tuple[FolderDomain, ...]:
    """
    Return every surface in a folder (or the one that it is), by name.

    DatasetError where there is none, or where one has no good or no defective test picture.
    """
    found = load_domains(parent)
    for domain in found:
        labels = [sample.label for sample in domain.test]
        if not {GOOD, DEFECTIVE} <= set(labels):
            raise DatasetError(
                f'a surface to be tried on has good and defective pictures in test; {domain.name} '
                f'has {labels.count(GOOD)} and {labels.count(DEFECTIVE)}: add some, or take the '
                'folder out')
    return tuple(FolderDomain(domain.folder) for domain in found)


def held_out_domains(pictures: int) -> tuple[SurfaceJob, ...]:
    """Return a surface of every held-out family, with so many good and defective test pictures."""
    return tuple(SurfaceJob(family, good=pictures, defective=pictures)
                 for family in held_out_families())


def needed_jobs(things: Sequence[object]) -> tuple[Job, ...]:
    """Return those that are jobs: the others are there already."""
    return tuple(dict.fromkeys(one for one in things if isinstance(one, Job)))


@cache
def pictures_digest(folder: Path) -> str:
    """Return the hash of all pictures and masks of a domain, by their names; read once."""
    domain, digest = load_domain(folder), hashlib.sha256()
    for sample in (*domain.train, *domain.test):
        mask = sha256_of(sample.mask_path) if sample.mask_path else '-'
        digest.update(f'{sample.name} {sha256_of(sample.path)} {mask}\n'.encode())
    return digest.hexdigest()
