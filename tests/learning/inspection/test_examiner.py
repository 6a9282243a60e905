"""Verdicts: good, bad, near the threshold, and frames that cannot be judged."""

import json

import cv2
import numpy as np
import pytest
from tiny_detector import blurred, make_detector, surface, with_blob

from adapt_learning.errors import ArtifactError
from adapt_learning.inspection import Examiner, Inspector, Reason, Verdict, fit_recipe
from adapt_learning.inspection.heatmap import heat_map
from adapt_learning.inspection.pictures import encode_png
from adapt_learning.inspection.regions import MOST_REGIONS, find_regions
from adapt_learning.inspection.verdict import Region, invalid, of_score


@pytest.fixture(scope='module')
def examiner(inspector, fitted):
    """Return the tiny detector with the recipe of eight references."""
    return Examiner(inspector, fitted[0])


def test_good_parts_are_ok_and_bad_ones_are_not(examiner):
    results = [examiner.examine(surface(100 + i)) for i in range(30)]
    assert sum(one.verdict == Verdict.OK for one in results) >= 27
    for result in results:
        assert (result.verdict == Verdict.OK) == (result.ratio < 1.0)
    for i in range(10):
        bad = examiner.examine(with_blob(surface(200 + i)))
        assert bad.verdict == Verdict.NOK and bad.reason == Reason.NONE
        assert bad.ratio == bad.score / bad.threshold > 1.1
        assert 'times the threshold' in bad.text and 'strongest at' in bad.text


def test_a_region_is_where_the_blob_is(examiner):
    for x, y in ((30, 60), (70, 20)):
        first = examiner.examine(with_blob(surface(5), x, y, 8)).regions[0]
        assert first.x <= x <= first.x + first.width and first.y <= y <= first.y + first.height
        assert first.peak > 1.0 and 0 < first.area <= first.width * first.height


@pytest.mark.parametrize(('score', 'verdict'), [
    (0.0, Verdict.OK), (np.nextafter(2.0, 0.0), Verdict.OK), (2.0, Verdict.REVIEW),
    (2.19, Verdict.REVIEW), (2.21, Verdict.NOK), (1e9, Verdict.NOK)])
def test_what_a_score_means(score, verdict):
    found, reason, text = of_score(score, 2.0, 0.1)
    assert found == verdict
    assert (reason == Reason.NEAR_THRESHOLD) == (verdict == Verdict.REVIEW)
    assert bool(text) == (verdict != Verdict.OK)


def test_without_a_band_nothing_is_for_review():
    assert of_score(2.0, 2.0, 0.0)[0] == Verdict.NOK


FRAMES = {
    Reason.BLURRED: lambda: blurred(surface(9)),
    Reason.OVER_EXPOSED: lambda: np.clip(surface(9).astype(int) + 130, 0, 255).astype(np.uint8),
    Reason.UNDER_EXPOSED: lambda: (surface(9) // 60).astype(np.uint8),
    Reason.EMPTY: lambda: np.full((96, 96), 120, np.uint8),
    Reason.WRONG_SIZE: lambda: surface(9, 97),
    Reason.UNREADABLE: lambda: surface(9).astype(np.float32),
}


@pytest.mark.parametrize('reason', FRAMES, ids=lambda reason: reason.name)
def test_a_frame_that_cannot_be_judged_is_invalid_with_a_reason(examiner, reason):
    result = examiner.examine(FRAMES[reason]())
    assert (result.verdict, result.reason) == (Verdict.INVALID, reason)
    assert len(result.text) > 30 and result.map is None and not result.regions
    assert np.isnan(result.score) and np.isnan(result.ratio)


@pytest.mark.parametrize('value', [0, 255])
def test_a_black_or_a_white_frame_is_told_as_such(examiner, value):
    result = examiner.examine(np.full((96, 96), value, np.uint8))
    assert result.reason == (Reason.OVER_EXPOSED if value else Reason.UNDER_EXPOSED)


def test_a_defect_is_no_reason_to_refuse_the_frame(examiner):
    """A large dark stain darkens and blurs its part of the frame; it has to be found."""
    assert examiner.examine(with_blob(surface(5), 48, 48, 20)).verdict == Verdict.NOK


def test_bytes_and_pixels_give_the_same_score_to_the_bit(examiner):
    pixels = with_blob(surface(5))
    assert examiner.examine_encoded(encode_png(pixels)).score == examiner.examine(pixels).score


@pytest.mark.parametrize('data', [b'', b'nothing', encode_png(surface(0))[:200]])
def test_bytes_that_are_no_picture_are_invalid(examiner, data):
    result = examiner.examine_encoded(data)
    assert (result.verdict, result.reason) == (Verdict.INVALID, Reason.UNREADABLE)


def test_a_detector_that_returns_nan_is_never_ok(tmp_path, pictures):
    inspector = Inspector(make_detector(tmp_path / 'broken', broken=True))
    recipe, _ = fit_recipe(inspector, pictures(8), 'weave')
    pixels = surface(4)
    pixels[:4, :4] = 0
    result = Examiner(inspector, recipe).examine(pixels)
    assert (result.verdict, result.reason) == (Verdict.INVALID, Reason.NOT_FINITE)


def test_a_recipe_of_another_detector_is_refused(tmp_path, fitted):
    other = Inspector(make_detector(tmp_path / 'other', gain=2.0))
    with pytest.raises(ArtifactError, match='was made with the detector tiny'):
        Examiner(other, fitted[0])


def test_a_result_is_json(examiner):
    for pixels in (surface(3), with_blob(surface(3)), FRAMES[Reason.EMPTY]()):
        result = examiner.examine(pixels)
        values = json.loads(json.dumps(result.as_dict(), allow_nan=False))
        assert values['verdict'] == result.verdict.name
        assert (values['score'] is None) == (result.verdict == Verdict.INVALID)
    assert invalid(Reason.STALE, 'x').as_dict()['reason'] == 'STALE'


def test_regions_come_by_their_peaks_and_not_more_than_wanted():
    values = np.zeros((20, 20), np.float32)
    values[2, 2], values[10, 15], values[11, 16] = 3.0, 5.0, 2.5
    values[17, 4:7] = 4.0
    found = find_regions(values, 2.0, 40, 80)
    assert found == (Region(30, 40, 4, 8, 16, 2.5), Region(8, 68, 6, 4, 24, 2.0),
                     Region(4, 8, 2, 4, 8, 1.5))
    grid = np.zeros((40, 40), np.float32)
    grid[::4, ::4] = 9.0
    assert len(find_regions(grid, 1.0, 400, 400)) == MOST_REGIONS
    assert find_regions(grid, 9.0, 40, 40) == (), 'on the threshold is not above it'


def test_a_spot_finer_than_the_frame_is_not_lost():
    values = np.zeros((64, 64), np.float32)
    values[33, 1] = 2.0
    assert find_regions(values, 1.0, 16, 16) == (Region(0, 8, 1, 1, 1, 2.0),)


def test_boxes_stay_in_the_frame_where_the_grid_does_not_divide_it():
    for width in (97, 101, 640):
        first, = find_regions(np.ones((7, 7), np.float32), 0.5, width, 50)
        assert (first.x, first.y, first.width, first.height) == (0, 0, width, 50)
        assert first.area == width * 50


def test_the_heat_map_has_a_fixed_scale():
    frame = surface(0)
    quiet, loud = np.full((8, 8), 0.1, np.float32), np.full((8, 8), 0.1, np.float32)
    loud[4:, 4:] = 9.0
    first, second = heat_map(quiet, 1.0, frame), heat_map(loud, 1.0, frame)
    assert first.shape == (96, 96, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first[:40, :40], second[:40, :40],
                                  'a hot spot does not change the colour of the rest')
    change = np.abs(first.astype(int) - np.dstack([frame] * 3)).mean()
    assert change < 15, 'a good part stays nearly as it is'
    np.testing.assert_array_equal(heat_map(loud * 5, 5.0, frame), second, 'shares of the threshold')
    hot = heat_map(np.full((8, 8), 2.0, np.float32), 1.0, frame)[50, 50].astype(int)
    assert hot[0] > hot[2] + 50, 'red, not blue'


def test_the_heat_map_takes_every_frame_and_value():
    values = np.array([[np.nan, np.inf], [-1.0, 0.5]], np.float32)
    for frame in (surface(0), np.dstack([surface(0)] * 3), surface(0).astype(np.uint16) * 257):
        assert heat_map(values, 1.0, frame).shape == (96, 96, 3)
    assert cv2.imencode('.png', heat_map(values, 1.0, surface(0)))[0]
