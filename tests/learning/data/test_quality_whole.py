"""What is said of a dataset as a whole: every check fires on its fault and is silent without."""

from dataclasses import replace

import numpy as np
import pytest

from adapt_learning.data import Dataset
from adapt_learning.data.quality import BAD, LOOK, OK, Norms, QualityConfig, report
from adapt_learning.data.quality.columns import HEAVY_TAILS, NEARLY, RARE, SWITCH, columns
from adapt_learning.errors import DatasetError, SettingError

COUNT, LENGTH = 24, 40


@pytest.fixture
def make(contract):
    """Return a function that makes 24 smooth episodes; `change(i, arrays)` may change each."""
    from adapt_learning.data import Episode

    def made(change=None, count=COUNT):
        episodes = []
        for i in range(count):
            rng = np.random.default_rng(i)
            t = np.arange(LENGTH)
            action = 0.6 * np.sin(t[:, None] / 6 + 6 * rng.uniform(size=4))
            # The first three elements are driven by the first three actions, one row later.
            moved = np.cumsum(np.vstack([np.zeros((1, 3)), action[:-1, :3]]), axis=0)
            path = rng.uniform(size=3) + 0.05 * moved
            rest = np.sin(t[:, None] / 9 + 6 * rng.uniform(size=10))
            goal = np.broadcast_to(rng.uniform(size=3), (LENGTH, 3))
            arrays = {'observation': np.hstack([path, rest, goal]), 'action': action,
                      'timestamp_s': t * 0.04, 'success': True, 'seed': i}
            if change is not None:
                change(i, arrays)
            reward = np.zeros(len(arrays['action']))
            episodes.append(Episode(reward=reward, noise_level=1.0, task='pick', **arrays))
        return Dataset(tuple(episodes), contract)

    return made


def finding(result, name):
    return next(f for f in result.findings if f.check == name)


def test_nothing_odd_in_good_data(make):
    result = report(make())
    assert result.verdict == OK and result.advice == ('Train on it.',)
    assert {f.verdict for f in result.findings} == {OK}
    assert 'nothing odd' in result.summary


def few(i, arrays):
    arrays['success'] = None if i == 3 else i > 5


def noisy(i, arrays):
    rng = np.random.default_rng(100 + i)
    rows = rng.random(LENGTH) < 0.2
    arrays['action'] = arrays['action'] + rows[:, None] * rng.normal(size=(LENGTH, 4)) * 0.4


def rough(i, arrays):
    arrays['action'] = np.random.default_rng(i).uniform(-1, 1, (LENGTH, 4))


def spiked(i, arrays):
    arrays['observation'][20, 5] += 3 * (i % 2)


def late(i, arrays):
    first = arrays['observation'][:1, :3]
    arrays['observation'][:, :3] = np.vstack([np.repeat(first, 5, 0),
                                              arrays['observation'][:-5, :3]])


def early(i, arrays):
    arrays['action'] = np.vstack([np.zeros((3, 4)), arrays['action'][:-3]])


def in_millimetres(i, arrays):
    arrays['action'] = arrays['action'] * 50


def one_start(i, arrays):
    arrays['observation'] = (arrays['observation'] - arrays['observation'][0])


def contrary(i, arrays):
    """Let the same states be answered one way in even episodes, the other way in odd ones."""
    t = np.arange(LENGTH)[:, None]
    arrays['observation'] = np.sin(t / 9 + np.linspace(0, 1, 16)) + 0.001 * i
    arrays['action'] = np.full((LENGTH, 4), 0.8 if i % 2 else -0.8)
    arrays['action'][:, 0] = np.sin(t[:, 0] / 5) * 0.9 * (1 if i % 2 else -1)


def same_seed(i, arrays):
    arrays['seed'] = i // 2


@pytest.mark.parametrize('change, check, verdict, words', [
    (few, 'outcomes', LOOK, '5 episodes failed, of 1 nobody said'),
    (noisy, 'pollution', BAD, 'of the actions do not fit'),
    (rough, 'pollution', LOOK, 'actions are too rough'),
    (spiked, 'faults', LOOK, '50% of the episodes have spikes'),
    (late, 'lag', LOOK, '5 rows (200 ms) later'),
    (early, 'lag', LOOK, '3 rows before the command'),
    (in_millimetres, 'action box', LOOK, 'another unit'),
    (one_start, 'coverage', LOOK, 'begin at the same place'),
    (contrary, 'contradictions', LOOK, 'contradict'),
    (same_seed, 'leaks', LOOK, '12 episodes have the start'),
])
def test_each_check_sees_its_fault(make, change, check, verdict, words):
    result = report(make(change))
    found = finding(result, check)
    assert found.verdict == verdict and words in found.reason
    assert result.verdict != OK


def test_few_episodes_are_few(make):
    assert finding(report(make(count=4)), 'amount').verdict == LOOK


def test_near_duplicates_are_found_and_named(make):
    good = make()
    shaken = replace(good.episodes[5], seed=99, observation=good.episodes[5].observation + 1e-3)
    result = report(Dataset((*good.episodes, shaken), good.contract))
    assert result.episodes[-1].reasons[0].startswith('nearly the same as episode 5')
    assert finding(result, 'leaks').value == 1 and 'Leave out episode 24' in result.advice[0]


def test_the_true_clock_is_told(make):
    assert 'exactly on the grid' in finding(report(make()), 'clock').reason

    def measured(i, arrays):
        arrays['timestamp_s'] = np.cumsum(np.random.default_rng(i).uniform(0.035, 0.045, LENGTH))

    result = report(make(measured))
    assert 'ms on average' in finding(result, 'clock').reason and result.count(OK) == COUNT

    def slow(i, arrays):
        arrays['timestamp_s'] = np.arange(LENGTH) * (0.05 if i == 7 else 0.04)

    entry = report(make(slow)).episodes[7]
    assert entry.reasons == ('it runs at 20 Hz, the contract says 25 Hz',)


def test_an_uneven_clock_is_told(make):
    def uneven(i, arrays):
        steps = np.where(np.arange(LENGTH) % 2, 0.02, 0.058) if i == 2 else np.full(LENGTH, 0.04)
        arrays['timestamp_s'] = np.cumsum(steps)

    reasons = report(make(uneven)).episodes[2].reasons
    assert any('the period varies by 4' in reason for reason in reasons)


def test_dropped_rows_of_a_restoration_are_no_gap(make):
    def holes(i, arrays):
        kept = np.arange(LENGTH) % 5 != 3
        for name in ('observation', 'action', 'timestamp_s'):
            arrays[name] = arrays[name][kept]
        arrays['extras'] = {'adapt.source_row': np.flatnonzero(kept)}

    result = report(make(holes))
    assert all('gaps' not in ' '.join(e.reasons) for e in result.episodes)


@pytest.mark.parametrize('fault, check', [
    (lambda a: a['observation'].__setitem__((slice(10, 16), 4), a['observation'][10, 4]), 'stuck'),
    (lambda a: a['observation'].__setitem__(slice(12, 14), 0.0), 'zeros'),
    (lambda a: a['observation'].__setitem__(slice(20, None), a['observation'][20:] + 0.8), 'jumps'),
    (lambda a: a.__setitem__('action', a['action'] * np.array([2.5, 1, 1, 1])), 'beyond'),
    (lambda a: a.__setitem__('observation', a['observation'] + 9), 'outlier'),
    (lambda a: a.__setitem__('observation', a['observation'] + np.random.default_rng(0).normal(
        size=(LENGTH, 16)) * 0.05), 'shaking'),
])
def test_faults_of_one_episode(make, fault, check):
    def one(i, arrays):
        if i == 11:
            fault(arrays)

    result = report(make(one))
    odd = {f.check for f in result.episodes[11].findings if f.verdict != OK}
    assert check in odd
    assert all(e.verdict == OK for e in result.episodes if e.episode != 11)


def test_a_late_episode_among_punctual_ones(make):
    def one(i, arrays):
        if i == 9:
            late(i, arrays)

    result = report(make(one))
    assert 'the state follows the commands 5 rows later than usual' in result.episodes[9].reasons
    assert result.count(OK) == COUNT - 1


def test_traps_of_columns():
    rng = np.random.default_rng(0)
    usual = rng.normal(size=2000)
    tails = usual.copy()
    tails[:3] = 60
    rare = np.zeros(2000)
    rare[:20] = rng.normal(size=20)
    values = np.stack([usual, usual * 1e-3, tails, rare, np.sign(usual), np.full(2000, 3.0)], 1)
    found = columns(values, tuple('abcdef'), ('m',) * 6)
    assert [c.traps for c in found] == [(), (NEARLY,), (HEAVY_TAILS,), (RARE,), (SWITCH,),
                                        ('constant',)]
    assert found[2].squeezed and not found[0].squeezed


def test_bad_settings_and_empty_data_are_refused(contract):
    with pytest.raises(SettingError, match='sample'):
        QualityConfig(sample=1)
    with pytest.raises(DatasetError, match='at least one episode'):
        report(Dataset((), contract))


@pytest.mark.parametrize('changes, verdict', [
    ({}, OK), ({'missed': 40}, LOOK), ({'true_rate_hz': 20.0}, LOOK),
    ({'worst_latency_s': 0.3}, LOOK)])
def test_the_timing_of_the_recording_is_judged(make, changes, verdict):
    timing = {'frames': 960, 'missed': 0, 'true_rate_hz': 25.1, 'contract_rate_hz': 25.0,
              'longest_gap_s': 0.05, 'worst_latency_s': 0.02} | changes
    good = make()
    found = finding(report(replace(good, meta={'import': {'timing': timing}})), 'recording')
    assert found.verdict == verdict and f'{timing["missed"]} of' in found.reason


def test_an_offset_for_a_while_is_found_row_by_row(make):
    offset = np.random.default_rng(3).normal(size=16)

    def one(i, arrays):
        if i == 4:
            arrays['observation'][12:20] += offset * arrays['observation'].std()

    entry = report(make(one)).episodes[4]
    assert entry.rows('states') == tuple(range(12, 20)) and entry.verdict == BAD
    assert entry.rows('jumps') == ()


def rattling(i, arrays):
    """Let two elements lie still and then rattle, as a block that is pushed does."""
    rng = np.random.default_rng(i)
    shaken = 1e-3 * rng.normal(size=(LENGTH, 2)) * (np.arange(LENGTH) >= 20)[:, None]
    arrays['observation'][:, 11:13] = shaken


def test_what_rattles_in_contact_is_not_pollution(make):
    result = report(make(rattling))
    assert result.count(OK) == COUNT
    found = finding(result, 'pollution')
    assert found.verdict == OK and 'as rough as noise beside smooth elements' in found.reason


def test_pollution_is_seen_beside_what_rattles(make):
    from adapt_learning.data.pollution import corrupt
    noisy = corrupt(make(rattling), 'gaussian', 0.2, 1.0, 0)
    norms = Norms.of(noisy, QualityConfig())
    truth = np.concatenate([e.extras['adapt.state_polluted'] for e in noisy])
    assert norms.states.rows[truth].mean() > 0.95 and norms.states.rows[~truth].mean() < 0.05


KINDS = ('gaussian', 'dropout', 'spike', 'stuck', 'bias', 'shift', 'jitter', 'latency')


@pytest.mark.parametrize('kind', KINDS)
def test_every_kind_of_pollution_is_noticed(make, kind):
    from adapt_learning.data.pollution import corrupt
    result = report(corrupt(make(), kind, 0.2, 1.0, 0, ('state', 'action')))
    assert {'pollution', 'faults'} & {f.check for f in result.findings if f.verdict != OK}
    assert any('adapt restore' in line for line in result.advice)
    if kind == 'gaussian':
        assert 'restore it before training' in result.summary


def test_one_absurd_value_is_bad_and_named(make):
    def one(i, arrays):
        if i == 5:
            arrays['observation'][17, 0] = 3e38

    result = report(make(one))
    assert result.verdict == BAD and 'not fit for training' in result.summary
    said = finding(result, 'absurd')
    assert said.verdict == BAD
    assert said.reason == ('gripper_position.x is 3e+38 in episode 5 row 17: no sensor measures '
                           'that')
    assert result.episodes[5].verdict == BAD and result.episodes[5].rows('absurd') == (17,)
    assert {e.verdict for e in result.episodes if e.episode != 5} == {OK}


def test_large_units_are_not_absurd(make):
    def ticks(i, arrays):
        arrays['observation'] *= 1e8

    assert finding(report(make(ticks)), 'absurd').verdict == OK


@pytest.mark.filterwarnings('error')
def test_absurd_and_not_finite_values_together_warn_of_nothing(make, tmp_path):
    from adapt_learning.data import load_dataset, save_dataset
    from adapt_learning.data.quality import info
    from adapt_learning.reports.compare import episode_view
    from adapt_learning.reports.quality import quality_page
    from adapt_learning.reports.view import view_page

    def worst(i, arrays):
        if i == 2:
            arrays['observation'][3, :4] = [np.nan, np.inf, -np.inf, 3e38]
            arrays['observation'][9, 3] = -3e38
            arrays['action'][4, :4] = [np.nan, np.inf, 3e38, -3e38]

    save_dataset(tmp_path / 'd', make(worst))
    dataset = load_dataset(tmp_path / 'd', allow_not_finite=True)
    info(dataset)
    norms = Norms.of(dataset, QualityConfig())
    result = report(dataset, norms=norms)
    assert result.verdict == BAD
    assert result.episodes[2].rows('finite') == (3, 4)
    assert result.episodes[2].rows('absurd') == (3, 4, 9)
    quality_page(tmp_path / 'r.html', dataset, result, norms, 'd')
    seen = episode_view(dataset, 2)
    view_page(tmp_path / 'v.html', seen, 'd')


@pytest.mark.parametrize('frozen, verdict, words', [
    (('observation', 'action'), BAD, 'no element ever moves: sensors dead?'),
    (('observation',), BAD, 'no element of the state ever moves: sensors dead?'),
    (('action',), LOOK, 'was anything commanded?'),
])
def test_data_in_which_nothing_moves(make, frozen, verdict, words):
    def still(i, arrays):
        for name in frozen:
            arrays[name] = np.broadcast_to(arrays[name][:1] if i else [[0.5]], arrays[name].shape)

    result = report(make(still, count=40))
    said = finding(result, 'motion')
    assert said.verdict == verdict and words in said.reason
    assert result.verdict == BAD or verdict == LOOK
    assert any(words[3:] in line for line in result.advice)


def test_a_wholly_constant_dataset_is_bad(make):
    def constant(i, arrays):
        arrays['observation'], arrays['action'] = np.full((LENGTH, 16), 0.3), np.zeros((LENGTH, 4))

    result = report(make(constant, count=40))
    assert result.verdict == BAD and finding(result, 'motion').verdict == BAD
    assert 'sensors dead' in result.summary
