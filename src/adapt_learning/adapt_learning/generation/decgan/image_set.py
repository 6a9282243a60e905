"""Pictures with attributes, split in those to learn from and those to test on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import DatasetError, SettingError

SIDE_STEP = 8
"""Sides of pictures are multiples of it: the networks halve them three times."""


@dataclass(frozen=True)
class Pictures:
    """Pictures and, by attribute, the class of each."""

    images: np.ndarray
    """uint8 [N, side, side, channels]; 1 or 3 channels."""
    labels: Mapping[str, np.ndarray]
    """Attribute -> int64 [N], from 0 up."""

    def __post_init__(self):
        shape = self.images.shape
        if (self.images.dtype != np.uint8 or len(shape) != 4 or shape[1] != shape[2]
                or shape[1] % SIDE_STEP or shape[1] < 2 * SIDE_STEP or shape[3] not in (1, 3)):
            raise DatasetError(
                f'pictures are uint8 [N, side, side, 1 or 3] with a side that is a multiple of '
                f'{SIDE_STEP} from {2 * SIDE_STEP} up; got {self.images.dtype} {list(shape)}: '
                'pad or scale them')
        for name, values in self.labels.items():
            if len(values) != len(self.images):
                raise DatasetError(f"every picture has its label; got {len(self.images)} pictures "
                                   f"and {len(values)} labels of '{name}': give both whole files")

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.images)

    def subset(self, chosen: np.ndarray) -> 'Pictures':
        """Return the chosen pictures (indices or a mask) with their labels."""
        return Pictures(self.images[chosen],
                        {name: values[chosen] for name, values in self.labels.items()})


@dataclass(frozen=True)
class ImageSet:
    """A set of pictures; each attribute has at least two classes, all of them in `train`."""

    name: str
    train: Pictures
    test: Pictures
    classes: Mapping[str, tuple[str, ...]]
    """Attribute -> names of its classes."""
    attribute: str
    """The one that is split off where nobody asks for another."""
    identity: str | None = None
    """Attribute that is content, not to be split off; None where the pictures have none."""
    content_hash: str = ''
    """Hash of what the pictures were made of."""

    def __post_init__(self):
        if self.train.images.shape[1:] != self.test.images.shape[1:]:
            raise DatasetError(
                f'pictures of {self.name} to learn from and to test on have one size; got '
                f'{self.train.images.shape[1:]} and {self.test.images.shape[1:]}')
        for attribute, names in self.classes.items():
            there = np.unique(self.train.labels[attribute])
            if len(there) < 2 or len(there) != len(names):
                raise DatasetError(
                    f"the attribute '{attribute}' of {self.name} has two classes or more, with "
                    f'pictures of each; got pictures of {len(there)} of {len(names)}: take data '
                    'with all classes')
        self.check_attribute(self.attribute)

    @property
    def shape(self) -> tuple[int, int]:
        """Return (channels, side)."""
        return self.train.images.shape[3], self.train.images.shape[1]

    def check_attribute(self, attribute: str) -> None:
        """Raise SettingError where the pictures have no such attribute."""
        if attribute not in self.classes:
            raise SettingError(f'attributes of {self.name} are {", ".join(self.classes)}; got '
                               f"'{attribute}'")


class ImageSource(ABC):
    """A place where pictures with attributes come from; member of the catalogue."""

    @classmethod
    @abstractmethod
    def load(cls, argument: str) -> ImageSet:
        """Return the pictures; `argument` is what stood behind the colon of its name."""
