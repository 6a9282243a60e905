"""The fusion: what it is made of, its bounds, and that weight 0 is the distance alone."""

import pytest
import torch

from adapt_learning.detectors.fused import Fused, FusedConfig
from adapt_learning.detectors.meta_comparer import MetaComparerConfig
from adapt_learning.errors import SettingError

COMPARER = MetaComparerConfig(width=16, layers=1, latent=8, hidden=16, neighbors=2)


def fused(backbone, weight=0.1, limit=15.0):
    torch.manual_seed(0)
    return Fused(backbone, FusedConfig(COMPARER, weight=weight, limit=limit), input_px=64).eval()


def banks_of(made, pictures):
    return [level.flatten(0, 1) for level in made.patches(pictures[:4])]


@torch.no_grad()
def test_a_patch_is_as_odd_as_its_distance_times_its_odds(backbone, pictures, spoilt):
    made = fused(backbone, weight=0.3)
    banks = banks_of(made, pictures)
    values, score = made.judge(spoilt, banks)
    distance, s = made.odd([level[0] for level in made.patches(spoilt)], banks)
    expected = distance * (s / (1 - s)) ** 0.3
    torch.testing.assert_close(values.flatten(), expected, rtol=1e-4, atol=1e-6)
    assert score == values.max() > 0


@torch.no_grad()
def test_the_comparer_moves_a_patch_by_its_limit_at_most(backbone, pictures, spoilt):
    made = fused(backbone, weight=0.5, limit=0.01)
    banks = banks_of(made, pictures)
    values, _ = made.judge(spoilt, banks)
    near, _ = made.nearest.judge(spoilt, banks[:1])
    moved = (values / near).log()
    assert 0 < moved.abs().max() <= 0.5 * 0.01 + 1e-5


@torch.no_grad()
def test_without_weight_it_is_the_distance(backbone, pictures, spoilt):
    made = fused(backbone, weight=0.0)
    banks = banks_of(made, pictures)
    values, _ = made.judge(spoilt, banks)
    near, _ = made.nearest.judge(spoilt, banks[:1])
    torch.testing.assert_close(values, near)
    row, column = divmod(int(values.argmax()), 8)
    assert row in (4, 5) and column in (2, 3)


@torch.no_grad()
def test_a_picture_that_is_in_the_bank_still_has_a_score_above_zero(backbone, pictures):
    made = fused(backbone)
    values, score = made.judge(pictures[:1], banks_of(made, pictures))
    assert values.min() > 0 and score > 0 and torch.isfinite(values).all()


def test_the_backbone_is_the_same_for_both_and_a_wrong_weight_is_said(backbone):
    made = fused(backbone)
    assert made.nearest.backbone is made.comparer.backbone is backbone
    assert made.learner() is made.comparer
    with pytest.raises(SettingError, match=r'0\.\.1'):
        FusedConfig(weight=2.0)
    with pytest.raises(SettingError, match='at most 15'):
        FusedConfig(limit=20.0)
