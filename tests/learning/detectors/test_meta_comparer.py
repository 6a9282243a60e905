"""The meta-comparer: its parts against their definitions, and that it learns to compare."""

import dataclasses

import numpy as np
import pytest
import torch

from adapt_learning.detectors.bifpn import BiFPN
from adapt_learning.detectors.comparer import Comparer
from adapt_learning.detectors.domains import domain_maps
from adapt_learning.detectors.meta_comparer import MetaComparer, MetaComparerConfig
from adapt_learning.detectors.meta_training import (
    MetaTraining,
    MetaTrainingConfig,
)
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.short_training import one_thread

SMALL = MetaComparerConfig(width=16, layers=1, latent=8, hidden=16, skip=0)


def surface(seed, count=24):
    """Return pictures of a noisy surface of its own colour and grain; half have a spot."""
    random = np.random.default_rng(seed)
    colour, grain = random.uniform(60, 190, 3), random.uniform(3, 12)
    pictures, abnormal = [], []
    for i in range(count):
        picture = colour + random.normal(0, grain, (64, 64, 3))
        if i % 2:
            row, column = random.integers(4, 44, 2)
            picture[row:row + 14, column:column + 14] += random.choice([-45, 45])
        pictures.append(picture.clip(0, 255).astype(np.uint8))
        abnormal.append(bool(i % 2))
    return pictures, abnormal


def maps(backbone, seed, **changes):
    return domain_maps(f'surface_{seed}', backbone, *surface(seed, **changes))


def train(made, domains, config, seed=0):
    """Make all updates; return the losses of each."""
    training = MetaTraining(made, domains, config, seed)
    with one_thread():
        return [training.update() for _ in range(config.optimization.steps)]


def detector(backbone, **changes):
    torch.manual_seed(0)
    return MetaComparer(backbone, dataclasses.replace(SMALL, **changes), input_px=64)


@pytest.mark.parametrize('levels', [2, 3, 4])
def test_bifpn_joins_all_levels_and_keeps_their_sizes(levels):
    torch.manual_seed(0)
    channels = (5, 7, 9, 11)[:levels]
    neck = BiFPN(channels, width=6, layers=2)
    inputs = [torch.randn(2, c, 32 >> i, 32 >> i, requires_grad=True)
              for i, c in enumerate(channels)]
    outputs = neck(inputs)
    assert [x.shape for x in outputs] == [(2, 6, 32 >> i, 32 >> i) for i in range(levels)]
    for output in outputs:
        reached = torch.autograd.grad(output.sum(), inputs, retain_graph=True)
        assert all(gradient.abs().sum() > 0 for gradient in reached)


@pytest.mark.parametrize('mode, neighbors', [('max', 1), ('nearest', 3)])
def test_scores_are_those_of_the_mlp_on_pairs(mode, neighbors):
    torch.manual_seed(0)
    comparer = Comparer(6, latent=4, hidden=5)
    query, reference = torch.randn(7, 6), torch.randn(9, 6)
    attention = comparer.attention(query, reference)
    assert attention.shape == (7, 9) and 0 <= attention.min() and attention.max() <= 1
    weight = torch.cat([comparer.query.weight, comparer.reference.weight,
                        comparer.difference.weight], dim=1)
    for j in range(7):
        pairs = torch.cat([query[j].expand(9, -1), reference, (query[j] - reference).abs()], dim=1)
        each = comparer.judge(pairs @ weight.T + comparer.query.bias)[:, 0]
        if mode == 'nearest':
            each = each[attention[j].topk(neighbors).indices]
        expected = each.max() if mode == 'max' else each.min()
        got = comparer.scores(query, reference, attention, mode, neighbors)[j]
        torch.testing.assert_close(got, expected)


def test_patches_levels_and_maps_fit(backbone, pictures):
    made = detector(backbone)
    patches = made.patches(pictures)
    assert [x.shape for x in patches] == [(10, level.grid ** 2, level.size)
                                          for level in made.levels]
    with torch.no_grad():
        values, score = made.judge(pictures[:1], [x.flatten(0, 1) for x in patches])
    assert values.shape == (16, 16) and values.max() == score and 0 <= values.min() <= score <= 1
    coarse = detector(backbone, skip=1)
    assert [level.grid for level in coarse.levels] == [8]


def test_it_learns_to_compare_and_knows_what_is_odd_on_a_surface_it_never_saw(backbone):
    made = detector(backbone)
    # With six surfaces it learns them by heart, with many it learns to compare.
    domains = [maps(backbone, seed, count=12) for seed in range(24)]
    config = MetaTrainingConfig(
        OptimizationConfig(steps=300, learning_rate=1e-2, warmup_steps=10, gradient_clip=1.0,
                           precision='float32'),
        reference_patches=64, ranking_pairs=32)
    told = train(made, domains, config)
    first, last = (np.mean([one['classification'] for one in part])
                   for part in (told[:20], told[-20:]))
    assert last < 0.6 * first
    new = maps(backbone, 99)
    with torch.no_grad():
        patches = made.patches_of(new.some(torch.arange(24)))
        banks = [level[0:8:2].flatten(0, 1) for level in patches]
        scores = torch.stack([
            torch.stack([x.amax() for x in made.odd([level[i] for level in patches], banks)]).amax()
            for i in range(8, 24)])
    good, bad = scores[0::2], scores[1::2]
    assert (bad[:, None] > good).float().mean() > 0.9


def test_the_backbone_stays_as_it_is_and_the_same_seed_gives_the_same_weights(backbone):
    before = {name: x.clone() for name, x in backbone.state_dict().items()}
    config = MetaTrainingConfig(OptimizationConfig(steps=3, warmup_steps=0, precision='float32'))
    domains = [maps(backbone, seed, count=6) for seed in range(2)]
    first, second, other = detector(backbone), detector(backbone), detector(backbone)
    train(first, domains, config)
    train(second, domains, config)
    train(other, domains, config, seed=1)
    for name, x in backbone.state_dict().items():
        assert torch.equal(x, before[name])
    for one, two in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, two)
    assert any(not torch.equal(one, two) for one, two in zip(
        first.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize('mode', ['max', 'nearest'])
def test_an_episode_takes_references_and_queries_of_one_surface(backbone, mode, monkeypatch):
    made = detector(backbone, mode=mode)
    config = MetaTrainingConfig(queries=4, references=2, reference_patches=16, ranking_pairs=8)
    training = MetaTraining(made, [numbered(maps(backbone, 0, count=8), 100 * k)
                                   for k in (1, 2)], config)
    seen, comparer, surfaces = {}, made.comparers[0], set()

    def patches_of(levels, real=made.patches_of):
        seen['pictures'] = [level[:, 0, 0, 0].int().tolist() for level in levels]
        seen['patches'] = real(levels)[0]
        return real(levels)

    def attention(query, reference, real=comparer.attention):
        seen['query'], seen['reference'] = query, reference
        return real(query, reference)

    monkeypatch.setattr(made, 'patches_of', patches_of)
    monkeypatch.setattr(comparer, 'attention', attention)
    for _ in range(12):
        _, parts = training.losses()
        assert parts.keys() == {'classification', 'attention', 'ranking'}
        assert all(torch.isfinite(value) and value >= 0 for value in parts.values())
        pictures = seen['pictures'][0]
        assert all(level == pictures for level in seen['pictures'])
        # No picture is query and reference, and none is of the other surface.
        (surface_seen,) = {number // 100 for number in pictures}
        surfaces.add(surface_seen)
        assert len(set(pictures)) == len(pictures) == config.references + config.queries
        assert [number % 2 for number in pictures] == [0, 0, 0, 0, 1, 1]  # odd ones are abnormal
        # What is compared: the last pictures with patches of the first ones alone.
        torch.testing.assert_close(seen['query'], seen['patches'][config.references:])
        own = seen['patches'][:config.references].flatten(0, 1)
        assert (seen['reference'][:, None] == own).all(-1).any(1).all()
    assert surfaces == {1, 2}


def numbered(domain, first):
    """Return the domain with the number of each picture, from `first` up, in its maps' corners."""
    changed = [x.clone() for x in domain.maps]
    for level in changed:
        level[:, 0, 0, 0] = torch.arange(first, first + len(level))
    return dataclasses.replace(domain, maps=changed)


@pytest.mark.parametrize('labels', [[True] * 6, [False] * 6, [False] + [True] * 5])
def test_a_surface_needs_good_and_abnormal_pictures(backbone, labels):
    with pytest.raises(DatasetError, match='two good and one abnormal'):
        domain_maps('wood', backbone, surface(0, count=6)[0], labels)


@pytest.mark.parametrize('kind, settings, word', [
    (MetaComparerConfig, {'mode': 'min'}, 'max, nearest'),
    (MetaComparerConfig, {'width': 0}, 'at least 1'),
    (MetaTrainingConfig, {'queries': 1}, 'at least 2'),
    (MetaTrainingConfig, {'ranking_scale': -1.0}, 'not negative')])
def test_bad_settings_say_what_is_allowed(kind, settings, word):
    with pytest.raises(SettingError, match=word):
        kind(**settings)


def test_what_cannot_be_trained_is_said(backbone):
    with pytest.raises(SettingError, match='at least one surface'):
        train(detector(backbone), [], MetaTrainingConfig())
    with pytest.raises(SettingError, match='skip'):
        MetaComparer(backbone, dataclasses.replace(SMALL, skip=2), input_px=64)
