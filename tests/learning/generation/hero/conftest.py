"""A tiny random pipeline in diffusers' format, and settings that make a run a matter of seconds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_pipeline import tiny_pipeline

from adapt_learning.generation.hero.config import preset
from adapt_learning.generation.hero.feedback import Feedback

torch.set_num_threads(1)


@pytest.fixture(scope='session')
def pipeline(tmp_path_factory):
    """Return the folder of a pipeline with latents of 4 x 8 x 8."""
    return tiny_pipeline(tmp_path_factory.mktemp('pipeline') / 'tiny')


@pytest.fixture(scope='session')
def tiny():
    """Return settings: 2 rounds of 8 pictures in 4 steps."""
    cpu = preset('cpu')
    return replace(
        cpu, rounds=2, pictures=8, sampling=replace(cpu.sampling, steps=4),
        embedding=replace(cpu.embedding, updates=5, width=16, head=(8,), batch=16),
        ddpo=replace(cpu.ddpo, steps=2, pictures=4, passes=1, at_once=40),
        d3po=replace(cpu.d3po, steps=2),
        supervised=replace(cpu.supervised, updates=3, batch=4))


@pytest.fixture(scope='session')
def reddest():
    """Return an evaluator: the three reddest pictures are good, the first of them is best."""

    def judge(asked):
        red = asked.pictures[..., 0].mean((1, 2)) - asked.pictures[..., 2].mean((1, 2))
        order = np.argsort(-red)
        return Feedback(asked.number, tuple(sorted(order[:3].tolist())), int(order[0]))

    return judge
