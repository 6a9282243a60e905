"""Attributes: each thing has its own colour."""

from adapt_learning.generation.small.blobs import Blob
from adapt_learning.generation.small.rules.base import BlobRule, Judgement, clarity_of

_WANTED = [('circle', 'yellow'), ('square', 'blue')]


class BlueSquareYellowCircle(BlobRule):
    """A blue square and a yellow circle, wherever they are."""

    prompt = 'a blue square and a yellow circle'
    category = 'reasoning: attributes'
    condition = 'exactly two shapes: a square that is blue and a circle that is yellow'

    def judge_blobs(self, blobs: list[Blob]) -> Judgement:
        """Return success, and the clearness of the shapes less what is missing or too much."""
        seen = sorted((blob.shape, blob.colour) for blob in blobs)
        success = seen == _WANTED
        share = sum(one in seen for one in _WANTED) / max(2, len(seen))
        return Judgement(success, 0.5 * (1 + clarity_of(blobs)) if success else 0.5 * share)
