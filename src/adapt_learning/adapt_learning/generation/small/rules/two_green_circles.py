"""Counting: two, no more and no fewer."""

from adapt_learning.generation.small.blobs import Blob
from adapt_learning.generation.small.rules.base import BlobRule, Judgement, clarity_of


class TwoGreenCircles(BlobRule):
    """Two green things that do not touch, and nothing else of a colour."""

    prompt = 'two green circles'
    category = 'counting'
    condition = 'exactly two shapes, apart from each other and both green; they need not be round'

    def judge_blobs(self, blobs: list[Blob]) -> Judgement:
        """Return success, and how round both are; otherwise how near the number is."""
        green = sum(blob.colour == 'green' for blob in blobs)
        if len(blobs) == green == 2:
            round_ = all(blob.shape == 'circle' for blob in blobs)
            return Judgement(True, 0.5 + 0.25 * round_ * (1 + clarity_of(blobs)))
        return Judgement(False, 0.4 * min(green, 2) / max(2, len(blobs)))
