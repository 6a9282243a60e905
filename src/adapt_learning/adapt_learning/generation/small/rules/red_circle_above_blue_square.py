"""Relation: which is above."""

from adapt_learning.generation.small.blobs import Blob
from adapt_learning.generation.small.rules.base import BlobRule, Judgement, clarity_of

_STEEP = 0.5
"""The least rise, as a share of the way to the side."""


class RedCircleAboveBlueSquare(BlobRule):
    """A red thing above a blue thing."""

    prompt = 'a red circle above a blue square'
    category = 'reasoning: spatial relation'
    condition = ('exactly two shapes, a red one and a blue one, and the red one is higher, by more '
                 'than half of what it is to the side; their form does not matter')

    def judge_blobs(self, blobs: list[Blob]) -> Judgement:
        """Return success, and how straight above it is and how clear both are."""
        places = {blob.colour: blob for blob in blobs}
        present = len(places.keys() & {'red', 'blue'})
        if len(blobs) != 2 or present != 2:
            return Judgement(False, 0.2 * present / max(2, len(blobs)))
        rise = places['blue'].y - places['red'].y
        aside = abs(places['blue'].x - places['red'].x)
        if rise <= _STEEP * aside:
            return Judgement(False, 0.3 if rise > 0 else 0.2)
        straight = rise / (rise + aside)
        return Judgement(True, 0.5 + 0.3 * straight + 0.2 * clarity_of(blobs))
