"""Collect, look, train, evaluate, run: the whole life on tiny data, as a user lives it."""

import math

import numpy as np
import pytest

from adapt_learning.artifacts import check_contract
from adapt_learning.frames import load_contract
from adapt_learning.runtime import PolicyRunner, load_policy

POLICIES = ('bc', 'dbc')


def test_three_episodes_are_collected_and_told_alike_by_every_command(life):
    assert life.collected['episodes'] == 3
    assert life.info['episodes'] == 3 and life.info['steps'] == life.collected['steps']
    assert life.info['hash'] == life.collected['hash']
    assert 60 <= life.collected['steps'] <= 150


def test_the_report_judges_what_was_collected(life):
    assert len(life.report['episodes']) == 3 and sum(life.report['verdicts'].values()) == 3
    assert all(episode['verdict'] in life.report['verdicts'] for episode in life.report['episodes'])


@pytest.mark.parametrize('policy', POLICIES)
def test_training_tells_its_artifact_and_finite_losses(life, policy):
    artifact, = life.trained[policy]['artifacts']
    assert artifact['folder'] == str(life.artifact(policy)) and artifact['seed'] == 0
    losses = [value for name, value in artifact.items() if name.endswith('_loss')]
    assert losses and all(math.isfinite(value) for value in losses)
    assert life.trained[policy]['dataset'] == life.collected['hash']


@pytest.mark.parametrize('policy', POLICIES)
def test_an_artifact_explains_itself(life, policy):
    folder = life.artifact(policy)
    names = {path.name for path in folder.iterdir()}
    assert {'manifest.json', 'weights.safetensors', 'model.onnx', 'card.md'} <= names
    assert not any(name.endswith(('.pt', '.pth', '.pkl', '.ckpt')) for name in names)
    card = (folder / 'card.md').read_text(encoding='utf-8')
    assert f'adapt train {policy}' in card and life.collected['hash'] in card


@pytest.mark.parametrize('policy', POLICIES)
def test_an_evaluation_has_all_its_fields(life, policy):
    result = life.evaluated[policy]
    assert {'success_rate', 'ci_low', 'ci_high', 'episodes', 'mean_steps',
            'episodes_per_second'} <= set(result)
    assert 0 <= result['ci_low'] <= result['success_rate'] <= result['ci_high'] <= 1
    assert [episode['seed'] for episode in result['per_episode']] == [1000, 1001]


def test_the_same_command_gives_the_same_numbers(life, adapt):
    again = adapt('eval', life.artifact('bc'), '--episodes', 2, '--noise-level', 1.25,
                  '--seed', 1000, '--jobs', 1, '--json', '-').json
    for key, value in life.evaluated['bc'].items():
        if 'second' not in key:
            assert again[key] == value, key


@pytest.mark.parametrize('policy', POLICIES)
def test_the_artifact_drives_a_runner(life, policy):
    opened = load_policy(life.artifact(policy))
    contract = load_contract('fetch_pick')
    check_contract(opened.manifest, contract)
    runner = PolicyRunner(opened, contract)
    assert (runner.monitor is not None) == (policy == 'dbc')
    runner.start()
    raw = {'gripper_position': np.zeros(3), 'object_position': np.zeros(3),
           'finger_position': np.zeros(2), 'goal_position': np.zeros(3),
           'object_rotation': np.array([0.0, 0, 0, 1])}
    decision = runner.tick(runner.layout.frame(0, raw))
    assert decision.stop is None
    assert {key: value.shape for key, value in decision.commands.items()} == {
        'gripper_velocity': (3,), 'gripper_command': (1,)}
    runner.judge()
    assert len(runner.likeness_scores) == (policy == 'dbc')
