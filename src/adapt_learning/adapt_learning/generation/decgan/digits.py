"""The 1797 handwritten digits that come with scikit-learn: nothing to download."""

import hashlib

import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.image_set import ImageSet, ImageSource, Pictures

_TIMES = 2
"""8 x 8 pixels are enlarged to 16 x 16."""
_TEST_SHARE = 0.2


class Digits(ImageSource):
    """Optical recognition of handwritten digits (Alpaydin and Kaynak 1998), by `digits`."""

    @classmethod
    def load(cls, argument: str = '') -> ImageSet:
        """Return 16 x 16 pictures, every fifth of them to test on; takes no argument."""
        if argument:
            raise SettingError(f"'digits' takes nothing behind its name; got 'digits:{argument}'")
        from sklearn.datasets import load_digits
        found = load_digits()
        images = np.clip(found.images * 16, 0, 255).astype(np.uint8)
        images = images.repeat(_TIMES, axis=1).repeat(_TIMES, axis=2)[..., None]
        labels = {'digit': found.target.astype(np.int64)}
        order = np.random.default_rng(0).permutation(len(images))
        tested = round(_TEST_SHARE * len(images))
        everything = Pictures(images, labels)
        return ImageSet('digits', everything.subset(order[tested:]),
                        everything.subset(order[:tested]),
                        {'digit': tuple(map(str, range(10)))}, 'digit',
                        content_hash=hashlib.sha256(images.tobytes()).hexdigest())
