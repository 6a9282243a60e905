"""Updates move the model where the equations say; memory does not change them."""

from dataclasses import replace

import pytest
import torch

from adapt_learning.generation.hero.d3po import D3po, D3poConfig
from adapt_learning.generation.hero.ddpo import Ddpo, DdpoConfig
from adapt_learning.generation.hero.latent_model import load_model
from adapt_learning.generation.hero.lora import LoraConfig, add_lora
from adapt_learning.generation.hero.sampling import SamplingConfig, sample
from adapt_learning.generation.hero.supervised import Supervised, SupervisedConfig

SAMPLING = SamplingConfig(steps=4, at_once=8)
LABELS = torch.tensor([True, False, True, False])


class Setting:
    """A fresh model with LoRA weights, and four trajectories of it."""

    def __init__(self, pipeline):
        self.model = load_model(pipeline)
        self.weights = add_lora(self.model, LoraConfig(rank=8), 0)
        self.prompt = self.model.encode('a red circle')
        noises = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(0))
        self.ways = sample(self.model, self.prompt, noises, SAMPLING,
                           torch.Generator().manual_seed(1))

    @torch.no_grad()
    def log_probabilities(self, updates):
        """Return log p of every step under the weights now, [4, 4]."""
        picture, step = torch.meshgrid(torch.arange(4), torch.arange(4), indexing='ij')
        updates._of = (self.ways, self.prompt)
        return updates.log_probability(picture.flatten(), step.flatten()).view(4, 4)


@pytest.fixture
def setting(pipeline):
    """Return a new setting."""
    return Setting(pipeline)


def ddpo(setting, **changes):
    return Ddpo(setting.model, setting.weights, SAMPLING, replace(
        DdpoConfig(learning_rate=1e-2, steps=4, pictures=4, at_once=16), **changes), 0)


def test_before_any_update_the_ratio_is_one(setting):
    updates = ddpo(setting)
    torch.testing.assert_close(setting.log_probabilities(updates),
                               setting.ways.log_probabilities, rtol=0, atol=2e-5)


def test_ddpo_makes_what_was_rewarded_more_likely(setting):
    updates = ddpo(setting, passes=10, clip=0.2)
    before = setting.log_probabilities(updates)
    told = updates.learn(setting.ways, torch.where(LABELS, 1.0, -1.0), setting.prompt)
    change = (setting.log_probabilities(updates) - before).mean(1)
    assert change[LABELS].min() > change[~LABELS].max()
    assert updates.step == 10 and told['ratio_away'] > 0


def test_the_first_gradient_is_that_of_eq_2_8(setting):
    """At ratio 1 it is the gradient of advantage times log p."""
    updates = ddpo(setting, gradient_clip=0.0)
    advantage = torch.tensor([1.0, -2.0, 0.5, 0.0])
    updates.learn(setting.ways, advantage, setting.prompt)
    kept = [x.grad.clone() for x in setting.weights]
    with torch.no_grad():  # the weights as they were before
        for x, y in zip(setting.weights, add_lora_again(setting), strict=True):
            x.copy_(y)
    for x in setting.weights:
        x.grad = None
    picture, step = torch.meshgrid(torch.arange(4), torch.arange(4), indexing='ij')
    log = updates.log_probability(picture.flatten(), step.flatten()).view(4, 4)
    (-(advantage[:, None] * log).mean()).backward()
    for x, gradient in zip(setting.weights, kept, strict=True):
        torch.testing.assert_close(x.grad, gradient, rtol=1e-2, atol=1e-5)


def test_adam_decays_in_the_gradient(pipeline):
    """Without advantages nothing but the decay moves: by a step of Adam, or by its share."""
    moved = {}
    for name in ('adam', 'adamw'):
        setting = Setting(pipeline)
        before = [x.detach().clone() for x in setting.weights]
        ddpo(setting, optimizer=name, weight_decay=0.5).learn(
            setting.ways, torch.zeros(4), setting.prompt)
        moved[name] = torch.cat([(x.detach() - y).flatten()[y.flatten() != 0]
                                 for x, y in zip(setting.weights, before, strict=True)])
    assert moved['adam'].abs().median() == pytest.approx(1e-2, rel=1e-2)
    assert moved['adamw'].abs().max() < 1e-2 * 0.5 * 2


def add_lora_again(setting):
    """Return the first weights of the same seed."""
    return add_lora(load_model(setting.model.source), LoraConfig(rank=8), 0)


def test_the_size_of_parts_changes_no_gradient(pipeline):
    gradients = []
    for at_once in (3, 16):
        setting = Setting(pipeline)
        ddpo(setting, at_once=at_once, gradient_clip=0.0).learn(
            setting.ways, torch.where(LABELS, 1.0, -1.0), setting.prompt)
        gradients.append(torch.cat([x.grad.flatten() for x in setting.weights]))
    assert (gradients[0] - gradients[1]).norm() < 1e-3 * gradients[0].norm()


@pytest.mark.parametrize(('advantage', 'shift', 'moves'), [
    (1.0, 1.0, False), (-1.0, 1.0, True), (1.0, -1.0, True), (-1.0, -1.0, False)])
def test_the_clip_ends_the_gradient(setting, advantage, shift, moves):
    """Far from the old model in the direction of the reward nothing is gained; back, it is."""
    updates = ddpo(setting)
    ways = replace(setting.ways, log_probabilities=setting.ways.log_probabilities - shift)
    updates.learn(ways, torch.full((4,), advantage), setting.prompt)
    assert any(x.grad.abs().max() > 0 for x in setting.weights) == moves


def test_d3po_prefers_good_over_bad(setting):
    updates = D3po(setting.model, setting.weights, SAMPLING, D3poConfig(
        learning_rate=1e-2, steps=4, pairs=2, beta=10.0, at_once=8), 0)
    before = setting.log_probabilities(updates)
    told = [updates.learn(setting.ways, LABELS, setting.prompt) for _ in range(5)]
    change = (setting.log_probabilities(updates) - before).mean(1)
    assert change[LABELS].mean() > change[~LABELS].mean()
    assert told[0]['preference'] == pytest.approx(0.693, abs=0.05)
    assert told[-1]['preference'] < told[0]['preference']


def test_d3po_with_one_label_only_makes_no_update(setting):
    updates = D3po(setting.model, setting.weights, SAMPLING, D3poConfig(), 0)
    assert updates.learn(setting.ways, torch.ones(4, dtype=torch.bool), setting.prompt) == {}
    assert updates.step == 0


def test_supervised_learns_pictures_by_heart(setting):
    updates = Supervised(setting.model, setting.weights, SupervisedConfig(
        learning_rate=1e-2, updates=15, batch=4), 0)
    first = updates.learn(setting.ways.final[:1], setting.prompt)['denoising']
    assert updates.learn(setting.ways.final[:1], setting.prompt)['denoising'] < first
