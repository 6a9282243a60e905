"""Efficiency: who takes turns with whom, and sampling as published."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from adapt_learning.benchmarks.efficiency import (
    AS_PUBLISHED,
    DBC,
    IN_TORCH,
    Efficiency,
    measure,
)
from adapt_learning.benchmarks.efficiency_page import PUBLISHED_RATIO, write_page
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.benchmarks.table_3_2 import METHODS, Table32
from adapt_learning.benchmarks.torch_policies import AncestralPolicy
from adapt_learning.data import Normalizer
from adapt_learning.diffusion.denoiser import DenoiserConfig
from adapt_learning.diffusion.schedules import ScheduleConfig, make_scheduler
from adapt_learning.policies.base import Normalizers
from adapt_learning.policies.diffusion_policy import DiffusionPolicy, DiffusionPolicyConfig

NETWORK = ('network.width=8', 'network.depth=1', 'optimization.steps=20', 'optimization.batch=8',
           'optimization.warmup_steps=1')
TABLE = Table32(
    ('maze',), (0,), demonstrations={'maze': 3}, overrides=(
        ('diffusion_policy', (*NETWORK, 'schedule.steps=20', 'inference_steps=1')),
        ('dbc', (*NETWORK, 'diffusion.network.width=8', 'diffusion.network.depth=1',
                 'diffusion.schedule.steps=10', 'diffusion.optimization.steps=20',
                 'diffusion.optimization.batch=8', 'diffusion.optimization.warmup_steps=1',
                 'likeness.draws=2'))))


class Manifest:
    """As much of a manifest as a policy in PyTorch needs."""

    name = 'diffusion_policy'


def test_ancestral_steps_are_those_of_the_scheduler():
    schedule = ScheduleConfig(kind='linear', steps=20)
    config = DiffusionPolicyConfig(schedule=schedule, network=DenoiserConfig(width=8, depth=1),
                                   inference_steps=5, action_limit=1e6, action_reach=1e6)
    normalizers = Normalizers(Normalizer.identity(3, 10.0), Normalizer.identity(2, 10.0))
    policy = DiffusionPolicy(config, 3, 2, normalizers, (0,)).eval()
    observation = np.array([0.1, -0.2, 0.3], np.float32)
    action = AncestralPolicy(policy, Manifest, seed=7).act(observation)
    random, scheduler = torch.Generator().manual_seed(7), make_scheduler(schedule, 'ddpm')
    scheduler.register_to_config(clip_sample=True, clip_sample_range=10.0)  # the box of actions
    condition = torch.from_numpy(observation)[None, None]
    levels = torch.arange(20)[None]
    with torch.no_grad():
        x = torch.randn(1, 2, generator=random)
        for t in reversed(range(20)):
            noise = policy.denoiser(torch.cat([x[None], condition], -1),
                                    policy.denoiser.embed(levels)[:, t:t + 1])
            x = scheduler.step(noise[0], t, x, generator=random).prev_sample
    assert action == pytest.approx(x[0].numpy(), abs=1e-4)


def test_measured_in_turns_and_written(tmp_path):
    place = Workplace(tmp_path / 'table-3.2', tmp_path / 'cache')
    efficiency = Efficiency(2, 5, TABLE, (DBC, IN_TORCH, AS_PUBLISHED))
    assert len(efficiency.jobs()) == 2
    run_jobs(efficiency.jobs(), place, 1)
    result = measure(efficiency, place)
    dbc, in_torch, published = result['contenders']
    # The same network in the same episodes, whoever computes it.
    assert dbc['mean_steps'] == in_torch['mean_steps'] and dbc['latency_ms']['median'] > 0
    ratio = result['ratios'][AS_PUBLISHED.title]
    assert result['ratios']['DBC']['steps'] == 1.0 and ratio['latency'] > 5
    assert ratio['steps_interval'][0] <= ratio['steps'] <= ratio['steps_interval'][1]
    assert published['published_episodes_per_second'] == 1.38
    text = write_page(result, tmp_path).read_text()
    assert 'dissertation 22.3' in text and f'{PUBLISHED_RATIO:.1f}' == '22.3'
    assert json.loads((tmp_path / 'efficiency.json').read_text())['episodes'] == 2
    assert str(tmp_path) not in text


def test_the_trainings_are_those_of_the_table():
    efficiency = Efficiency(table=replace(TABLE, overrides=()))
    shared = {Table32(('maze',), (0,), demonstrations={'maze': 3}).training(method, 'maze')
              for method in METHODS}
    assert len(shared & set(efficiency.jobs())) == len(METHODS)
