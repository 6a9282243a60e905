"""References in other positions: which ones, how many, and what a recipe makes of them."""

import json

import numpy as np
import pytest

from adapt_learning.inspection import FitSettings, fit_recipe, load_recipe, write_recipe
from adapt_learning.inspection.fit import picture_of_pixels
from adapt_learning.inspection.turns import positions, turned


@pytest.mark.parametrize('references, count', [
    (1, 8), (16, 8), (17, 4), (32, 4), (33, 1), (1000, 1)])
def test_few_references_are_taken_in_many_positions(references, count):
    assert positions(references) == count


@pytest.mark.parametrize('count', [1, 4, 8])
def test_positions_are_different_and_hold_the_same_pixels(count):
    view = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    found = list(turned(view, count))
    assert len({one.tobytes() for one in found}) == count
    assert np.array_equal(found[0], view)
    for one in found:
        assert np.array_equal(np.sort(one.reshape(-1, 3), axis=0),
                              np.sort(view.reshape(-1, 3), axis=0))
        assert one.flags.c_contiguous


def test_a_part_that_lies_the_other_way_round_is_odd_only_where_that_is_asked(inspector):
    stripes = np.tile(np.uint8(128 + 90 * np.sin(np.arange(96) * 0.7)), (96, 1))
    view = inspector.view(stripes)
    picture = [picture_of_pixels(view, 'one')]
    other = np.ascontiguousarray(view.transpose(1, 0, 2))
    free, _ = fit_recipe(inspector, picture, 'stripes')
    fixed, _ = fit_recipe(inspector, picture, 'stripes',
                          settings=FitSettings(fixed_orientation=True))
    assert (free.positions, fixed.positions) == (8, 1)
    as_it_is = inspector.judge(view, fixed.bank).score
    assert inspector.judge(other, free.bank).score < 0.5 * inspector.judge(other, fixed.bank).score
    assert as_it_is <= inspector.judge(other, fixed.bank).score


def test_positions_are_kept_in_the_recipe_and_old_recipes_have_one(inspector, pictures, tmp_path):
    recipe, stored = fit_recipe(inspector, pictures(2), 'weave')
    written = write_recipe(tmp_path / 'weave', recipe, stored)
    assert load_recipe(tmp_path / 'weave').positions == written.positions == 8
    path = tmp_path / 'weave' / 'recipe.json'
    values = json.loads(path.read_text())
    del values['positions']
    path.write_text(json.dumps(values))
    assert load_recipe(tmp_path / 'weave').positions == 1
