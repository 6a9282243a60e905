"""The six losses of a decomposition against a computation by hand, in networks of a few numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from adapt_learning.generation.decgan import decomposition as module
from adapt_learning.generation.decgan.backbone import GaussianEncoder
from adapt_learning.generation.decgan.decomposition import (
    Decomposition,
    DecompositionConfig,
    DecompositionTraining,
)
from adapt_learning.generation.decgan.image_set import Pictures
from adapt_learning.stacked.config import OptimizationConfig

PIXELS, LATENT, CLASSES = 4, 3, 2
CODES = {'content': 1, 'attribute': 2}
IMAGES = np.array([[0.1, 0.5, 0.3, 0.9], [0.7, 0.2, 0.6, 0.4]])
NOISE = {1: np.array([[0.5], [-1.0]]), 2: np.array([[1.0, -0.5], [0.25, 2.0]])}
"""Of the codes of both pictures, by the size of the code."""
DRAWN = {1: np.array([[1.5], [-0.5]]), 2: np.array([[-2.0, 0.5], [1.0, 0.75]])}
"""Random codes, by their size."""
WEIGHTS = {'reconstruction': 2.0, 'content_kl': 0.3, 'attribute_kl': 0.5, 'guide': 0.7,
           'content': 1.1, 'attribute': 1.3}


def numbers(rows, columns, seed):
    """Return a matrix and a bias of one decimal."""
    random = np.random.default_rng(seed)
    return np.round(random.normal(size=(columns, rows)), 1), np.round(
        random.normal(size=columns), 1)


LAYERS = {
    'content.encoder': numbers(PIXELS, 2, 0), 'content.last': numbers(1, LATENT, 1),
    'attribute.encoder': numbers(PIXELS, 4, 2), 'attribute.last': numbers(2, LATENT, 3),
    'generator': numbers(LATENT, PIXELS, 4), 'classifier': numbers(PIXELS, CLASSES, 5)}


def fixed(name):
    """Return a layer with the numbers of its name."""
    weight, bias = LAYERS[name]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


class Backbone(nn.Module):
    """Pictures of 2 x 2 by one layer each way."""

    config = SimpleNamespace(latent=LATENT)

    def __init__(self):
        super().__init__()
        self.encoder = self.new_encoder(LATENT)
        self.generator = nn.Sequential(fixed('generator'), nn.Unflatten(1, (1, 2, 2)))

    def new_encoder(self, code):
        return GaussianEncoder(nn.Flatten(), PIXELS, code)


@pytest.fixture
def training(monkeypatch):
    """Return a training in which nothing is left to chance."""
    monkeypatch.setattr(module, 'sample', lambda mean, log_variance, random: (
        mean + (0.5 * log_variance).exp() * torch.from_numpy(NOISE[mean.shape[1]]).float()))
    monkeypatch.setattr(torch, 'randn', lambda count, code, generator: torch.from_numpy(
        DRAWN[code]).float())
    backbone = Backbone()
    config = DecompositionConfig(
        OptimizationConfig(steps=1, batch=2, precision='float32'), *CODES.values(),
        **{f'{name}_weight': value for name, value in WEIGHTS.items()})
    parts = Decomposition(backbone, config, CLASSES)
    for name in CODES:
        getattr(parts, name).encoder.head = fixed(f'{name}.encoder')
        getattr(parts, name).last = fixed(f'{name}.last')
    classifier = nn.Sequential(nn.Flatten(), fixed('classifier'))
    # Not drawn from: pictures of 2 x 2 are given below.
    pictures = Pictures(np.zeros((2, 16, 16, 1), np.uint8), {'side': np.array([0, 1])})
    made = DecompositionTraining(parts, backbone, classifier, pictures, config)
    images = torch.from_numpy(IMAGES).float().view(2, 1, 2, 2)
    monkeypatch.setattr(made.batches, 'draw', lambda random: (images, None))
    return made


def layer(name, x):
    weight, bias = LAYERS[name]
    return x @ weight.T + bias


def by_hand():
    """Return the equations as they stand in the text (2.1 to 2.6), by name."""
    def encoded(name, x):
        mean, log_variance = np.split(layer(f'{name}.encoder', x), 2, axis=1)
        return mean, np.clip(log_variance, -10, 10)

    def kl(mean, log_variance):
        return np.mean(np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, 1) / 2)

    codes = {name: encoded(name, IMAGES) for name in CODES}
    z, random = {}, {}
    for name, size in CODES.items():
        mean, log_variance = codes[name]
        z[name] = layer(f'{name}.last', mean + np.exp(log_variance / 2) * NOISE[size])
        random[name] = layer(f'{name}.last', DRAWN[size])
    rebuilt = layer('generator', z['content'] + z['attribute'])
    other_content = layer('generator', random['content'] + z['attribute'])
    other_attribute = layer('generator', z['content'] + random['attribute'])
    found = {
        name: layer(f'{name}.last', encoded(name, image)[0])
        for name, image in (('content', other_attribute), ('attribute', other_content))}
    return {
        'reconstruction': np.abs(rebuilt - IMAGES).mean(),
        'content_kl': kl(*codes['content']), 'attribute_kl': kl(*codes['attribute']),
        'guide': np.abs(layer('classifier', IMAGES)
                        - layer('classifier', other_content)).mean(),
        'content': np.abs(found['content'] - z['content']).mean(),
        'attribute': np.abs(found['attribute'] - z['attribute']).mean()}


@pytest.mark.parametrize('name', WEIGHTS)
def test_a_loss_is_that_of_its_equation(training, name):
    _, told = training.losses()
    assert told[name].item() == pytest.approx(by_hand()[name], rel=1e-4)


def test_what_is_minimised_is_the_weighted_sum_of_all_six(training):
    total, told = training.losses()
    assert told.keys() == WEIGHTS.keys()
    assert total.item() == pytest.approx(
        sum(weight * by_hand()[name] for name, weight in WEIGHTS.items()), rel=1e-4)


def test_the_numbers_tell_the_equations_apart():
    """Otherwise a loss could stand in the place of another one."""
    values = sorted(by_hand().values())
    assert min(np.diff(values)) > 0.01 * values[-1] / len(values) and values[0] > 0.05
