"""Attributes: each thing has its own colour."""

from adapt_learning.generation.small.blobs import Blob
from adapt_learning.generation.small.rules.base import BlobRule, Judgement, clarity_of

_WANTED = [('circle', 'yellow'), ('ring', 'blue')]


class BlueRingYellowCircle(BlobRule):
    """A blue ring and a yellow circle, wherever they are."""

    prompt = 'a blue ring and a yellow circle'
    category = 'reasoning: attributes'
    condition = 'exactly two shapes: a ring that is blue and a circle that is yellow'

    def judge_blobs(self, blobs: list[Blob]) -> Judgement:
        """Return success, and how clear both are; otherwise what share of it is there."""
        seen = sorted((blob.shape, blob.colour) for blob in blobs)
        if seen == _WANTED:
            return Judgement(True, 0.5 + 0.5 * clarity_of(blobs))
        return Judgement(False, 0.5 * sum(one in seen for one in _WANTED) / max(2, len(seen)))
