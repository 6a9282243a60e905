"""A plain training loop takes the optimiser it is told, and refuses what it has no use for."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.training import Training

SETTINGS = OptimizationConfig(steps=30, warmup_steps=0, decay='constant', learning_rate=0.02,
                              weight_decay=0.3, epsilon=1e-6)
X = torch.randn(16, 3, generator=torch.Generator().manual_seed(0))


class Fit(Training):
    """Fits a line."""

    def __init__(self, settings):
        torch.manual_seed(0)
        super().__init__(nn.Linear(3, 1), settings, 0)

    def losses(self):
        loss = (self.module(X) - X.sum(1, keepdim=True)).square().mean()
        return loss, {'line': loss}


class Averaging(Fit):
    """Keeps an average of its own."""

    averages = True


@pytest.mark.parametrize(('name', 'kind'), [('adam', torch.optim.Adam),
                                            ('adamw', torch.optim.AdamW)])
def test_the_optimiser_is_the_one_that_is_named(name, kind):
    training, plain = Fit(replace(SETTINGS, optimizer=name)), Fit(SETTINGS)
    optimizer = kind(plain.module.parameters(), lr=0.02, weight_decay=0.3, eps=1e-6)
    for _ in range(10):
        training.update()
        optimizer.zero_grad()
        plain.losses()[0].backward()
        optimizer.step()
    for x, y in zip(training.module.parameters(), plain.module.parameters(), strict=True):
        assert torch.equal(x, y)


def test_adam_and_adamw_differ_by_the_decay():
    ends = []
    for name in ('adam', 'adamw'):
        training = Fit(replace(SETTINGS, optimizer=name))
        for _ in range(10):
            training.update()
        ends.append(training.module.weight.detach())
    assert not torch.allclose(*ends, atol=1e-3)


def test_adam_goes_on_where_it_stopped():
    settings = replace(SETTINGS, optimizer='adam')
    whole, first, second = Fit(settings), Fit(settings), Fit(settings)
    for _ in range(6):
        whole.update()
    for _ in range(3):
        first.update()
    second.restore(first.checkpoint())
    for _ in range(3):
        second.update()
    assert torch.equal(whole.module.weight, second.module.weight)


@pytest.mark.parametrize(('change', 'words'), [
    ({'precision': 'bf16'}, 'computes in float32: a.b.precision is float32 or auto; got bf16'),
    ({'ema_decay': 0.9}, 'no average: a.b.ema_decay is 0.0 or 0.999; got 0.9'),
    ({'keep': 'best'}, 'last weights: a.b.keep is last; got best'),
    ({'keep': 'best', 'patience': 2}, 'a.b.keep'),
    ({'validate_every': 10}, 'validates nothing: a.b.validate_every is 500; got 10')])
def test_what_would_do_nothing_is_refused(change, words):
    settings = replace(SETTINGS, **change)
    with pytest.raises(SettingError, match=words):
        Training.check(settings, 'a.b')
    with pytest.raises(SettingError, match='leave it out'):
        Fit(settings)


def test_what_is_true_is_taken():
    for change in ({}, {'ema_decay': 0.0}, {'precision': 'float32'}):
        Fit(replace(SETTINGS, **change))
    Averaging(replace(SETTINGS, ema_decay=0.9))
