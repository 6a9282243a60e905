"""What a training can learn from: a job whose product is a dataset."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from adapt_learning.benchmarks.job import Job, Workplace

if TYPE_CHECKING:
    from adapt_learning.benchmarks.collect_job import CollectJob


class DataJob(Job):
    """A job with a folder of demonstrations; its result holds `dataset`, the hash of them."""

    @property
    @abstractmethod
    def origin(self) -> 'CollectJob':
        """Return the job that collected what these data were made of."""

    def folder(self, place: Workplace) -> Path:
        """Return the folder of the dataset."""
        return place.cache / f'data-{self.label}-{self.key(place)}'

    def has_product(self, place: Workplace) -> bool:
        """Return whether the dataset is there."""
        return self.folder(place).is_dir()
