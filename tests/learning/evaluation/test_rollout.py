"""One episode: what was seen, done and rewarded, row by row."""

import numpy as np
from tiny_reach import TinyReach

from adapt_learning.evaluation.rollout import ExpertController, rollout


class Loud:
    """Asks for more than a task allows, and stops after three steps."""

    stop_text = ''

    def begin(self, seed):
        self.steps = 0

    def act(self, frame, raw):
        self.steps += 1
        if self.steps > 3:
            self.stop_text = 'enough'
            return None
        return np.array([5.0, -5.0, 0.5])


def test_rows_belong_together():
    task = TinyReach()
    result = rollout(task, ExpertController(task.expert()), seed=5, noise_level=1.0)
    episode = result.episode
    assert result.success and episode.success and result.steps == len(episode)
    assert (episode.seed, episode.noise_level, episode.task) == (5, 1.0, 'A point reaches a goal')
    np.testing.assert_array_equal(episode.observation[0, :3], 0)
    # the point moves by 0.3 of the action: row t+1 is what action t did to row t
    np.testing.assert_allclose(episode.observation[1:, :3],
                               episode.observation[:-1, :3] + 0.3 * episode.action[:-1], atol=1e-6)
    np.testing.assert_allclose(episode.timestamp_s, np.arange(len(episode)) * 0.1)


def test_what_is_recorded_is_what_was_done():
    result = rollout(TinyReach(), Loud(), seed=5, noise_level=1.0)
    np.testing.assert_array_equal(result.episode.action, np.tile([1.0, -1.0, 0.5], (3, 1)))
    assert (result.success, result.steps, result.stop_text) == (False, 3, 'enough')


def test_the_step_limit_ends_an_episode():
    task = TinyReach(clumsy='always')
    assert rollout(task, ExpertController(task.expert()), 5, 1.0).steps == 12


def test_every_instant_is_shown_the_last_too():
    task, seen = TinyReach(), []
    result = rollout(task, ExpertController(task.expert()), 5, 1.0, lambda t: seen.append(t.steps))
    assert seen == list(range(result.steps + 1))
