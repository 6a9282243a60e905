"""A tiny detector, its surface and a recipe."""

import pytest
from tiny_detector import make_detector, surface

from adapt_learning.inspection import FitSettings, Inspector, fit_recipe, write_recipe
from adapt_learning.inspection.fit import picture_of_pixels


@pytest.fixture(scope='session')
def inspector(tmp_path_factory):
    """Return the tiny detector at work."""
    return Inspector(make_detector(tmp_path_factory.mktemp('detector') / 'tiny'))


@pytest.fixture(scope='session')
def pictures():
    """Return a function n -> reference pictures of the surface."""
    return lambda count, side=96: [picture_of_pixels(surface(i, side), f'{i:03d}.png')
                                   for i in range(count)]


@pytest.fixture(scope='session')
def fitted(inspector, pictures):
    """Return (recipe, pictures as PNG) of eight references; at most every fifth good part."""
    return fit_recipe(inspector, pictures(8), 'weave', surface='woven wire',
                      settings=FitSettings(false_reject=0.2), created='2000-01-01T00:00:00+00:00')


@pytest.fixture
def stored(tmp_path, fitted):
    """Return the folder of that recipe."""
    write_recipe(tmp_path / 'recipes' / 'weave', *fitted)
    return tmp_path / 'recipes' / 'weave'
