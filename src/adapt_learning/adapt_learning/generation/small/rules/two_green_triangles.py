"""Counting: two, no more and no fewer."""

from adapt_learning.generation.small.blobs import Blob
from adapt_learning.generation.small.rules.base import BlobRule, Judgement, clarity_of


class TwoGreenTriangles(BlobRule):
    """Two green triangles, and nothing else of a colour."""

    prompt = 'two green triangles'
    category = 'counting'
    condition = 'exactly two shapes, both of them green triangles'

    def judge_blobs(self, blobs: list[Blob]) -> Judgement:
        """Return success, and the clearness of the shapes less what is missing or too much."""
        right = [blob for blob in blobs if (blob.colour, blob.shape) == ('green', 'triangle')]
        success = len(blobs) == len(right) == 2
        share = len(right) / max(2, len(blobs))
        return Judgement(success, 0.5 * (1 + clarity_of(blobs)) if success else 0.5 * share)
