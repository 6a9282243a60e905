"""`ros2 launch adapt_ros policy.launch.py task:=TASK policy:=POLICY`: any task, any policy."""

import pytest
from launched import result_of

from adapt_learning import catalog
from adapt_learning.artifacts import load_artifact
from adapt_learning.artifacts.shipped import artifact_folder
from adapt_learning.artifacts.store import check_contract
from adapt_learning.evaluation.evaluate import evaluate
from adapt_learning.frames import load_contract


def test_a_task_and_the_name_of_a_policy_are_enough(launched, tmp_path):
    run = launched('task:=fetch_pick', 'policy:=bc', 'episodes:=1', 'video:=false',
                   f'report:={tmp_path}/out', file='policy.launch.py')
    assert run.wait() == 0, run.output
    result = result_of(tmp_path / 'out')
    assert result['successes'] == 1 and result['noise_level'] == 1.0


def test_a_task_with_another_body_runs_as_in_one_process(launched, tmp_path):
    run = launched('task:=ant_reach', 'policy:=dbc', 'episodes:=2', 'video:=false',
                   f'report:={tmp_path}/out', file='policy.launch.py')
    assert run.wait() == 0, run.output
    result = result_of(tmp_path / 'out')
    alone = evaluate(artifact_folder('dbc', 'ant_reach'), 'ant_reach', episodes=2,
                     noise_level=1.0, seed=2000, jobs=1)
    assert [(e['success'], e['steps']) for e in result['per_episode']] == [
        (e.success, e.steps) for e in alone.results]


@pytest.mark.parametrize('task', sorted(set(catalog.names('task')) - {'fetch_push'}))
def test_every_task_of_the_table_has_a_shipped_policy(task):
    manifest = load_artifact(artifact_folder('dbc', task)).manifest
    check_contract(manifest, load_contract(task))
    assert manifest.task == task


def test_a_policy_that_is_not_shipped_is_named(launched):
    run = launched('task:=maze', 'policy:=gan', 'report:=none', file='policy.launch.py')
    run.wait()
    assert "there is no shipped model 'gan' for maze; allowed: " in run.output
