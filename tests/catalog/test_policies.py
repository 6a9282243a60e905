"""Every policy of the catalogue: made, trained a little, saved, opened. No policy is named here."""

import io
import json

import numpy as np
import pytest
import torch

from adapt_learning import catalog
from adapt_learning.data import load_dataset
from adapt_learning.evaluation.policy_controller import PolicyController
from adapt_learning.evaluation.rollout import rollout
from adapt_learning.policies.base import Normalizers
from adapt_learning.runtime import load_policy
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.trainers.presets import preset_names, resolve
from adapt_learning.trainers.train import TrainRequest, load_trained, train

pytestmark = pytest.mark.parametrize('name', catalog.names('policy'))
TASK = catalog.names('task')[0]

torch.set_num_threads(1)


@pytest.fixture
def pairs(demonstrations):
    """Return the raw pairs of the demonstrations as tensors."""
    return [torch.from_numpy(np.array(x)) for x in load_dataset(demonstrations(TASK)).pairs()]


@pytest.fixture
def policy(name, pairs, small):
    """Return the policy with the smallest configuration and two members."""
    kind = catalog.load('policy', name)
    config = from_values(kind.Config, with_overrides({}, small(name)))
    normalizers = Normalizers.fit(config.normalization, *(x.numpy() for x in pairs))
    return kind(config, pairs[0].shape[1], pairs[1].shape[1], normalizers, (0, 1))


def test_its_configuration_goes_through_plain_values(name):
    config = catalog.load('policy', name).Config()
    assert from_values(type(config), json.loads(json.dumps(to_values(config)))) == config


def test_it_has_presets_for_every_task(name):
    for task in catalog.names('task'):
        for preset in preset_names(task, name):
            resolve(catalog.load('policy', name).Config, task, name, preset, ())


def test_the_losses_of_its_stages_are_finite_and_can_be_learned_from(name, policy, pairs):
    batch = policy.prepare(*(x[:16] for x in pairs))
    for stage in policy.stages():
        stage.begin(torch.float32)
        with torch.no_grad():
            samples = stage.samples(batch)
        draws = {key: value[:, 0] for key, value in stage.draw(
            MemberRandom(policy.seeds, stage.name), 1, samples.count).items()}
        losses = stage.loss(samples, draws)
        assert losses['loss'].shape == (2,)
        assert all(torch.isfinite(loss).all() for loss in losses.values())
        losses['loss'].sum().backward()
        gradients = [p.grad for p in stage.module.parameters() if p.requires_grad]
        assert gradients and all(g is not None and torch.isfinite(g).all() for g in gradients)
        assert any((g != 0).any() for g in gradients)
        score = stage.score(batch)
        assert score.shape == (2,) and torch.isfinite(score).all()
        policy.zero_grad()


def test_it_acts_for_every_member_and_for_one(name, policy, pairs):
    observation, action = (x[:5] for x in pairs)
    with torch.no_grad():
        acted = policy.act_members(observation[None])
        assert acted.shape == (2, *action.shape) and torch.isfinite(acted).all()
        for k in range(2):
            torch.testing.assert_close(policy.member(k).act(observation), acted[k])
    with pytest.raises(ValueError, match='one member'):
        policy.act(observation)


def test_trained_by_the_real_trainer_it_is_saved_opened_and_drives(
        name, demonstrations, small, tasks, tmp_path):
    request = TrainRequest(
        name, TASK, demonstrations(TASK), tmp_path / 'model', '2026-01-01T00:00:00', (3,),
        preset_names(TASK, name)[0], (*small(name), 'run.threads=1'))
    result = train(request, ProgressReport(io.StringIO()))
    folder = result['artifacts'][0]['folder']

    opened, trained = load_policy(folder), load_trained(folder)
    assert opened.manifest.name == name and opened.manifest.seed == 3
    observation, action = (np.array(x[:20]) for x in load_dataset(demonstrations(TASK)).pairs())
    with torch.no_grad():
        expected = trained.act(torch.from_numpy(observation)).numpy()
    served = np.stack([opened.act(row) for row in observation])
    assert served.dtype == np.float32 and served.shape == action.shape
    alike = np.isclose(served, expected, rtol=1e-7, atol=1e-5).all(1)
    # What is chosen among candidates may now and then be another one, equally good.
    assert (~alike).sum() <= (1 if trained.chooses else 0)
    if trained.likeness() is not None:
        scores = [opened.likeness(*pair) for pair in zip(observation, action, strict=True)]
        assert np.isfinite(scores).all()

    task = tasks(TASK)
    done = rollout(task, PolicyController.load(folder, task), seed=0, noise_level=1.0)
    assert 1 <= done.steps <= task.spec_.max_steps and done.stop_text == ''
