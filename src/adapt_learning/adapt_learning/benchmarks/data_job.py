"""What a training can learn from: a job whose product is a dataset."""

import shutil
from abc import abstractmethod
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.data import lerobot_v3 as v3
from adapt_learning.data.files import read_json
from adapt_learning.errors import DatasetError
from adapt_learning.frames import load_contract

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
        """
        Return whether the dataset is there and speaks the contract that the task has now.

        It need not be the result's own, bit by bit: networks of another processor restore to other
        digits, and what was made of the data is named by the first ones.
        """
        return self._there(place).get('contract_hash') == _contract_hash(self.origin.task)

    def make_room(self, place: Workplace) -> None:
        """
        Remove what stands where the dataset goes: an older one, or a damaged one.

        DatasetError where a result tells of one of an older contract: what was made of it has its
        name.
        """
        folder = self.folder(place)
        older = self._there(place).get('contract_hash') not in (
            None, _contract_hash(self.origin.task))
        if self.stored(place) is not None and older:
            raise DatasetError(f'{folder} is of another contract than {self.origin.task} has now, '
                               f'and the result {self.result_file(place)} was made of it: remove '
                               'both, then run the table again')
        if folder.exists():
            shutil.rmtree(folder)

    def _there(self, place: Workplace) -> dict[str, Any]:
        path = self.folder(place) / v3.ADAPT
        return read_json(path) if path.is_file() else {}


@cache
def _contract_hash(task: str) -> str:
    return load_contract(task).hash
