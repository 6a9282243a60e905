"""Hidden rules see in pictures what was drawn there, and answer as a person would."""

import functools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from adapt_learning import catalog
from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.feedback import Round
from adapt_learning.generation.small.blobs import Blob, blobs_of, find_blobs
from adapt_learning.generation.small.pictures import WORDS
from adapt_learning.generation.small.rules.base import BlobRule, Rule
from adapt_learning.generation.small.scenes import (
    COLOURS,
    SHAPES,
    Scene,
    draw_scene,
    paint_scene,
)
from adapt_learning.generation.small.simulated import SimulatedEvaluator, success_rate
from adapt_learning.surfaces import Surface, rng_of

RULES = {name: catalog.load('evaluator', name)() for name in catalog.names('evaluator')}
BLOB_RULES = {name: rule for name, rule in RULES.items() if isinstance(rule, BlobRule)}
ABOUT = {'two_green_circles': [('circle', 'green')],
         'blue_ring_yellow_circle': [('ring', 'blue'), ('circle', 'yellow')],
         'red_circle_above_blue_square': [('circle', 'red'), ('square', 'blue')]}


def scenes_about(things, count):
    """Yield scenes with shapes and colours renamed so that `things` come often."""
    for number in range(count):
        rng = rng_of('rules', number)
        scene = draw_scene(rng)
        shapes, colours = ({}, {})
        for seen, (shape, colour) in zip(scene.things, things, strict=False):
            if rng.random() < 0.9:
                shapes.setdefault(seen.shape, shape)
            if rng.random() < 0.9:
                colours.setdefault(seen.colour, colour)
        yield Scene(tuple(replace(thing, shape=shapes.get(thing.shape, thing.shape),
                                  colour=colours.get(thing.colour, thing.colour))
                          for thing in scene.things), scene.background), rng


def test_what_is_drawn_is_seen():
    wrong = 0
    for number in range(300):
        rng = rng_of('seen', number)
        scene = draw_scene(rng)
        seen = sorted(find_blobs(paint_scene(scene, rng, 32)), key=lambda b: (b.x, b.y))
        drawn = sorted(scene.things, key=lambda t: (t.x, t.y))
        wrong += [(b.shape, b.colour) for b in seen] != [(t.shape, t.colour) for t in drawn]
        if len(seen) == len(drawn):
            assert all(np.hypot(b.x - t.x, b.y - t.y) < 0.06
                       for b, t in zip(seen, drawn, strict=True))
    assert wrong <= 9


@pytest.mark.parametrize('name', BLOB_RULES)
def test_a_rule_judges_pictures_as_it_judges_the_truth(name):
    rule, right, successes = RULES[name], 0, 0
    for scene, rng in scenes_about(ABOUT[name], 200):
        truth = rule.judge_blobs(blobs_of(scene.things)).success
        right += rule.judge(paint_scene(scene, rng, 32)).success == truth
        successes += truth
    assert right >= 194 and successes >= 20


def test_holes_in_wood_are_seen():
    rule, right = RULES['holed_wood'], 0
    for number in range(50):
        surface = Surface('wood', 500 + number, 96, (0.7, 1.0))
        for wanted, picture in ((False, surface.good(0)),
                                (True, surface.defective(0, 'hole').picture)):
            small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
            right += rule.judge(small).success == wanted
    assert right >= 97


@pytest.mark.parametrize('band', [np.s_[:, 26:29], np.s_[4:7, :], np.s_[4:24, 26:29]])
def test_a_dark_stripe_is_no_hole(band):
    picture = np.full((32, 32, 3), 200, np.uint8)
    spotted = picture.copy()
    picture[band], spotted[14:18, 20:24] = 60, 60
    assert RULES['holed_wood'].judge(spotted).success
    assert not RULES['holed_wood'].judge(picture).success


GREEN = Blob('circle', 'green', 0.2, 0.5)
RED, BLUE = Blob('circle', 'red', 0.5, 0.2), Blob('square', 'blue', 0.5, 0.8)
RING, YELLOW = Blob('ring', 'blue', 0.8, 0.8), Blob('circle', 'yellow', 0.2, 0.2)


@pytest.mark.parametrize(('name', 'blobs', 'success'), [
    ('two_green_circles', [GREEN, replace(GREEN, x=0.8)], True),
    ('two_green_circles', [GREEN, replace(GREEN, shape='square')], True),
    ('two_green_circles', [GREEN], False),
    ('two_green_circles', [GREEN] * 3, False),
    ('two_green_circles', [GREEN, GREEN, RED], False),
    ('two_green_circles', [GREEN, RED], False),
    ('two_green_circles', [], False),
    ('blue_ring_yellow_circle', [RING, YELLOW], True),
    ('blue_ring_yellow_circle', [replace(RING, colour='yellow'),
                                 replace(YELLOW, colour='blue')], False),
    ('blue_ring_yellow_circle', [replace(RING, shape='circle'), YELLOW], False),
    ('blue_ring_yellow_circle', [RING, YELLOW, YELLOW], False),
    ('red_circle_above_blue_square', [RED, BLUE], True),
    ('red_circle_above_blue_square', [replace(RED, y=0.9), BLUE], False),
    ('red_circle_above_blue_square', [replace(RED, x=0.0, y=0.6), BLUE], False),
    ('red_circle_above_blue_square', [RED, BLUE, YELLOW], False),
    ('red_circle_above_blue_square', [BLUE], False)])
def test_the_conditions(name, blobs, success):
    assert RULES[name].judge_blobs(blobs).success == success


@pytest.mark.parametrize('name', RULES)
def test_every_rule_is_in_its_own_file_and_says_what_it_wants(name):
    rule = RULES[name]
    assert isinstance(rule, Rule) and type(rule).__module__.rpartition('.')[2] == name
    assert rule.category and rule.condition
    assert set(rule.prompt.split()) <= set(WORDS)
    for picture in (np.zeros((32, 32, 3), np.uint8), np.full((48, 48, 3), 255, np.uint8),
                    np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)):
        success, quality = rule.judge(picture)
        assert not success and 0 <= quality <= 0.5


@functools.cache
def pictures_about_circles():
    return np.stack([paint_scene(scene, rng, 32)
                     for scene, rng in scenes_about(ABOUT['two_green_circles'], 80)])


def asked(number=0, best=None):
    return Round(number, 'two green circles', pictures_about_circles(), best)


def test_a_simulated_evaluator_answers_by_its_rule():
    rule, round_ = RULES['two_green_circles'], asked()
    feedback = SimulatedEvaluator(rule).judge(round_)
    feedback.check(round_)
    judged = [rule.judge(picture) for picture in round_.pictures]
    assert feedback.good == tuple(i for i, x in enumerate(judged) if x.success)
    assert feedback.good and feedback.best == max(
        feedback.good, key=lambda i: judged[i].quality)
    assert success_rate(round_.pictures, rule) == len(feedback.good) / 80
    # The best picture that there is stays the best.
    kept = SimulatedEvaluator(rule).judge(asked(best=round_.pictures[feedback.best]))
    assert kept.good == feedback.good and kept.best is None


def test_errors_of_an_evaluator_come_by_seed_and_round():
    rule = RULES['two_green_circles']
    right = set(SimulatedEvaluator(rule).judge(asked(2)).good)

    def flipped(number, seed):
        answer = SimulatedEvaluator(rule, 0.2, seed).judge(asked(number))
        return right ^ set(answer.good)

    assert flipped(2, 0) == flipped(2, 0) != flipped(3, 0)
    assert flipped(2, 0) != flipped(2, 1)
    assert 4 <= len(flipped(2, 0)) <= 30


@pytest.mark.parametrize('wrong', [{'error_rate': 0.5}, {'error_rate': -0.1}, {'seed': -1}])
def test_an_evaluator_that_says_nothing_is_refused(wrong):
    with pytest.raises(SettingError, match='got'):
        SimulatedEvaluator(RULES['two_green_circles'], **wrong)


def test_a_rate_of_no_picture_is_refused():
    with pytest.raises(SettingError, match='at least one picture'):
        success_rate(np.zeros((0, 32, 32, 3), np.uint8), RULES['holed_wood'])


def test_shapes_and_colours_have_names():
    assert {'circle', 'square', 'triangle'} <= set(SHAPES)
    assert {'red', 'green', 'blue', 'yellow'} <= set(COLOURS)
