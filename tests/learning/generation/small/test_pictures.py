"""Pictures and captions: by seed, and wrong as often as is said."""

from dataclasses import fields, replace

import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.generation.small.captions import CaptionConfig, scene_caption, surface_caption
from adapt_learning.generation.small.pictures import DEFECTS, WORDS, PicturesConfig, draw_pictures
from adapt_learning.generation.small.scenes import Scene, Thing, draw_scene, relation_of

FEW = PicturesConfig(scenes=40, surfaces=21)
RIGHT = CaptionConfig(**{field.name: 0.0 for field in fields(CaptionConfig)})
PAIR = Scene((Thing('circle', 'red', 0.5, 0.2, 0.1), Thing('square', 'blue', 0.5, 0.8, 0.1)),
             'dark', 'above')
TWO = Scene((Thing('triangle', 'green', 0.2, 0.5, 0.1), Thing('triangle', 'green', 0.8, 0.5, 0.1)),
            'light')


def captions(scene, config, count=400):
    rng = np.random.default_rng(0)
    return [scene_caption(scene, rng, config) for _ in range(count)]


def test_the_same_seed_gives_the_same_pictures_and_captions():
    first, again, other = (draw_pictures(FEW, seed) for seed in (3, 3, 4))
    assert first.captions == again.captions and (first.pictures == again.pictures).all()
    assert first.captions != other.captions
    assert first.pictures.shape == (61, 32, 32, 3) and first.pictures.dtype == np.uint8


def test_captions_use_the_words_that_the_tokenizer_knows():
    words = {word for text in draw_pictures(FEW, 0).captions for word in text.split()}
    assert words <= set(WORDS)


def test_without_errors_captions_say_what_is_there():
    assert set(captions(PAIR, RIGHT)) == {'a red circle above a blue square',
                                          'a blue square below a red circle'}
    assert set(captions(TWO, RIGHT)) == {'two green triangles'}
    rng = np.random.default_rng(0)
    assert surface_caption('brushed_metal', 'scratch', rng, RIGHT, DEFECTS) == (
        'brushed metal with a scratch')
    assert surface_caption('leather', None, rng, RIGHT, DEFECTS) == 'leather without defect'


@pytest.mark.parametrize(('scene', 'name', 'right'), [
    (TWO, 'wrong_count', 'two green triangles'), (TWO, 'wrong_shape', 'two green triangles'),
    (PAIR, 'wrong_relation', 'a red circle above a blue square'),
    (PAIR, 'swapped_colours', 'a red circle above a blue square')])
def test_captions_are_wrong_as_often_as_is_said(scene, name, right):
    told = captions(scene, replace(RIGHT, **{name: 0.4}))
    wrong = sum(text not in (right, 'a blue square below a red circle') for text in told)
    assert 0.33 < wrong / len(told) < 0.47


def test_things_of_a_scene_lie_apart_and_inside():
    rng = np.random.default_rng(1)
    for _ in range(100):
        scene = draw_scene(rng)
        for thing in scene.things:
            assert thing.radius < thing.x < 1 - thing.radius
            assert thing.radius < thing.y < 1 - thing.radius
        for one, other in zip(scene.things, scene.things[1:], strict=False):
            assert np.hypot(one.x - other.x, one.y - other.y) > one.radius + other.radius
        if scene.relation:
            assert relation_of(*scene.things) == scene.relation


@pytest.mark.parametrize('wrong', [{'size_px': 36}, {'size_px': 8}, {'scenes': -1},
                                   {'scenes': 0, 'surfaces': 0}])
def test_what_cannot_be_drawn_is_said(wrong):
    with pytest.raises(SettingError, match='got'):
        PicturesConfig(**wrong)


def test_shares_of_captions_lie_between_0_and_1():
    with pytest.raises(SettingError, match='wrong_count'):
        CaptionConfig(wrong_count=1.5)
