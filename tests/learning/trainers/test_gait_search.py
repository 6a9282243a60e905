"""The search for a gait gets better, and goes on where it was."""

import json

import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.gait import Gait
from adapt_learning.trainers.gait_search import GaitSearchConfig, search_gait

SMALL = GaitSearchConfig(samples=12, best=3, starts=1)


def state_after(out, iterations, seed=0):
    """Return the state of a search that was ended as Ctrl-C does."""
    def listen(now):
        if now.iteration >= iterations:
            raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        search_gait('hand_rotate', out, 5.0, SMALL, seed, listen)
    return json.loads(out.with_name(f'{out.name}.search.json').read_text())


def test_interrupted_it_goes_on_as_if_nothing_had_been_and_gets_better(tmp_path):
    whole = state_after(tmp_path / 'a.json', 4)
    state_after(tmp_path / 'b.json', 2)
    assert state_after(tmp_path / 'b.json', 4) == whole
    assert state_after(tmp_path / 'c.json', 1, seed=1)['mean'] != whole['mean']
    found = Gait.from_dict(json.loads((tmp_path / 'a.json').read_text()))
    assert found.facts['iterations'] == 4 and 'adapt gait hand_rotate' in found.facts['command']
    task = make_task('hand_rotate')
    nothing, mine = task.score_gaits(np.array([[0.0] * 61, found.vector()]), range(2))
    task.close()
    assert mine > nothing


def test_what_cannot_be_searched_is_refused(tmp_path):
    with pytest.raises(SettingError, match='score_gaits'):
        search_gait('maze', tmp_path / 'a.json', 1.0)
    with pytest.raises(SettingError, match='minutes'):
        search_gait('hand_rotate', tmp_path / 'a.json', 0.0)
    with pytest.raises(SettingError, match='best'):
        GaitSearchConfig(samples=4, best=8)
    state_after(tmp_path / 'b.json', 1)
    with pytest.raises(SettingError, match='other settings'):
        search_gait('hand_rotate', tmp_path / 'b.json', 1.0, SMALL, 3)
