"""Pictures in which class and content are plain to see, so that trainings are short."""

import numpy as np
import pytest
import torch

from adapt_learning.generation.decgan.image_set import ImageSet, Pictures

torch.set_num_threads(1)


def drawn(count, seed):
    rng = np.random.default_rng(seed)
    images = np.zeros((count, 16, 16, 1), np.uint8)
    labels = np.arange(count) % 3
    grey = rng.integers(0, 2, count)
    for i, label in enumerate(labels):
        images[i, 1 + 5 * label:5 + 5 * label, 2:14] = 110 + 120 * grey[i]
    return Pictures(images, {'place': labels, 'grey': grey})


@pytest.fixture(scope='session')
def bars():
    """Return bars at three heights (attribute) in two greys (identity)."""
    return ImageSet('bars', drawn(300, 0), drawn(60, 1),
                    {'place': ('low', 'middle', 'high'), 'grey': ('dark', 'light')}, 'place',
                    'grey', 'hash')
