"""The flat weights train as torch's own optimisers do."""

import pytest
import torch

from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.layers import MemberRandom
from adapt_learning.stacked.mlp import MLPConfig, StackedMLP
from adapt_learning.stacked.weights import StageWeights, learning_rate

X = torch.randn(1, 32, 5, generator=torch.Generator().manual_seed(0))
Y = X[..., :2].sin()


def network(seeds=(0, 1)):
    return StackedMLP(MLPConfig(width=12, depth=2, activation='tanh'), 5, 2,
                      MemberRandom(seeds, 'w'))


def losses(module):
    return (module(X) - Y).square().mean((1, 2))


def config(**settings):
    return OptimizationConfig(**{'steps': 40, 'warmup_steps': 3, 'ema_decay': 0.0, **settings})


@pytest.mark.parametrize('settings', [
    {'optimizer': 'adam'}, {'weight_decay': 0.1}, {'optimizer': 'adam', 'epsilon': 1e-12},
    {'decay': 'linear'}])
def test_equals_torch(settings):
    settings = config(**settings)
    flat, plain = network(), network()
    weights = StageWeights(flat, settings, torch.float32)
    kind = {'adam': torch.optim.Adam, 'adamw': torch.optim.AdamW}[settings.optimizer]
    optimizer = kind(plain.parameters(), eps=settings.epsilon,
                     weight_decay=settings.weight_decay)
    for step in range(20):
        weights.update(losses(flat))
        optimizer.zero_grad()
        losses(plain).sum().backward()
        optimizer.param_groups[0]['lr'] = learning_rate(settings, step)
        optimizer.step()
    weights.finish()
    for a, b in zip(flat.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-4)
        assert a.is_contiguous() and a.dtype == torch.float32


def test_gradient_is_clipped_per_member():
    module = network()
    weights = StageWeights(module, config(gradient_clip=1e-3), torch.float32)
    weights.update(losses(module) * torch.tensor([1.0, 1000.0]))
    norms = weights.master.grad.norm(dim=1)
    torch.testing.assert_close(norms, torch.full((2,), 1e-3), rtol=1e-2, atol=0)


def test_average_is_what_is_saved():
    module, settings = network(), config(ema_decay=0.9, steps=30, decay='constant')
    weights = StageWeights(module, settings, torch.float32)
    expected = weights.master.detach().clone()
    for step in range(30):
        weights.update(losses(module))
        expected.lerp_(weights.master.detach(), 1 - min(0.9, (1 + step) / (10 + step)))
    torch.testing.assert_close(weights.average, expected)
    before = [p.clone() for p in module.parameters()]
    with weights.showing():
        assert not torch.equal(next(module.parameters()), before[0])
    assert all(torch.equal(a, b) for a, b in zip(module.parameters(), before, strict=True))
    weights.finish()
    flat = torch.cat([p.detach().reshape(2, -1) for p in module.parameters()], 1)
    torch.testing.assert_close(flat, expected)


def test_bf16_trains_like_float32():
    results = []
    for dtype in (torch.float32, torch.bfloat16):
        module = network()
        weights = StageWeights(module, config(steps=300, learning_rate=3e-3, ema_decay=0.9),
                               dtype)
        for _ in range(300):
            weights.update(losses(module))
        weights.finish()
        assert next(module.parameters()).dtype == torch.float32
        results.append(losses(module).max().item())
    start = losses(network()).max().item()
    assert results[0] < 0.05 * start
    assert results[1] < results[0] + 0.01 * start


def test_best_weights_per_member():
    module = network()
    weights = StageWeights(module, config(), torch.float32)
    first = weights.master.detach().clone()
    weights.keep_best(torch.tensor([True, True]))
    weights.update(losses(module))
    second = weights.master.detach().clone()
    weights.keep_best(torch.tensor([False, True]))
    weights.update(losses(module))
    weights.finish()
    flat = torch.cat([p.detach().reshape(2, -1) for p in module.parameters()], 1)
    torch.testing.assert_close(flat, torch.stack([first[0], second[1]]))


def test_best_weights_of_a_member_are_those_of_all_its_networks():
    module = network((0, 1, 2, 3))
    weights = StageWeights(module, config(keep='best'), torch.float32)
    weights.keep_best(torch.tensor([True, True]))
    kept = weights.master.detach().clone()
    weights.update(losses(module))
    weights.keep_best(torch.tensor([False, True]))
    torch.testing.assert_close(weights.best[:2], kept[:2], rtol=0, atol=0)
    torch.testing.assert_close(weights.best[2:], weights.master.data[2:], rtol=0, atol=0)
    assert not torch.equal(weights.best[2:], kept[2:])


def test_every_network_draws_for_itself_and_the_first_as_a_member_alone():
    several = MemberRandom((5, 7), 'w', networks=3).normal(4)
    assert several.shape == (6, 4) and len({tuple(row.tolist()) for row in several}) == 6
    torch.testing.assert_close(several[::3], MemberRandom((5, 7), 'w').normal(4), rtol=0, atol=0)


def test_learning_rates():
    cosine = OptimizationConfig(steps=100, warmup_steps=10, learning_rate=1.0)
    assert learning_rate(cosine, 0) == pytest.approx(0.1)
    assert learning_rate(cosine, 9) == pytest.approx(1.0)
    assert learning_rate(cosine, 50) == pytest.approx(0.5)
    assert learning_rate(cosine, 99) < 0.001
    linear = OptimizationConfig(steps=100, warmup_steps=0, learning_rate=2.0, decay='linear')
    assert [learning_rate(linear, i) for i in (0, 25, 75)] == [2.0, 1.5, 0.5]
    constant = OptimizationConfig(steps=10, warmup_steps=0, learning_rate=3.0, decay='constant')
    assert learning_rate(constant, 9) == 3.0
