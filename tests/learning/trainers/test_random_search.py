"""Random search: it finds runners, goes on where it was, and the cores change nothing."""

import json

import numpy as np
import pytest

from adapt_learning.errors import SettingError
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.trainers import random_search
from adapt_learning.trainers.random_search import RandomSearchConfig, search

SMALL = RandomSearchConfig(directions=4, best=2)


@pytest.fixture(autouse=True)
def tested_often(monkeypatch):
    """Test every second iteration, with short episodes."""
    monkeypatch.setattr(random_search, '_TEST_EVERY', 2)
    monkeypatch.setattr(random_search, '_TESTED', 2)


def until(iterations):
    """Return a listener that ends the search, as Ctrl-C does."""
    def listen(now):
        if now.iteration >= iterations:
            raise KeyboardInterrupt
    return listen


def weights_after(out, iterations, seed=0, config=SMALL):
    with pytest.raises(KeyboardInterrupt):
        search('cheetah', out, 5.0, config, seed, 1, until(iterations))
    return json.loads(out.with_name(f'{out.name}.search.json').read_text())


def test_interrupted_it_goes_on_as_if_nothing_had_been(tmp_path):
    whole = weights_after(tmp_path / 'a.json', 4)
    weights_after(tmp_path / 'b.json', 2)
    parts = weights_after(tmp_path / 'b.json', 4)
    assert whole == parts and whole['iteration'] == 4
    assert weights_after(tmp_path / 'c.json', 4, seed=1)['weights'] != whole['weights']


def test_a_cheetah_learns_to_move(tmp_path):
    """A dozen small iterations are enough to be better than nothing."""
    state = weights_after(tmp_path / 'cheetah.json', 12, config=RandomSearchConfig(
        directions=8, best=4, step_size=0.04))
    found = json.loads((tmp_path / 'cheetah.json').read_text())
    task = make_task('cheetah')
    nothing, mine = (np.mean([task.run_linear(gain, center, seed)[0] for seed in range(3)])
                     for gain, center in ((np.zeros((6, 17)), np.zeros(17)),
                                          (np.array(found['gain']), np.array(found['center']))))
    task.close()
    assert mine > nothing + 50
    assert found['steps'] <= state['steps'] and found['return'] == round(state['best'], 1)


def test_mean_and_spread_are_those_of_all_observations():
    state = random_search._State(np.zeros((2, 3)), np.zeros(3), np.zeros(3))
    parts = [np.random.default_rng(i).normal(i, 1 + i, (20 + i, 3)) for i in range(4)]
    for part in parts:
        state.see(part)
    everything = np.concatenate(parts)
    np.testing.assert_allclose(state.mean, everything.mean(0))
    np.testing.assert_allclose(state.scale, everything.std(0))


def test_other_settings_and_other_tasks_are_refused(tmp_path):
    out = tmp_path / 'cheetah.json'
    weights_after(out, 2)
    with pytest.raises(SettingError, match='other settings'):
        search('cheetah', out, 1.0, RandomSearchConfig(directions=5, best=2), 0, 1)
    with pytest.raises(SettingError, match='maze has none'):
        search('maze', tmp_path / 'maze.json', 1.0, SMALL)
    with pytest.raises(SettingError, match='1 <= best <= directions'):
        RandomSearchConfig(directions=4, best=5)
    with pytest.raises(SettingError, match='minutes is above 0'):
        search('cheetah', out, 0.0, SMALL)
