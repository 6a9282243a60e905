"""What the meta-comparer minimises, from labels of whole pictures alone (eq. 1.2 to 1.4)."""

import torch
from torch import Tensor
from torch.nn import functional

_EDGE = 1e-6
"""Similarities of exactly 0 or 1 would have no logarithm."""


def classification(logits: Tensor, abnormal: Tensor) -> Tensor:
    """
    Return L_cls (eq. 1.2) of one level: patch logits [B, Q], labels [B] -> mean over pictures.

    The oddest patch decides for the picture.
    """
    return functional.binary_cross_entropy_with_logits(logits.amax(-1), abnormal.float())


def attention(similarity: Tensor, abnormal: Tensor, every: bool) -> Tensor:
    """
    Return L_att (eq. 1.3) of one level: similarities [B, Q, N], labels [B] -> mean over pictures.

    every: the smallest similarity of all pairs counts, as published. Otherwise that of the patch
    whose most similar reference is least similar, min_j max_k: a good picture need not resemble
    every reference patch in every place.
    """
    least = (similarity.amin((-2, -1)) if every else similarity.amax(-1).amin(-1))
    least = least.clamp(_EDGE, 1 - _EDGE)
    return -torch.where(abnormal.bool(), torch.log1p(-least), least.log()).mean()


def ranking(logits: Tensor, similarity: Tensor, scale: float,
            pairs: tuple[Tensor, Tensor]) -> Tensor:
    """
    Return L_rank (eq. 1.4) of one level, mean over pictures and sampled pairs.

    logits and similarity (of the most similar reference, a_j) [B, Q]; pairs: the patches u and v,
    int64 [B, M] each. Of two patches, the one that resembles the references less has to be scored
    odder, by a margin of 1; the more their similarities differ, the more it matters.
    """
    u, v = pairs
    scores = logits.sigmoid()
    gap = similarity.gather(-1, u) - similarity.gather(-1, v)
    gap = gap.detach()  # the guide: eq. 1.4 moves the scores, eq. 1.3 the similarities
    weight = scale * torch.expm1(gap.abs())
    order = -gap.sign()
    margin = functional.relu(1 - order * (scores.gather(-1, u) - scores.gather(-1, v)))
    return (weight * margin).mean()
