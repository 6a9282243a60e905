"""Every check of the report sees what it is for, and nothing else, on otherwise good episodes."""

import json

import numpy as np
import pytest

from adapt_learning.data import Dataset
from adapt_learning.data.quality import BAD, LOOK, OK, info, report
from adapt_learning.data.quality.episode_checks import CHECKS


def good(make_episode, seed, length=30, **changes):
    """Return an episode that moves smoothly all the time."""
    t = np.arange(length)[:, None]
    rng = np.random.default_rng(seed)
    parts = {'observation': np.sin(t / 20 + rng.uniform(size=16)),
             'action': 0.5 * np.sin(t / 5 + rng.uniform(size=4)), 'extras': {}}
    return make_episode(length, seed, **(parts | changes))


def odd_one(contract, make_episode, **changes):
    """Return the report on the last of eight episodes, which alone is changed."""
    length = changes.pop('length', 30)
    episodes = [good(make_episode, seed) for seed in range(7)]
    last = good(make_episode, 7, length, **changes)
    result = report(Dataset((*episodes, last), contract))
    assert all(episode.verdict == OK for episode in result.episodes[:-1])
    return result.episodes[-1]


def test_good_episodes_are_ok(contract, make_episode):
    last = odd_one(contract, make_episode)
    assert last.verdict == OK and last.reasons == ()
    assert len(last.findings) == len(CHECKS)


def with_nan():
    observation = np.sin(np.arange(30)[:, None] / 20 + np.linspace(0, 1, 16))
    observation[4, 3] = np.nan
    return observation


def with_spike():
    observation = np.sin(np.arange(30)[:, None] / 20 + np.linspace(0, 1, 16))
    observation[14, 3] += 4.0
    return observation


def with_gap(length_s):
    time_s = np.arange(30) * 0.04
    time_s[20:] += length_s
    return time_s


@pytest.mark.parametrize('changes, check, verdict, words', [
    ({'observation': with_nan()}, 'finite', BAD, '1 values are NaN'),
    ({'success': False}, 'success', BAD, 'was not done'),
    ({'success': None}, 'success', LOOK, 'nobody said'),
    ({'length': 2}, 'length', BAD, 'only 2 steps'),
    ({'length': 200}, 'length', LOOK, '200 steps, the median is 30'),
    ({'timestamp_s': with_gap(0.1)}, 'gaps', LOOK, 'the longest 0.140 s'),
    ({'timestamp_s': with_gap(1.0)}, 'gaps', BAD, 'the longest 1.040 s'),
    ({'action': np.zeros((30, 4)), 'observation': np.ones((30, 16))}, 'idle', LOOK, '100%'),
    ({'action': np.ones((30, 4))}, 'saturation', LOOK, '100% of the steps'),
    ({'action': np.random.default_rng(0).uniform(-1, 1, (30, 4))}, 'jerk', LOOK, 'jerk'),
    ({'observation': with_spike()}, 'spikes', LOOK, 'jump away and back at once in 1 of'),
])
def test_each_check_sees_its_fault(contract, make_episode, changes, check, verdict, words):
    last = odd_one(contract, make_episode, **changes)
    found = {finding.check: finding for finding in last.findings}
    assert found[check].verdict == verdict and words in found[check].reason
    assert any(words in reason for reason in last.reasons)


def test_twins_point_to_the_first(contract, make_episode):
    episodes = [good(make_episode, seed) for seed in range(4)]
    result = report(Dataset((*episodes, episodes[1], episodes[1]), contract))
    assert [e.verdict for e in result.episodes] == [OK] * 4 + [BAD] * 2
    assert result.episodes[5].reasons == ('the same as episode 1',)


def test_on_off_commands_are_not_saturation(contract, make_episode):
    episodes = []
    for seed in range(4):
        action = np.array(good(make_episode, seed).action)
        action[:, 3] = np.where(np.arange(30) < 15, 1.0, -1.0)
        episodes.append(good(make_episode, seed, action=action))
    assert report(Dataset(tuple(episodes), contract)).count(OK) == 4


@pytest.mark.parametrize('lengths', [[1], [1, 2], [3, 3]])
def test_tiny_datasets_do_not_break_it(contract, make_episode, lengths):
    dataset = Dataset(tuple(make_episode(n, i) for i, n in enumerate(lengths)), contract)
    json.dumps(report(dataset).as_dict(), allow_nan=False)
    json.dumps(info(dataset), allow_nan=False)


def test_an_all_nan_column_gives_json_without_nan(contract, make_episode):
    observation = np.zeros((12, 16))
    observation[:, 2] = np.nan
    dataset = Dataset((make_episode(observation=observation),), contract)
    facts = json.loads(json.dumps(info(dataset), allow_nan=False))
    assert facts['observation'][2]['mean'] is None and len(facts['not_finite']) == 1
    assert report(dataset).episodes[0].verdict == BAD


def test_info_counts(dataset):
    facts = info(dataset)
    assert (facts['episodes'], facts['steps'], facts['steps_min'], facts['steps_max']) == (
        5, dataset.steps, 8, 20)
    assert (facts['succeeded'], facts['failed'], facts['outcome_unknown']) == (2, 2, 1)
    assert facts['tasks'] == ['pick', 'place'] and facts['noise_levels'] == [1.0]
    assert facts['extra_columns'] == ['edit_mask', 'predicted_level']
    assert facts['lineage'] == dict(dataset.meta)
