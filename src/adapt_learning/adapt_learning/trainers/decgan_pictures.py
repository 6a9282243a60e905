"""Pictures of a decomposed generator: what `adapt decgan swap` and `interpolate` write."""

from pathlib import Path

import numpy as np
from PIL import Image

from adapt_learning.data.files import write_atomically
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.image_set import ImageSet, Pictures
from adapt_learning.generation.decgan.image_sets import load_image_set
from adapt_learning.generation.decgan.pictures import interpolation, swap_grid
from adapt_learning.generation.decgan.saved import DecGan, load_decgan


def write_swaps(artifact: Path, out: Path, data: str | None, count: int, seed: int) -> None:
    """Write the table of all swaps of test pictures, one per class as far as they go."""
    out = check_output(out, empty_folder=False)
    decgan = load_decgan(artifact)
    chosen = spread(images_for(decgan, artifact, data).test, decgan.manifest['attribute'], count,
                    seed)
    write_png(out, swap_grid(decgan.split, chosen.images))


def write_interpolation(artifact: Path, out: Path, data: str | None, count: int, steps: int,
                        seed: int) -> None:
    """Write rows of pictures whose attribute goes to that of the next class."""
    out = check_output(out, empty_folder=False)
    decgan = load_decgan(artifact)
    chosen = spread(images_for(decgan, artifact, data).test, decgan.manifest['attribute'],
                    count + 1, seed).images
    write_png(out, interpolation(decgan.split, chosen[:-1], chosen[:-1], chosen[1:], steps))


def images_for(decgan: DecGan, artifact: Path, data: str | None) -> ImageSet:
    """Return the pictures asked for; SettingError where the generator draws others."""
    if data is None and decgan.manifest['data'] == 'mnist':
        raise SettingError(f'{artifact} learnt from MNIST, which lies in a folder of yours: give '
                           '--data mnist:DIR')
    found = load_image_set(data or decgan.manifest['data'])
    theirs = decgan.manifest['channels'], decgan.manifest['side']
    if found.shape != theirs:
        raise SettingError(
            f'{artifact} draws pictures of {theirs[1]} x {theirs[1]} with {theirs[0]} channels; '
            f'{found.name} has {found.shape[1]} x {found.shape[1]} with {found.shape[0]}: take '
            f'pictures as it learnt from ({decgan.manifest["data"]})')
    found.check_attribute(decgan.manifest['attribute'])
    return found


def spread(pictures: Pictures, attribute: str, count: int, seed: int) -> Pictures:
    """Return `count` pictures, classes of the attribute in turn; SettingError for too many."""
    if count > len(pictures):
        raise SettingError(f'there are {len(pictures)} test pictures; got --count {count}')
    order = np.random.default_rng(seed).permutation(len(pictures))
    labels = pictures.labels[attribute][order]
    # The first of every class come first, then the second of every class, ...
    rank = np.zeros(len(order), np.int64)
    for one in np.unique(labels):
        rank[labels == one] = np.arange((labels == one).sum())
    return pictures.subset(order[np.lexsort((labels, rank))[:count]])


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write a picture uint8 [H, W, 3] as PNG, whole or not at all."""
    write_atomically(path.absolute(),
                     lambda temporary: Image.fromarray(picture).save(temporary, 'PNG'))
