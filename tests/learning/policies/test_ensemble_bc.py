"""Ensemble of BC: how pairs are dealt, what the networks learn, how they act together."""

import pytest
import torch

from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Batch
from adapt_learning.policies.ensemble_bc import (
    EnsembleBehavioralCloningConfig,
    combined,
    dealt,
)
from adapt_learning.stacked.layers import MemberRandom


def numbered(count):
    rows = torch.arange(float(count))[None, :, None]
    return Batch(rows, -rows)


def test_every_network_gets_every_pair_in_its_own_order():
    deal = dealt(numbered(10), 3)
    assert deal.observation.shape == (1, 10, 3, 1)
    torch.testing.assert_close(deal.action, -deal.observation)
    orders = [deal.observation[0, :, m, 0] for m in range(3)]
    assert all(order.sort().values.tolist() == list(range(10)) for order in orders)
    assert not torch.equal(orders[0], orders[1]) and not torch.equal(orders[1], orders[2])


def test_disjoint_parts_share_no_pair():
    deal = dealt(numbered(11), 3, disjoint=True)
    assert deal.observation.shape == (1, 3, 3, 1)
    assert len(set(deal.observation.flatten().tolist())) == 9


def test_fewer_pairs_than_networks_are_refused():
    with pytest.raises(SettingError, match='at least 5 pairs; got 4'):
        dealt(numbered(4), 5)


def test_the_first_network_is_bc_of_the_same_seed(make_policy, pairs):
    ensemble, bc = make_policy('ensemble_bc', (4, 9)), make_policy('bc', (4, 9))
    x = ensemble.observation_normalizer.normalize(pairs[0])[None]
    torch.testing.assert_close(ensemble.network(x)[::3], bc.network(x))
    weights = ensemble.network.head.weight
    assert len({tuple(w.flatten().tolist()) for w in weights}) == 6


def test_the_loss_is_the_sum_of_what_each_network_would_have_alone(make_policy, pairs):
    ensemble, bc = make_policy('ensemble_bc', (4,)), make_policy('bc', (0,))
    stage = ensemble.stages()[0]
    samples = stage.samples(ensemble.prepare(*pairs))
    losses = stage.loss(samples, {})
    alone = []
    for m in range(3):
        for mine, all_of_them in zip(bc.network.parameters(), ensemble.network.parameters(),
                                     strict=True):
            mine.data.copy_(all_of_them[m:m + 1])
        pair = Batch(samples.observation[:, :, m], samples.action[:, :, m])
        alone.append(bc.stages()[0].loss(pair, {})['loss'])
    torch.testing.assert_close(losses['loss'], sum(alone))
    torch.testing.assert_close(losses['network'], sum(alone) / 3)


def test_networks_learn_apart(make_policy, pairs):
    """The gradient of one network does not change with the pairs of another."""
    ensemble = make_policy('ensemble_bc', (4,))
    stage = ensemble.stages()[0]
    gradients = []
    for shift in (0.0, 1.0):
        samples = stage.samples(ensemble.prepare(*pairs))
        samples.action[:, :, 2] += shift
        ensemble.zero_grad()
        stage.loss(samples, {})['loss'].sum().backward()
        gradients.append(ensemble.network.head.weight.grad.clone())
    torch.testing.assert_close(gradients[0][:2], gradients[1][:2], rtol=0, atol=0)
    assert not torch.allclose(gradients[0][2], gradients[1][2])


def test_mean_and_median_of_the_networks():
    actions = torch.tensor([0.0, 1.0, 8.0]).reshape(1, 3, 1, 1)
    assert combined(actions, 'mean').item() == 3.0
    assert combined(actions, 'median').item() == 1.0
    assert combined(torch.cat([actions, actions + 2], 1), 'median').item() == 2.5


@pytest.mark.parametrize('combine', ['mean', 'median'])
def test_the_ensemble_acts_by_its_networks(make_policy, pairs, combine):
    ensemble = make_policy('ensemble_bc', (4, 9), combine=combine)
    x = ensemble.observation_normalizer.normalize(pairs[0])[None]
    each = ensemble.action_normalizer.denormalize(ensemble.network(x)).reshape(2, 3, 64, 2)
    expected = each.mean(1) if combine == 'mean' else each.median(1).values
    torch.testing.assert_close(ensemble.act_members(pairs[0][None]), expected)


def test_every_network_has_dropout_masks_and_noise_of_its_own(make_policy, pairs):
    ensemble = make_policy('ensemble_bc', (4,), observation_noise=0.1,
                           network={'width': 16, 'depth': 2, 'dropout': 0.5})
    draws = ensemble.stages()[0].draw(MemberRandom((4,), 'x'), 2, 10)
    assert draws['dropped'].shape == (1, 2, 30, 32)
    assert draws['observation_noise'].shape == (1, 2, 30, 5)


@pytest.mark.parametrize('settings, word', [
    ({'combine': 'vote'}, 'mean, median'), ({'networks': 0}, '1..100 networks'),
    ({'distance': 'l1'}, 'mse, huber')])
def test_bad_settings_say_what_is_allowed(settings, word):
    with pytest.raises(SettingError, match=word):
        EnsembleBehavioralCloningConfig(**settings)
