"""Speed of training: the plain loop learns the same thing, and the numbers are what they say."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from adapt_learning.benchmarks import training_speed
from adapt_learning.benchmarks.plain_dbc import PlainDbc
from adapt_learning.policies.base import Normalizers
from adapt_learning.policies.dbc import (
    DiffusionBehavioralCloning,
    DiffusionBehavioralCloningConfig,
)
from adapt_learning.stacked.config import from_values

TINY = ('network.width=16', 'network.depth=2', 'optimization.batch=16',
        'diffusion.network.width=16', 'diffusion.network.depth=2', 'diffusion.schedule.steps=10',
        'diffusion.optimization.batch=16', 'optimization.steps=64',
        'diffusion.optimization.steps=64')
SMALL = {'network': {'width': 32, 'depth': 2}, 'lambda_dm': 0.1,
         'optimization': {'steps': 400, 'batch': 32, 'learning_rate': 3e-3},
         'diffusion': {'schedule': {'steps': 50}, 'network': {'width': 32, 'depth': 2},
                       'optimization': {'steps': 400, 'batch': 32, 'learning_rate': 3e-3}}}


def pairs(count=500):
    rng = np.random.default_rng(0)
    observation = rng.normal(size=(count, 3)).astype(np.float32)
    action = np.stack([np.tanh(observation[:, 0]), observation[:, 1] * 0.5], axis=1)
    return torch.from_numpy(observation), torch.from_numpy(action.astype(np.float32))


@torch.no_grad()
def error(plain):
    observation, action = pairs()
    return float((plain.policy(observation) - action).square().mean())


@pytest.mark.parametrize('embedding', ['table', 'sinusoidal'])
def test_the_plain_loop_learns_what_ours_learns(embedding):
    config = from_values(DiffusionBehavioralCloningConfig, SMALL)
    config = replace(config, diffusion=replace(config.diffusion, network=replace(
        config.diffusion.network, embedding=embedding)))
    plain = PlainDbc(config, *pairs(), seed=0)
    before = error(plain)
    plain.train_diffusion()
    plain.train_policy()
    assert error(plain) < 0.1 * before


def test_the_plain_networks_have_the_sizes_of_ours():
    config = from_values(DiffusionBehavioralCloningConfig, SMALL)
    plain = PlainDbc(config, *pairs(8), seed=0)
    normalizers = Normalizers.fit(config.normalization, *(x.numpy() for x in pairs(8)))
    ours = DiffusionBehavioralCloning(config, 3, 2, normalizers, (0,))

    def matrices(module, rows):
        return sorted(p[0].numel() if rows else p.numel() for p in module.parameters()
                      if p.dim() >= 2 + rows and p.shape[-2] > 1)
    assert matrices(plain.policy, 0) == matrices(ours.network, 1)
    # The embeddings of all layers are one table in ours.
    assert sum(matrices(plain.denoiser, 0)) == sum(matrices(ours.denoiser, 1))


def test_operations_are_those_of_the_matmuls():
    """Counted by torch's own counter, forwards and backwards, for a batch of one."""
    from torch.utils.flop_counter import FlopCounterMode
    config = from_values(DiffusionBehavioralCloningConfig, {
        **SMALL, 'optimization': {'batch': 32}, 'diffusion': {
            **SMALL['diffusion'], 'network': {'width': 32, 'depth': 2, 'embedding': 'table'}}})
    plain = PlainDbc(config, *pairs(64), seed=0)
    with FlopCounterMode(display=False) as counter:
        plain.train_diffusion(1)
        plain.train_policy(1)
    # The gradient that reaches the diffusion model's input goes on to the action only.
    counted = counter.get_total_flops() / 2 / 32
    assert training_speed.flops_per_pair(config, 3, 2) == pytest.approx(counted, rel=0.02)


def test_a_small_run_from_measurement_to_page(place):
    place.cache.mkdir()
    place.results.mkdir()
    said = []
    sizes = (training_speed.Sizes('tiny', 'cpu', TINY),)
    result = training_speed.measure(place, 64, 1, 1, 1, sizes, said.append, demonstrations=6)
    assert len(said) == training_speed.parts(1, 1, sizes)
    row = result['rows'][0]
    assert all(0 <= share < 1 for share in row['share_of_peak'].values())
    speed = row['pairs_per_s']
    assert row['single_to_plain']['median'] == pytest.approx(speed['single'] / speed['plain'],
                                                             rel=0.02)
    assert set(result['success']) >= {'plain', 'float32', 'auto'}
    text = training_speed.write(result, place.results).read_text()
    assert '| tiny |' in text and '| plain loop |' in text
