"""Pictures with attributes by name: digits, mnist:DIR, rendered."""

from adapt_learning import catalog
from adapt_learning.generation.decgan.image_set import ImageSet


def load_image_set(text: str) -> ImageSet:
    """
    Return the pictures that `NAME` or `NAME:ARGUMENT` stands for.

    CatalogError lists the names there are; SettingError and DatasetError say what is wrong with
    the rest.
    """
    name, _, argument = text.partition(':')
    return catalog.load('image set', name).load(argument)
