"""PatchCore as published, and the comparison of speed on a few small pictures."""

import json
from typing import ClassVar

import numpy as np
import pytest
import torch
from tiny_detector import make_detector
from torch.nn import functional
from typer.testing import CliRunner

from adapt_learning.benchmarks import inspection_speed
from adapt_learning.benchmarks.machine import most_memory_kb
from adapt_learning.benchmarks.patchcore import NEIGHBORS, PatchCore, _score, fit
from adapt_learning.cli.main import app
from adapt_learning.detectors.backbone import Backbone, Level
from adapt_learning.errors import SettingError
from adapt_learning.surfaces import Surface


class Colours(Backbone):
    """Mean colours."""

    levels: ClassVar = (Level(3, 4), Level(3, 8))

    def maps(self, x):
        """Return both maps."""
        return [functional.avg_pool2d(x, level.stride) for level in self.levels]

    @classmethod
    def normalized_by(cls, layer):
        """Return that there is none."""
        return ''


@pytest.fixture(scope='module')
def model():
    return PatchCore(Colours(), 64).eval()


@pytest.fixture(scope='module')
def surface():
    return Surface('felt', 0, 64)


@pytest.fixture(scope='module')
def bank(model, surface):
    return torch.from_numpy(fit(model, [surface.good(i) for i in range(4)], 0.2))


def test_a_core_set_is_a_share_of_the_patches(model, surface, bank):
    every = torch.cat([model.patches(torch.from_numpy(surface.good(i))[None])[0]
                       for i in range(4)]).detach()
    assert len(every) == 4 * 16 * 16 and bank.shape == (205, 3 + 3)
    assert all((row == every).all(1).any() for row in bank)
    with pytest.raises(SettingError, match='at least 9 rows'):
        fit(model, [surface.good(0)], 0.03)


def test_a_defect_is_odder_and_lies_where_it_is(model, surface, bank):
    good = surface.good(9)
    bad = good.copy()
    bad[40:56, 8:24] = (255, 0, 255)
    with torch.no_grad():
        (_, low), (found, high) = (model(torch.from_numpy(one)[None], bank) for one in (good, bad))
    assert high > low and found.shape == (64, 64)
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    assert 40 <= row < 56 and 8 <= column < 24


def test_the_score_is_equation_7():
    random = np.random.default_rng(0)
    query, rows = random.normal(size=(5, 3)), random.normal(size=(20, 3))
    distance = np.linalg.norm(query[:, None] - rows[None], axis=2)
    nearest, least = distance.argmin(1), distance.min(1)
    patch = least.argmax()
    star = rows[nearest[patch]]
    around = np.argsort(np.linalg.norm(rows - star, axis=1))[:NEIGHBORS]
    spread = np.exp(np.linalg.norm(query[patch] - rows[around], axis=1))
    expected = (1 - np.exp(least[patch]) / spread.sum()) * least[patch]
    found = _score(*(torch.from_numpy(x) for x in (query, rows, least, nearest)))
    assert float(found) == pytest.approx(expected)


def test_speed_memory_and_size_of_everybody(place, weights, tmp_path):
    detector = make_detector(tmp_path / 'tiny')
    place.cache.mkdir(parents=True)
    said = []
    result = inspection_speed.measure(place, [detector], {'resnet18': weights}, 2,
                                      'adapt bench inspection-speed', said.append)
    assert len(said) == inspection_speed.parts({'resnet18': weights}, 1)
    tiny, nearest, small, plain, exported = result['rows']
    assert tiny['pictures_per_s'] > nearest['pictures_per_s'] > 0
    assert small['bank_rows'] == plain['bank_rows'] == exported['bank_rows'] == [820]
    assert nearest['bank_rows'] == [2048] and plain['file_bytes'] == weights.stat().st_size
    assert tiny['times'][exported['title']]['median'] > 1
    assert exported['times'][exported['title']]['median'] == 1
    # PyTorch itself is in the memory of the one and not of the other.
    assert plain['memory_mb'] > exported['memory_mb'] > 0
    page = inspection_speed.write(result, tmp_path)
    assert '| PatchCore in PyTorch, resnet18 |' in page.read_text()
    assert str(tmp_path) not in page.read_text() + json.dumps(result)


def test_memory_of_this_process():
    before = most_memory_kb()
    kept = np.ones(30_000_000, np.uint8)
    assert most_memory_kb() > 0 and most_memory_kb() >= before and kept.all()


@pytest.mark.parametrize('arguments, says', [
    ((), 'give its --weights'), (('--weights', 'mobilnet=x'), 'mobilenet_v2'),
    (('--weights', 'nowhere'), 'no weights file')])
def test_bad_input(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ['bench', 'inspection-speed', *arguments])
    assert done.exit_code == 2 and says in done.stderr and list(tmp_path.iterdir()) == []
