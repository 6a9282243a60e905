"""Nearest patch: distances, maps and scores."""

import torch

from adapt_learning.detectors.nearest_patch import NearestPatch


def judged(backbone, pictures, picture):
    detector = NearestPatch(backbone, input_px=64).eval()
    with torch.no_grad():
        bank = detector.patches(pictures)[0].flatten(0, 1)
        return detector.judge(picture, [bank])


def test_patches_are_those_that_are_announced(backbone, pictures):
    detector = NearestPatch(backbone, input_px=64)
    (patches,), (level,) = detector.patches(pictures), detector.levels
    assert patches.shape == (10, level.grid ** 2, level.size) == (10, 64, 20)
    torch.testing.assert_close(patches.norm(dim=-1), torch.full((10, 64), 2 ** 0.5))


def test_distance_is_that_to_the_nearest_row(backbone, pictures):
    detector = NearestPatch(backbone, input_px=64)
    query, bank = detector.patches(pictures)[0][0], detector.patches(pictures)[0][1:3].flatten(0, 1)
    expected = torch.cdist(query, bank).amin(-1)
    torch.testing.assert_close(detector.odd([query], [bank])[0], expected, atol=1e-4, rtol=1e-4)


def test_what_is_in_the_bank_is_not_odd(backbone, pictures):
    values, score = judged(backbone, pictures, pictures[3:4])
    assert score < 2e-3 and values.shape == (8, 8)


def test_a_spot_is_odder_than_anything_good_and_found_where_it_is(backbone, pictures, spoilt):
    good, good_score = judged(backbone, pictures[:5], pictures[7:8])
    bad, score = judged(backbone, pictures[:5], spoilt)
    assert score > 1.3 * good_score and good.max() == good_score
    row, column = divmod(int(bad.argmax()), 8)
    assert 3 <= row <= 6 and 1 <= column <= 4
