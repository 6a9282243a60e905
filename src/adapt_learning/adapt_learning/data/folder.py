"""A dataset on disk, walked episode by episode: for data that are larger than the memory."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adapt_learning.data import lerobot_v3 as v3
from adapt_learning.data.dataset import ContentHash, check_episode
from adapt_learning.data.episode import Episode
from adapt_learning.data.reader import FolderIndex
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract


class DatasetFolder:
    """
    The episodes of a LeRobotDataset v3.0 folder, in order; one data file in memory at a time.

    Values that are not finite are let pass. Raises DatasetError like `load_dataset`.
    """

    def __init__(self, folder: str | Path, contract: Contract | None = None):
        self.path = Path(folder)
        self.index = FolderIndex.read(self.path)
        contract = contract or self.index.contract
        if contract is None:
            raise DatasetError(f'{folder} has no {v3.ADAPT}, which says by which contract it was '
                               'recorded: bring it in with `adapt data import`')
        self.contract: Contract = contract

    def __len__(self) -> int:
        """Return the number of episodes."""
        return len(self.index.rows)

    @property
    def steps(self) -> int:
        """Return the number of pairs."""
        return sum(self.index.lengths)

    @property
    def meta(self) -> Mapping[str, Any]:
        """Return the lineage."""
        return self.index.meta

    def __iter__(self) -> Iterator[Episode]:
        """Yield the episodes; the last one comes after the hash of the content was checked."""
        digest, before = ContentHash(self.contract), None
        for number, episode in enumerate(self.index.episodes()):
            check_episode(episode, self.contract, f'episode {number}')
            digest.add(episode)
            if before is not None:
                yield before
            before = episode
        ours = self.contract == self.index.contract
        if ours and self.index.hash not in (None, digest.text):
            raise DatasetError(f'{self.path}: the content has the hash {digest.text}, but '
                               f'{v3.ADAPT} says {self.index.hash}: a file was changed or damaged '
                               'after it was written; restore the folder from a copy')
        if before is not None:
            yield before
