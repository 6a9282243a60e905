"""Measures of detectors, against scikit-learn, by hand and by brute force."""

import cv2
import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.intervals import success_rate
from adapt_learning.inspection.metrics import (
    PixelScores,
    f1_at,
    false_reject_rate,
    image_auroc,
)


def test_image_auroc_by_hand():
    assert image_auroc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == 1
    assert image_auroc([0.1, 0.8, 0.2, 0.9], [0, 0, 1, 1]) == 0.75
    assert image_auroc([1, 1, 1, 1], [0, 1, 0, 1]) == 0.5


def test_f1_counts_scores_at_the_threshold_as_rejected():
    scores, labels = [1.0, 2.0, 2.0, 3.0], [0, 0, 1, 1]
    assert f1_at(scores, labels, 2.0) == pytest.approx(f1_score(labels, [0, 1, 1, 1]))
    assert f1_at(scores, labels, 2.5) == pytest.approx(2 / 3)
    assert f1_at(scores, labels, 9.0) == 0


def test_false_rejects_have_the_interval_of_wilson():
    rate = false_reject_rate([0.1, 0.2, 0.3, 1.0], 1.0)
    known = success_rate(1, 4)
    assert (rate.rejected, rate.pictures, rate.rate) == (1, 4, 0.25)
    assert (rate.low, rate.high) == pytest.approx((known.low, known.high))
    none = false_reject_rate([0.0] * 50, 1.0)
    assert none.low == 0 and none.high == pytest.approx(success_rate(0, 50).high)
    assert false_reject_rate([2.0] * 5, 1.0).high == 1


def maps(rng, count, shape=(24, 30), shift=1.0, scale=1.0):
    """Return maps with masks; the odd pixels have larger scores in the mean."""
    made = []
    for k in range(count):
        mask = np.zeros(shape, np.uint8)
        for _ in range(k % 3):
            y, x = rng.integers(0, 18, 2)
            mask[y:y + rng.integers(1, 6), x:x + rng.integers(1, 9)] = 255
        made.append(((scale * (rng.normal(size=shape) + shift * (mask > 0))).astype(np.float32),
                     mask))
    return made


def counted(pairs):
    scores = PixelScores()
    for pair in pairs:
        scores.add(*pair)
    return scores


@pytest.mark.parametrize('scale', [1e-6, 1.0, 1e9])
def test_pixel_auroc_is_that_of_scikit_learn_within_its_stated_error(scale):
    pairs = maps(np.random.default_rng(1), 9, scale=scale)
    made = counted(pairs).auroc()
    exact = roc_auc_score(np.concatenate([m.ravel() > 0 for _, m in pairs]),
                          np.concatenate([s.ravel() for s, _ in pairs]))
    assert abs(made.value - exact) <= made.error < 2e-3


def test_scores_in_one_narrow_band_say_how_wrong_they_may_be():
    pairs = [(1 + s * 1e-7, m) for s, m in maps(np.random.default_rng(2), 5)]
    made = counted([(s.astype(np.float32), m) for s, m in pairs]).auroc()
    assert made.error > 0.2  # all in one or two bins, and it says so


def exact_aupro(pairs, limit):
    """Return AUPRO over all thresholds there are, with one trapezium for each."""
    thresholds = np.unique(np.concatenate([s.ravel() for s, _ in pairs]))[::-1]
    good = np.concatenate([s[m == 0] for s, m in pairs])
    regions = []
    for s, m in pairs:
        count, label = cv2.connectedComponents((m > 0).astype(np.uint8), connectivity=8)
        regions += [s[label == k] for k in range(1, count)]
    x = np.array([0.0, *((good >= t).mean() for t in thresholds)])
    y = np.array([0.0, *(np.mean([(r >= t).mean() for r in regions]) for t in thresholds)])
    inside = x <= limit
    ends = np.append(x[inside], limit), np.append(y[inside], np.interp(limit, x, y))
    return np.trapezoid(ends[1], ends[0]) / limit, len(regions)


@pytest.mark.parametrize('limit', [0.05, 0.3, 1.0])
def test_aupro_is_that_of_brute_force(limit):
    pairs = maps(np.random.default_rng(3), 9)
    scores = counted(pairs)
    exact, regions = exact_aupro(pairs, limit)
    made = scores.aupro(limit)
    assert scores.regions == regions
    assert abs(made.value - exact) <= made.error + 1e-9 and made.error < 0.02


def test_aupro_by_hand_counts_every_region_the_same():
    """A large region that is found and a small one that is missed: one half, not nine tenths."""
    mask = np.zeros((20, 20), np.uint8)
    mask[:9, :10], mask[15:17, 15:20] = 255, 255
    found = np.zeros((20, 20), np.float32)
    found[:9, :10], found[15:17, 15:20] = 2, -1
    found[mask == 0] = np.random.default_rng(4).uniform(0, 1, (mask == 0).sum())
    scores = counted([(found, mask)])
    assert scores.regions == 2 and scores.aupro().value == pytest.approx(0.5, abs=1e-3)
    assert scores.auroc().value == pytest.approx(0.9, abs=1e-3)


def test_a_perfect_map_and_a_map_of_zeros():
    mask = np.zeros((16, 16), np.uint8)
    mask[3:6, 3:9] = 255
    perfect = counted([(mask.astype(np.float32), mask)])
    assert perfect.auroc().value == 1 and perfect.aupro().value == pytest.approx(1)
    even = counted([(np.zeros((16, 16), np.float32), mask)])
    assert even.auroc().value == 0.5 and even.aupro().value == pytest.approx(0.15)
    both = np.where(mask, np.float32(0.0), np.float32(-0.0))  # equal, whatever their sign
    assert counted([(both, mask)]).auroc().value == 0.5


def test_the_order_of_maps_and_their_number_cost_nothing():
    pairs = maps(np.random.default_rng(5), 6)
    assert counted(pairs).auroc() == counted(pairs[::-1]).auroc()
    size = [sum(v.nbytes for v in vars(counted(pairs * k)).values() if hasattr(v, 'nbytes'))
            for k in (1, 3)]
    assert size[0] == size[1] < 32e6


@pytest.mark.parametrize('call, words', [
    (lambda: image_auroc([1, 2], [0, 0]), 'needs good and defective pictures; all 2'),
    (lambda: image_auroc([1, float('nan')], [0, 1]), '1 of 2 are not'),
    (lambda: image_auroc([1, 2], [0, 2]), 'labels are 0'),
    (lambda: image_auroc([1, 2], [0]), 'of one length'),
    (lambda: f1_at([], [], 1), 'not empty'),
    (lambda: false_reject_rate([], 1), 'not empty'),
    (lambda: false_reject_rate([1.0], 1, 1.0), 'confidence lies between'),
    (lambda: PixelScores().auroc(), 'need good and defective ones; got 0 and 0'),
    (lambda: PixelScores().add(np.zeros((3, 3)), np.zeros((3, 4))), 'resize one of them'),
    (lambda: PixelScores().add(np.full((3, 3), np.inf), np.zeros((3, 3))), '9 of a map are not'),
    (lambda: counted(maps(np.random.default_rng(0), 3)).aupro(0), 'limit of a false-positive'),
])
def test_what_cannot_be_measured_is_refused(call, words):
    with pytest.raises(SettingError) as caught:
        call()
    assert words in str(caught.value)
