"""The parts of HERO against their equations."""

from dataclasses import replace

import pytest
import torch

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.config import PRESETS, HeroConfig, preset
from adapt_learning.generation.hero.embedding import (
    Embedding,
    EmbeddingConfig,
    EmbeddingTraining,
    triplet_loss,
)
from adapt_learning.generation.hero.rewards import REWARDS, Liked, advantages
from adapt_learning.generation.hero.start_noise import Collected, StartConfig, draw_noises
from adapt_learning.stacked.config import from_values, to_values

SHAPE = (4, 8, 8)
SMALL = EmbeddingConfig(width=16, head=(8,), updates=60, learning_rate=3e-3, batch=64)


def random(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(config, collected, count=4000):
    return draw_noises(config, collected, count, (1, 1, 1), random())


def single(*values):
    return torch.tensor(values).view(-1, 1, 1, 1)


@pytest.fixture
def collected():
    """Return a best noise at 10 and good ones at -10 and 30."""
    return Collected(single(10.)[0], single(0.)[0], single(-10., 30.))


def test_the_mixture_has_the_shares_and_the_spread_of_eq_2_11(collected):
    noises, text = drawn(StartConfig(best_share=0.3, variance=0.04), collected)
    x = noises.flatten()
    near = {centre: x[(x - centre).abs() < 5] for centre in (10, -10, 30)}
    assert len(near[10]) == 1200 and sum(map(len, near.values())) == 4000
    assert abs(len(near[-10]) - 1400) < 100
    for centre, values in near.items():
        assert values.mean() == pytest.approx(centre, abs=0.02)
        assert values.std() == pytest.approx(0.2, abs=0.02)
    assert text == ('1200 from around the noise of the best picture and 2800 from around those of '
                    '2 good ones')


def test_shrunk_noises_keep_their_variance():
    before = torch.randn(1, 4, 64, 64, generator=random(1))
    start = Collected(before[0], before[0], before)
    for kind, variance in (('shrunk', 1.0), ('around', 1.5)):
        noises, _ = draw_noises(StartConfig(kind, 1.0, 0.5), start, 8, (4, 64, 64), random())
        assert noises.var() == pytest.approx(variance, rel=0.05)


def test_a_share_of_zero_counts_the_best_among_the_good_ones(collected):
    x = drawn(StartConfig(best_share=0.0, variance=0.01), collected)[0].flatten()
    for centre in (10, -10, 30):
        assert abs(int(((x - centre).abs() < 5).sum()) - 1333) < 120


@pytest.mark.parametrize(('config', 'given'), [
    (StartConfig('plain'), Collected(single(9.)[0], single(9.)[0], single(9.))),
    (StartConfig(), Collected())])
def test_plain_noise_where_asked_or_where_nothing_is_there(config, given):
    noises, text = drawn(config, given)
    assert noises.mean() == pytest.approx(0, abs=0.1) and text == '4000 from plain noise'


@pytest.mark.parametrize('others', [torch.empty(0, 1, 1, 1), None])
def test_only_the_best_is_left(others):
    start = Collected(single(10.)[0], single(0.)[0], others)
    assert drawn(StartConfig(best_share=0.0), start)[0].mean() == pytest.approx(10, abs=0.1)
    assert '4000 from around the noise of the best' in drawn(StartConfig(), start)[1]


def test_the_triplet_loss_takes_cosines_of_rows():
    """Rows against rows: the published code takes the cosine over the batch."""
    best = torch.tensor([[1., 0.], [1., 0.]])
    good = torch.tensor([[2., 0.], [0., 3.]])
    bad = torch.tensor([[-1., 0.], [5., 0.]])
    # d(good) = 0 and 1/2, d(bad) = 1 and 0: max(0 - 1 + 1/2, 0) and max(1/2 - 0 + 1/2, 0).
    assert triplet_loss(best, good, bad, 0.5).item() == pytest.approx(0.5)


def test_the_embedding_learns_what_good_pictures_share():
    """Good latents have one thing in common: new good ones are nearer to the best, too."""
    def latents(sign, count, seed):
        x = torch.randn(count, *SHAPE, generator=random(seed))
        x[:, 0, 2:6, 2:6] += 2 * sign
        return x

    training = EmbeddingTraining(SMALL, SHAPE, 'cpu', 0)
    good, bad = latents(1, 20, 1), latents(-1, 20, 2)
    first = training.learn(good[0], good[1:], bad)
    assert training.learn(good[0], good[1:], bad) <= first < 0.4
    new = torch.cat([latents(1, 20, 3), latents(-1, 20, 4)])
    rewards = REWARDS['best']()(
        Liked(new, torch.arange(40) < 20, good[0]), training.represent)
    assert rewards[:20].min() > rewards[20:].max()


@pytest.mark.parametrize(('shape', 'side'), [
    ((4, 64, 64), 8), ((4, 32, 32), 8), ((4, 16, 16), 8), ((4, 12, 12), 12), ((4, 4, 4), 4),
    ((16, 96, 64), 8)])
def test_the_embedding_takes_latents_of_any_size(shape, side):
    network = Embedding(EmbeddingConfig(width=8, head=(4,)), shape)
    height = shape[1] * side // shape[2] if shape[1] != shape[2] else side
    assert network.project.in_features == 64 * side * height
    assert network(torch.zeros(2, *shape)).shape == (2, 8)


def test_the_networks_of_the_text():
    network = Embedding(EmbeddingConfig(), (4, 64, 64))
    assert network.project.in_features == 8 * 8 * 64 and network.project.out_features == 4096
    assert [layer.out_features for layer in network.head if hasattr(layer, 'out_features')] == [
        2048, 1024, 512]


def test_rewards_are_the_cosines_of_eq_2_10():
    latents = torch.tensor([[3., 0.], [0., 2.], [-1., 0.], [1., 1.]]).view(4, 2, 1, 1)
    liked = Liked(latents, torch.tensor([True, True, False, False]), latents[0])

    def flat(x):
        return x.flatten(1)

    half = 0.5 ** 0.5
    torch.testing.assert_close(REWARDS['best']()(liked, flat), torch.tensor([1, 0, -1, half]))
    assert REWARDS['binary']()(liked, flat).tolist() == [1, 1, 0, 0]
    mean = torch.tensor([2., 2 / 3])  # of both good ones and the best, which is one of them
    expected = torch.nn.functional.cosine_similarity(flat(latents), mean[None])
    for name in ('positives', 'no_embed'):
        torch.testing.assert_close(REWARDS[name]()(liked, flat), expected)
    without = replace(liked, best=None)
    torch.testing.assert_close(REWARDS['best']()(without, flat),
                               REWARDS['positives']()(without, flat))


def test_advantages_are_normalised_and_bounded():
    assert advantages(torch.tensor([1., 1., 1.]), 5).tolist() == [0, 0, 0]
    a = advantages(torch.tensor([0., 1.]), 5)
    torch.testing.assert_close(a, torch.tensor([-1., 1.]))
    assert advantages(torch.tensor([0.] * 99 + [1.]), 5).max() == 5


def test_presets_are_what_the_table_says():
    paper = preset('paper')
    assert paper == replace(HeroConfig(), best_among_good=True,
                            ddpo=replace(HeroConfig().ddpo, optimizer='adam'))
    assert (paper.sampling.steps, paper.sampling.eta, paper.sampling.guidance) == (50, 1.0, 5.0)
    assert (paper.ddpo.learning_rate, paper.ddpo.clip, paper.ddpo.steps) == (3e-4, 1e-4, 5)
    # Adam with weight decay 1e-4, batches of 2 times 4 accumulated gradients.
    assert (paper.ddpo.optimizer, paper.ddpo.weight_decay, paper.ddpo.gradient_clip) == (
        'adam', 1e-4, 1.0)
    assert paper.ddpo.pictures == 2 * 4 and paper.ddpo.at_once == 2
    assert (paper.embedding.learning_rate, paper.embedding.batch, paper.embedding.margin) == (
        1e-5, 2048, 0.5)
    assert (paper.start.best_share, paper.start.variance, paper.rounds * paper.pictures) == (
        0.5, 0.1, 512)
    cpu = preset('cpu')
    assert (cpu.ddpo.optimizer, cpu.best_among_good) == ('adamw', False), 'as all stored results'
    for name in PRESETS:
        assert from_values(HeroConfig, to_values(preset(name))) == preset(name)
    with pytest.raises(SettingError, match='preset is one of'):
        preset('fast')


@pytest.mark.parametrize('change', [
    {'method': 'ppo'}, {'reward': 'score'}, {'rounds': 0}, {'pictures': 1}, {'seed': -1},
    {'sampling': {'eta': 0.0}}, {'sampling': {'guidance': 0.5}}, {'start': {'best_share': 1.5}},
    {'start': {'kind': 'far'}}, {'start': {'variance': 1.0}}, {'embedding': {'latent': 'middle'}},
    {'embedding': {'margin': 0.0}}, {'ddpo': {'clip': 0.0}}, {'ddpo': {'steps': 0}},
    {'ddpo': {'optimizer': 'sgd'}},
    {'d3po': {'group': 1}}, {'supervised': {'batch': 0}}, {'lora': {'rank': 0}}])
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(SettingError):
        from_values(HeroConfig, change)
