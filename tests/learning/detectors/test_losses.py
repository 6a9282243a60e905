"""Losses of the meta-comparer against the equations, written out."""

import math

import pytest
import torch

from adapt_learning.detectors import losses


def test_classification_is_eq_1_2():
    logits = torch.tensor([[0.2, 1.5, -3.0], [-1.0, -2.0, -0.5]])
    first, second = (1 / (1 + math.exp(-x)) for x in (1.5, -0.5))
    expected = -(math.log(first) + math.log(1 - second)) / 2
    value = losses.classification(logits, torch.tensor([True, False]))
    assert value.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('every, bad, good', [(True, 0.1, 0.3), (False, 0.4, 0.8)])
def test_attention_is_eq_1_3(every, bad, good):
    """All pairs: the smallest similarity. Otherwise that of the patch that resembles least."""
    similarity = torch.tensor([[[0.1, 0.4], [0.9, 0.6]], [[0.3, 0.8], [0.9, 0.5]]])
    expected = -(math.log(1 - bad) + math.log(good)) / 2
    value = losses.attention(similarity, torch.tensor([True, False]), every)
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_ranking_is_eq_1_4():
    logits = torch.tensor([[2.0, -1.0]])
    similarity = torch.tensor([[0.3, 0.9]])
    u, v = torch.tensor([[0, 1]]), torch.tensor([[1, 0]])
    su, sv = (1 / (1 + math.exp(-x)) for x in (2.0, -1.0))
    weight = 0.5 * (math.exp(0.6) - 1)
    # The first resembles the references less and is scored odder: both orders ask the same.
    expected = weight * max(0, 1 - (su - sv))
    value = losses.ranking(logits, similarity, 0.5, (u, v))
    assert value.item() == pytest.approx(expected, rel=1e-5)
    wrong = losses.ranking(-logits, similarity, 0.5, (u, v))
    assert wrong.item() == pytest.approx(weight * (1 + (su - sv)), rel=1e-4) and wrong > value


def test_patches_that_resemble_alike_are_not_ranked():
    logits = torch.tensor([[5.0, -5.0]])
    same = torch.tensor([[0.7, 0.7]])
    assert losses.ranking(logits, same, 1.0, (torch.tensor([[0]]), torch.tensor([[1]]))) == 0


def test_only_scores_are_moved_by_the_ranking():
    logits = torch.zeros(1, 2, requires_grad=True)
    similarity = torch.tensor([[0.2, 0.9]], requires_grad=True)
    losses.ranking(logits, similarity, 1.0, (torch.tensor([[0]]), torch.tensor([[1]]))).backward()
    assert similarity.grad is None and logits.grad[0, 0] < 0 < logits.grad[0, 1]


def test_similarities_at_the_edge_stay_finite():
    similarity = torch.tensor([[[1.0]], [[0.0]]])
    assert torch.isfinite(losses.attention(similarity, torch.tensor([True, False]), True))
