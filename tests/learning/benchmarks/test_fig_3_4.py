"""Figure 3.4 with networks that are far too small: what it measures, and that it is drawn."""

import json

import numpy as np
import pytest

from adapt_learning.benchmarks.fig_3_4 import LEARNERS, Experiment, Runs, deviation_m, numbers, run
from adapt_learning.benchmarks.fig_3_4_picture import write_figure
from adapt_learning.benchmarks.spiral import ACTIONS, REPEATS, STEPS, Spiral, nearest, script

NETWORK = ('network.width=8', 'network.depth=1', 'optimization.steps=20', 'optimization.batch=8',
           'optimization.warmup_steps=1')
GUIDED = (*NETWORK, 'diffusion.network.width=8', 'diffusion.network.depth=1',
          'diffusion.schedule.steps=10', 'diffusion.optimization.steps=20',
          'diffusion.optimization.batch=8', 'diffusion.optimization.warmup_steps=1')
TINY = Experiment((0, 1), 2, 2, overrides={
    name: NETWORK if settings == 'bc' else GUIDED for name, (_, settings) in LEARNERS.items()})


@pytest.fixture(scope='module')
def outcome():
    """Return the outcome of a tiny experiment."""
    return run(TINY, lambda share, note: None)


def test_the_script_pushes_in_four_directions():
    simulation = Spiral()
    seen, done = simulation.run(script, 3)
    again, _ = simulation.run(script, 3)
    simulation.close()
    assert seen.shape == (STEPS + 1, 4) and np.array_equal(seen, again)
    assert np.array_equal(done[::REPEATS], ACTIONS) and not nearest(done).any()
    speed = seen[::REPEATS, 2:]
    assert speed[1, 0] > 4 and speed[2, 1] > 4 and speed[3, 0] < -2 and speed[4, 1] < -2


def test_nearest_action_of_the_script():
    assert nearest(np.array([[0.5, 0.1], [-0.7, 0.0], [0.0, 0.0]])) == pytest.approx(
        [0.1, 0.0, 0.5])


def test_who_does_as_the_script_is_not_away_from_it(outcome):
    same = Runs(outcome.script[None], outcome.actions[None])
    assert not deviation_m(same, outcome).any()
    for runs in outcome.learners.values():
        away = deviation_m(runs, outcome)
        assert away.shape == (2, 2, STEPS + 1) and not away[..., 0].any()
        assert away[..., -1].min() > 0.1  # twenty updates teach nothing


def test_the_loss_alone_learns_something_else(outcome):
    chosen = [runs.chosen for runs in outcome.learners.values()]
    assert not np.allclose(chosen[1], chosen[2]) and not np.allclose(chosen[0], chosen[2])


def test_picture_and_numbers(outcome, tmp_path):
    path = write_figure(outcome, tmp_path)
    content = json.loads(path.with_suffix('.json').read_text())
    assert content == json.loads(json.dumps(numbers(outcome)))
    assert list(content['learners']) == list(LEARNERS)
    measures = content['learners']['DBC']
    assert len(measures['end_deviation_m']['per_seed']) == 2
    assert path.read_bytes()[:8] == b'\x89PNG\r\n\x1a\n' and path.stat().st_size > 30_000
