"""Rendered parts: each identity, view and light, kept in a folder where one is given."""

import numpy as np
import pytest

from adapt_learning.errors import DatasetError
from adapt_learning.generation.decgan import rendered
from adapt_learning.generation.decgan.image_sets import load_image_set


@pytest.fixture(scope='module')
def two():
    """Return the pictures of two parts."""
    try:
        return rendered.render_parts(2)
    except Exception as error:
        pytest.skip(f'nothing can be rendered here: {error}')


def test_parts_differ_by_identity_view_and_light(two):
    assert two.shape == (2, 5, 3, 8, 32, 32, 3) and two.dtype == np.uint8
    means = two.astype(float).mean(3)
    for axis in range(3):
        first, second = np.take(means, 0, axis), np.take(means, 1, axis)
        assert np.abs(first - second).mean() > 1
    assert not (two[0, 0, 0, 0] == two[0, 0, 0, 1]).all()  # another place of the camera


def test_the_same_parts_are_drawn_again(two):
    assert (rendered.render_parts(1) == two[:1]).all()


def test_kept_pictures_are_taken_and_damaged_ones_refused(two, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(rendered, 'render_parts', lambda: calls.append(1) or two)
    sets = [load_image_set(f'rendered:{tmp_path}/kept') for _ in range(2)]
    assert len(calls) == 1 and sets[0].content_hash == sets[1].content_hash
    found = sets[0]
    assert found.shape == (3, 32) and len(found.train) == 180 and len(found.test) == 60
    assert found.attribute == 'view' and found.identity == 'identity'
    assert {name: len(names) for name, names in found.classes.items()} == {
        'view': 5, 'light': 3, 'identity': 2}
    path, = (tmp_path / 'kept').iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DatasetError, match='damaged'):
        load_image_set(f'rendered:{tmp_path}/kept')
    (tmp_path / 'file').write_text('x')
    with pytest.raises(DatasetError, match='no folder'):
        load_image_set(f'rendered:{tmp_path}/file')
