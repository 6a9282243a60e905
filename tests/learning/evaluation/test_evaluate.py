"""Evaluation: repeatable, the same over any number of processes, exact in its numbers."""

import json

import numpy as np
import pytest
from tiny_policy import linear_policy

from adapt_learning.errors import ArtifactError, CatalogError, SettingError
from adapt_learning.evaluation.evaluate import evaluate, task_of, trace
from adapt_learning.evaluation.policy_controller import open_policy


@pytest.fixture(scope='module')
def artifact(tmp_path_factory):
    return linear_policy(tmp_path_factory.mktemp('artifact') / 'linear')


@pytest.fixture(scope='module')
def evaluation(artifact):
    return evaluate(artifact, 'fetch_pick', episodes=4, seed=50, jobs=1)


def test_jobs_change_nothing_but_the_speed(artifact, evaluation):
    other = evaluate(artifact, 'fetch_pick', episodes=4, seed=50, jobs=2)
    assert other.results == evaluation.results
    assert len({result.likeness_mean for result in other.results}) == 4


def test_an_episode_depends_on_its_seed_alone(artifact, evaluation):
    alone = evaluate(artifact, 'fetch_pick', episodes=1, seed=52, jobs=1)
    assert alone.results[0] == evaluation.results[2]


def test_the_machine_readable_form(evaluation):
    facts = json.loads(json.dumps(evaluation.as_dict(), allow_nan=False))
    assert facts['episodes'] == 4 and facts['success_rate'] == facts['successes'] / 4
    assert facts['ci_low'] <= facts['success_rate'] <= facts['ci_high']
    assert facts['episodes_per_second'] > 0
    assert [e['seed'] for e in facts['per_episode']] == [50, 51, 52, 53]
    assert facts['mean_steps'] == np.mean([e['steps'] for e in facts['per_episode']])
    assert {'success', 'steps', 'total_reward', 'likeness_mean', 'stop'} <= set(
        facts['per_episode'][0])


def test_a_trace_is_the_evaluated_episode(artifact, evaluation):
    seen = trace(*open_policy(artifact, 'fetch_pick'), 51, evaluation.noise_level)
    result = evaluation.results[1]
    assert len(seen.episode) == len(seen.latency_s) == len(seen.likeness) == result.steps
    assert float(np.mean(seen.likeness)) == result.likeness_mean
    assert seen.stop_ratio == 4.0


def test_a_policy_that_breaks_ends_its_episodes_only(tmp_path):
    broken = linear_policy(tmp_path / 'broken', bias=[0, 0, np.nan, 0], likeness=False)
    result = evaluate(broken, 'fetch_pick', episodes=2, seed=0, jobs=1)
    assert [(r.success, r.steps, r.likeness_mean) for r in result.results] == [(False, 0, None)] * 2
    assert all('NaN' in r.stop for r in result.results)
    assert trace(*open_policy(broken, 'fetch_pick'), 0, 1.0).episode is None


def test_stopping_when_unlike_the_expert_is_an_option(artifact):
    fast = evaluate(artifact, 'fetch_pick', episodes=1, seed=50, jobs=1, stop_unlike_expert=True)
    assert fast.results[0].stop == '' and fast.results[0].likeness_max < 4


def test_knows_its_task_and_names_mistakes(artifact, tmp_path):
    assert task_of(artifact) == 'fetch_pick'
    with pytest.raises(CatalogError, match='fetch_pick'):
        evaluate(artifact, 'fetch_pik', episodes=1)
    with pytest.raises(ArtifactError, match='manifest.json'):
        evaluate(tmp_path, 'fetch_pick', episodes=1)
    with pytest.raises(SettingError, match='episodes'):
        evaluate(artifact, 'fetch_pick', episodes=0)
    with pytest.raises(SettingError, match='noise_level'):
        evaluate(artifact, 'fetch_pick', episodes=1, noise_level=99)
