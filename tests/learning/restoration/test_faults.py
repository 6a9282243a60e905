"""Missing values: found without a filter, hidden from it, made anew or dropped."""

import demonstrations
import numpy as np
import pytest

from adapt_learning.data.pollution import column, corrupt
from adapt_learning.reports.detection import roc_auc
from adapt_learning.restoration.config import make_config, resolve
from adapt_learning.restoration.faults import missing_rows
from adapt_learning.restoration.pipeline import restore_dataset

FOREST = ('restorer=random_forest', 'restorer_settings.trees=10', 'filter=lof',
          'least_clean_pairs=50')
RESTORED = ('clean_share=auto', 'context=2', 'both_polluted=restore')


@pytest.fixture(scope='module')
def clean():
    """Return 2560 smooth pairs."""
    return demonstrations.make(episodes=64).clean


def polluted(clean, kind):
    spoilt = corrupt(clean, kind, 0.2, 1.0, seed=3)
    return spoilt, [np.concatenate([e.extras[column(side)] for e in spoilt])
                    for side in ('state', 'action')]


def error(values, clean, i, rows):
    true = clean.pairs()[i]
    return (np.abs(values - true) / true.std(axis=0))[rows].mean()


@pytest.mark.parametrize('kind, least', [('dropout', 1.0), ('stuck', 0.5), ('latency', 0.4)])
def test_drop_outs_and_copies_are_found_and_nothing_else(clean, kind, least):
    spoilt, truth = polluted(clean, kind)
    for found, true in zip(missing_rows(spoilt), truth, strict=True):
        assert found[true].mean() >= least
        assert not found[~true].any()
    assert not any(found.any() for found in missing_rows(clean))


def test_who_rests_has_not_dropped_out(clean):
    observation, action = (part.copy() for part in clean.pairs())
    for first in range(0, 2560, 40):
        action[first + 15:first + 25] = 0  # a pause in every episode
    assert not missing_rows(demonstrations.with_values(clean, observation, action))[1].any()


def test_settings_that_return_are_no_copies(clean):
    observation, action = (part.copy() for part in clean.pairs())
    action[:, :] = np.where(action > 0, 1, -1)  # full speed this way and that
    assert not missing_rows(demonstrations.with_values(clean, observation, action))[1].any()


def test_a_value_that_no_sensor_measures_is_missing(clean):
    observation, action = (part.copy() for part in clean.pairs())
    observation[7, 2], action[9, 1] = 3e38, -1e9
    found = missing_rows(demonstrations.with_values(clean, observation, action))
    assert [np.flatnonzero(one).tolist() for one in found] == [[7], [9]]


def test_a_copy_or_two_may_be_chance(clean):
    observation, action = (part.copy() for part in demonstrations.make(episodes=60).clean.pairs())
    many = demonstrations.make(episodes=60).clean
    observation[30] = observation[29]
    found = missing_rows(demonstrations.with_values(many, observation, action))
    assert not found[0].any()
    observation[5] = np.nan
    found = missing_rows(demonstrations.with_values(many, observation, action))
    assert np.flatnonzero(found[0]).tolist() == [5]


def test_zeros_no_longer_lead_the_outlier_factor_astray(clean):
    spoilt, truth = polluted(clean, 'dropout')
    blind = restore_dataset(spoilt, resolve('dmdr', (*FOREST, 'find_faults=false')))
    seeing = restore_dataset(spoilt, resolve('dmdr', FOREST))
    for i, (old, new) in enumerate(((blind.state, seeing.state), (blind.action, seeing.action))):
        assert roc_auc(new.score, truth[i]) > 0.99
        assert roc_auc(old.score, truth[i]) < 0.8
    # Nothing is left in a missing value; without neighbours its pair is dropped.
    assert not seeing.kept[truth[0] | truth[1]].any()
    assert 'missing' in seeing.estimates['reasons']['state']


@pytest.mark.parametrize('restorer', ['random_forest', 'diffusion'])
def test_with_neighbours_missing_values_are_made_anew(clean, restorer):
    spoilt, truth = polluted(clean, 'dropout')
    changes = FOREST if restorer == 'random_forest' else (
        'filter=lof', 'least_clean_pairs=50', 'restorer_settings.draw=mean', *demonstrations.FAST,
        'restorer_settings.training.denoiser_optimization.steps=1500',
        'restorer_settings.training.denoiser_optimization.learning_rate=2e-3',
        'restorer_settings.training.denoiser.width=256')
    done = restore_dataset(spoilt, resolve('dmdr', (*changes, *RESTORED)))
    assert done.kept.all() and done.needed
    for i, outcome in enumerate((done.state, done.action)):
        assert outcome.edited[truth[i]].all()
        assert error(outcome.values, clean, i, truth[i]) < 0.35
        if restorer == 'diffusion':
            assert (outcome.level[truth[i]] == 100).all()


def test_a_state_that_is_missing_does_not_hide_the_actions_beside_it(clean):
    observation, action = (part.copy() for part in clean.pairs())
    gone = np.random.default_rng(0).random(2560) < 0.4
    observation[gone] = np.nan
    half = demonstrations.with_values(clean, observation, action)
    done = restore_dataset(half, resolve('trajectory', (
        *FOREST[:2], 'filter_settings.optimization.steps=100', 'least_clean_pairs=50')))
    assert done.kept.all() and not done.dataset.not_finite()
    assert error(done.state.values, clean, 0, gone) < 0.4
    assert (done.action.values == action).all()


def test_results_keep_their_names_where_the_search_is_on():
    on, off = resolve('dmdr'), resolve('dmdr', ('find_faults=false',))
    assert 'find_faults' not in on.values() and make_config(on.values()) == on
    assert off.values()['find_faults'] is False and make_config(off.values()) == off
