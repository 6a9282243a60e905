"""The pipeline: what is suspected, kept, restored and dropped, and what is said about it."""

from dataclasses import replace

import demonstrations
import numpy as np
import pytest

from adapt_learning.data import Dataset
from adapt_learning.errors import CatalogError, DatasetError, SettingError
from adapt_learning.restoration.base import Cancelled, Side
from adapt_learning.restoration.conditions import Conditions
from adapt_learning.restoration.config import PRESETS, make_config, resolve
from adapt_learning.restoration.pipeline import STAGES, restore_dataset
from adapt_learning.restoration.scale import robust_normalizer

# The forest learns in a moment, and what the pipeline does is the same for all restorers.
FOREST = ('restorer=random_forest', 'restorer_settings.trees=10', 'filter=lof',
          'least_clean_pairs=50')


@pytest.fixture(scope='module')
def demos():
    """Return 640 pairs, a fifth of the states and of the actions polluted."""
    return demonstrations.make()


@pytest.fixture(scope='module')
def halved(demos):
    """Return what the published rule makes of them."""
    return restore_dataset(demos.noisy, resolve('dmdr', FOREST), seed=1, source='noisy')


def errors(values, demos, i):
    clean = demos.clean.pairs()[i]
    return np.abs((values - clean) / clean.std(axis=0)).mean(axis=1)


def test_half_of_each_side_is_suspected_and_pairs_with_both_are_dropped(demos, halved):
    state, action = halved.state, halved.action
    assert state.suspected.sum() == action.suspected.sum() == 320
    assert (halved.kept == ~(state.suspected & action.suspected)).all()
    # The polluted ones are among the suspected ones: the filter really looked.
    assert state.suspected[demos.polluted[0]].mean() > 0.95


def test_the_restored_values_are_closer_to_the_truth(demos, halved):
    for i, outcome in enumerate((halved.state, halved.action)):
        rows = halved.kept & demos.polluted[i] & outcome.edited
        before = errors(demos.noisy.pairs()[i], demos, i)[rows].mean()
        assert errors(outcome.values, demos, i)[rows].mean() < 0.5 * before


def test_what_is_not_edited_comes_back_to_the_last_bit(demos, halved):
    for i, outcome in enumerate((halved.state, halved.action)):
        raw = demos.noisy.pairs()[i]
        assert (outcome.values[~outcome.edited] == raw[~outcome.edited]).all()
        assert not outcome.edited[~outcome.suspected].any()
        assert (outcome.level == -1).all()  # the forest has none


def test_the_dataset_says_where_every_row_is_from(demos, halved):
    restored = halved.dataset
    assert restored.steps == halved.kept.sum()
    for episode in restored:
        source = demos.noisy.episodes[episode.extras['adapt.source_episode'][0]]
        rows = episode.extras['adapt.source_row']
        assert (episode.timestamp_s == source.timestamp_s[rows]).all()
        assert (episode.extras['operator'] == source.extras['operator'][rows]).all()
        assert (episode.seed, episode.task, episode.success) == (
            source.seed, source.task, source.success)
        for part, side in (('observation', 'state'), ('action', 'action')):
            same = (getattr(episode, part) == getattr(source, part)[rows]).all(axis=1)
            assert (same == ~episode.extras[f'adapt.{side}_edited']).all()
            assert episode.extras[f'adapt.{side}_level'].dtype == np.int16
            assert episode.extras[f'adapt.{side}_score'].dtype == np.float32
    meta = restored.meta['restoration']
    counts = meta['counts']
    assert counts == halved.counts
    assert counts['pairs'] == counts['kept'] + counts['restored'] + counts['dropped'] == 640
    assert counts['dropped'] == 640 - restored.steps
    assert meta['source'] == {'name': 'noisy', 'hash': demos.noisy.hash} and meta['seed'] == 1
    assert make_config(meta['config']) == resolve('dmdr', FOREST)
    assert restored.meta['made_by'] == 'a test'
    assert set(meta['seconds']) == set(STAGES) - {'write'}


def test_the_input_is_not_touched_and_the_same_seed_gives_the_same_dataset(demos, halved):
    before = demos.noisy.pairs()
    again = restore_dataset(demos.noisy, resolve('dmdr', FOREST), seed=1)
    assert again.dataset.hash == halved.dataset.hash
    assert all((a == b).all() for a, b in zip(before, demos.noisy.pairs(), strict=True))


def test_diffusion_runs_through_the_whole_pipeline(demos):
    config = resolve('dmdr', ('filter=lof', 'least_clean_pairs=50', *demonstrations.FAST))
    done = restore_dataset(demos.noisy, config)
    for i, outcome in enumerate((done.state, done.action)):
        tried = outcome.suspected & done.kept
        assert (outcome.level[tried] >= 0).all() and (outcome.level[~tried] == -1).all()
        below = tried & (outcome.level < config.restorer_settings.threshold)
        assert not outcome.edited[below].any() and outcome.edited[tried & ~below].all()
        rows = done.kept & demos.polluted[i] & outcome.suspected
        before = errors(demos.noisy.pairs()[i], demos, i)
        assert errors(outcome.values, demos, i)[rows].mean() < 0.7 * before[rows].mean()


def test_a_side_that_never_changes_is_not_halved(demos):
    still = replace(demos.noisy, episodes=tuple(
        replace(e, action=np.full_like(e.action, 0.5)) for e in demos.noisy))
    done = restore_dataset(still, resolve('dmdr', FOREST))
    assert not done.action.suspected.any() and done.kept.all()
    assert done.state.suspected.sum() == 320


def test_stages_that_an_older_estimate_left_are_not_mixed_in(demos, monkeypatch, tmp_path):
    from adapt_learning.restoration import pipeline
    from adapt_learning.restoration.run import FolderStore
    config, store = resolve('dmdr', (*FOREST, 'clean_share=auto')), FolderStore(tmp_path)
    restore_dataset(demos.noisy, config, store=store)
    known = pipeline.estimate_share

    def newer(scores, reading):
        return replace(known(scores, reading), needed=True, threshold=np.quantile(scores, 0.7))
    monkeypatch.setattr(pipeline, 'estimate_share', newer)
    done = restore_dataset(demos.noisy, config, store=store)
    assert done.dataset.hash == restore_dataset(demos.noisy, config).dataset.hash


def test_what_the_scores_do_not_ask_for_is_said(demos):
    done = restore_dataset(demos.clean, resolve('dmdr', FOREST))
    assert done.counts['restored'] > 100 and 'clean_share=auto' in done.text


def test_clean_data_are_returned_as_they_are_with_an_estimated_share(demos):
    config = resolve('dmdr', (*FOREST, 'clean_share=auto'))
    done = restore_dataset(demos.clean, config)
    assert not done.needed and 'not needed' in done.text
    assert all((a == b).all() for a, b in zip(done.dataset.pairs(), demos.clean.pairs(),
                                              strict=True))
    assert done.counts == {'pairs': 640, 'kept': 640, 'restored': 0, 'dropped': 0}


def test_an_estimated_share_finds_how_much_is_polluted(demos):
    done = restore_dataset(demos.noisy, resolve('dmdr', (*FOREST, 'clean_share=auto')),
                           judge_only=True)
    assert done.needed and done.dataset is None and done.kept.all()
    assert abs(done.estimates['state'] - demos.polluted[0].mean()) < 0.1
    assert done.estimates['reasons']['state']


def test_with_neighbours_pairs_with_both_sides_polluted_are_restored_too(demos):
    config = resolve('dmdr', (*FOREST, 'clean_share=0.7', 'context=2', 'both_polluted=restore'))
    done = restore_dataset(demos.noisy, config)
    assert done.kept.all() and done.dataset.steps == 640
    both = done.state.suspected & done.action.suspected
    assert both.any() and done.state.edited[both].all()
    for i, outcome in enumerate((done.state, done.action)):
        rows = outcome.edited & demos.polluted[i]
        before = errors(demos.noisy.pairs()[i], demos, i)
        assert errors(outcome.values, demos, i)[rows].mean() < 0.5 * before[rows].mean()


def test_the_condition_shows_neighbours_and_hides_what_is_suspected_or_outside():
    values = np.arange(1, 7, dtype=np.float32)[:, None]
    side = Side('state', values, 10 * values, np.array([0, 0, 0, 0, 1, 1]), np.ones(6, bool))
    suspected = np.array([False, True, False, False, False, False])
    other = np.array([False, False, False, True, False, False])
    conditions = Conditions(side, suspected, other, 1, other_may_lack=True)
    found = conditions.of(np.array([2, 3]))
    assert found.shape == (2, conditions.size) and found.dtype == np.float32
    #          own other, flag | before: value, flag, other, flag | after: the same
    assert found[0].tolist() == [30, 1, 0, 0, 20, 1, 4, 1, 0, 0]
    assert found[1].tolist() == [0, 0, 3, 1, 30, 1, 0, 0, 0, 0]
    published = Conditions(side, suspected, other, 0, other_may_lack=False)
    assert published.of(np.array([0, 4])).tolist() == [[10], [50]] and published.size == 1


def test_values_that_are_not_finite_are_restored_or_dropped(demos):
    observation, action = (part.copy() for part in demos.noisy.pairs())
    observation[5, 3], action[50, 0] = np.nan, np.inf
    observation[100], action[100] = np.nan, np.nan
    broken = demonstrations.with_values(demos.noisy, observation, action)
    done = restore_dataset(broken, resolve('dmdr', (*FOREST, 'clean_share=auto')))
    assert done.needed and not done.dataset.not_finite()
    assert done.state.edited[5] or not done.kept[5]
    assert done.action.edited[50] or not done.kept[50]
    assert not done.kept[100]


def test_constant_elements_and_single_episodes_are_no_trouble(demos):
    observation, action = (part.copy() for part in demos.noisy.pairs())
    observation[:, 2] = 7.0
    action[:, 3] = -1.0
    flat = demonstrations.with_values(demos.noisy, observation, action)
    done = restore_dataset(flat, resolve('dmdr', FOREST))
    np.testing.assert_allclose(done.state.values[:, 2], 7.0, atol=1e-5)
    np.testing.assert_allclose(done.action.values[:, 3], -1.0, atol=1e-5)
    one = demonstrations.make(episodes=1, length=500)
    assert restore_dataset(one.noisy, resolve('dmdr', FOREST)).dataset.steps > 250


def test_episodes_that_lose_all_their_pairs_are_left_out(demos):
    observation, action = (part.copy() for part in demos.noisy.pairs())
    observation[:40], action[:40] = np.nan, np.nan
    done = restore_dataset(demonstrations.with_values(demos.noisy, observation, action),
                           resolve('dmdr', FOREST))
    assert done.dataset.episodes[0].extras['adapt.source_episode'][0] == 1


def test_too_little_to_learn_from_is_refused_with_the_number_needed(demos):
    few = replace(demos.noisy, episodes=demos.noisy.episodes[:3])
    with pytest.raises(DatasetError, match=r'needs at least 256 of them; \d+ of 120 pairs'):
        restore_dataset(few, resolve('dmdr', ('filter=lof',)))
    with pytest.raises(DatasetError, match='collect some first'):
        restore_dataset(Dataset((), demos.noisy.contract), resolve('dmdr', FOREST))
    nan = demonstrations.with_values(demos.noisy, *(part * np.nan for part in demos.noisy.pairs()))
    with pytest.raises(DatasetError, match='every row holds NaN'):
        restore_dataset(nan, resolve('dmdr', FOREST))


def test_progress_rises_over_all_stages_and_a_stop_is_obeyed(demos):
    heard = []
    restore_dataset(demos.noisy, resolve('dmdr', FOREST), progress=heard.append)
    shares = [now.share for now in heard]
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1
    assert [name for name in STAGES if name != 'write'] == list(dict.fromkeys(
        now.stage for now in heard))
    assert all(now.stages == len(STAGES) for now in heard) and heard[-1].remaining_s is not None
    for stage in ('judge actions', 'restore states'):
        last = []
        with pytest.raises(Cancelled):
            restore_dataset(demos.noisy, resolve('dmdr', FOREST), progress=last.append,
                            should_stop=lambda last=last, stage=stage: bool(
                                last) and last[-1].stage == stage)


def test_the_scale_is_hardly_stretched_by_outliers():
    rng = np.random.default_rng(0)
    clean = rng.normal(size=(5000, 2))
    clean[:, 1] = np.where(rng.random(5000) < 0.05, 1.0, -1.0)  # a rare command is no outlier
    spiked = clean.copy()
    hit = rng.random(5000) < 0.15
    spiked[hit, 0] += 30 * rng.choice([-1, 1], hit.sum())
    found = robust_normalizer(spiked, np.ones(5000, bool))
    assert 0.9 < found.std[0] < 1.6 and spiked[:, 0].std() > 10
    assert abs(found.std[1] - clean[:, 1].std()) < 1e-3


@pytest.mark.parametrize('change, said, error', [
    ('clean_share=1.5', 'clean_share lies in', SettingError),
    ('both_polluted=keep', 'both_polluted is one of drop, restore', SettingError),
    ('both_polluted=restore', 'needs context of at least 1', SettingError),
    ('context=-1', 'context lies in', SettingError),
    ('filter=lop', "Did you mean 'lof'", CatalogError),
    ('restorer=magic', "there is no restorer 'magic'", CatalogError),
    ('restorer_settings.speed=3', "no setting 'restorer_settings.speed'", SettingError),
    ('share=0.5', "no setting 'share'", SettingError),
])
def test_bad_settings_are_one_sentence(change, said, error):
    with pytest.raises(error, match=said):
        resolve('dmdr', (change,))


def test_presets_resolve_and_give_way_to_overrides():
    for name in PRESETS:
        config = resolve(name)
        assert make_config(config.values()) == config
    assert resolve('dmdr').clean_share == 0.5 and resolve('dmdr').filter == 'ae_lof'
    # The preset's settings of the diffusion restorer mean nothing to a forest.
    assert resolve('trajectory', ('restorer=random_forest',)).restorer == 'random_forest'
    with pytest.raises(SettingError, match='allowed: dmdr, published, trajectory'):
        resolve('best')
