"""Relation: which is above."""

from adapt_learning.generation.small.blobs import Blob
from adapt_learning.generation.small.rules.base import BlobRule, Judgement, clarity_of


class RedCircleAboveBlueSquare(BlobRule):
    """A red circle above a blue square."""

    prompt = 'a red circle above a blue square'
    category = 'reasoning: spatial relation'
    condition = ('exactly two shapes: a red circle and a blue square, the circle higher up, by '
                 'more than it is to the side')

    def judge_blobs(self, blobs: list[Blob]) -> Judgement:
        """Return success, and how straight above the circle is and how clear both are."""
        circle = _the(blobs, 'circle', 'red')
        square = _the(blobs, 'square', 'blue')
        if circle is None or square is None:
            present = (circle is not None) + (square is not None)
            return Judgement(False, 0.2 * present / max(2, len(blobs)))
        down, aside = square.y - circle.y, abs(square.x - circle.x)
        success = len(blobs) == 2 and down > aside
        if not success:
            return Judgement(False, 0.3 if down > aside else 0.2)
        return Judgement(True, 0.5 + 0.25 * (1 - aside / down) + 0.25 * clarity_of(blobs))


def _the(blobs: list[Blob], shape: str, colour: str) -> Blob | None:
    """Return the one blob of a shape and colour; None where there is none or another like it."""
    found = [blob for blob in blobs if (blob.shape, blob.colour) == (shape, colour)]
    return found[0] if len(found) == 1 else None
