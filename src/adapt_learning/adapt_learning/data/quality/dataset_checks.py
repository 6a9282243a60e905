"""
What is looked at in the dataset as a whole.

A check is a small function of the dataset and of what was measured; to add one, write it and put
it into DATASET_CHECKS.
"""

from collections.abc import Callable

import numpy as np

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.quality import columns as words
from adapt_learning.data.quality.columns import Column, columns
from adapt_learning.data.quality.coverage import Coverage
from adapt_learning.data.quality.findings import (
    BAD,
    INSPECT,
    LEAVE_OUT,
    LOOK,
    OK,
    RECORD,
    RESTORE,
    Finding,
)
from adapt_learning.data.quality.norms import Norms
from adapt_learning.data.quality.rows import moving

_ENOUGH = 10
_COMPARED = 100
_MISSED = 0.01
"""Share of missing frames of a recording that is worth a look."""
_LATE_PERIODS = 3.0
"""Periods that a message may take to arrive."""


def check_amount(dataset: Dataset, norms: Norms) -> Finding:
    """Judge the number of episodes."""
    if len(dataset) >= _ENOUGH:
        return Finding('amount', len(dataset), OK)
    return Finding('amount', len(dataset), LOOK, f'only {len(dataset)} episodes: what is usual '
                   'cannot be told well, and a policy learns little', RECORD)


def check_outcomes(dataset: Dataset, norms: Norms) -> Finding:
    """Judge the share of episodes that are known to have succeeded."""
    share = sum(e.success is True for e in dataset) / len(dataset)
    if share == 1:
        return Finding('outcomes', share, OK)
    failed = sum(e.success is False for e in dataset)
    unknown = sum(e.success is None for e in dataset)
    return Finding('outcomes', share, LOOK, f'{failed} episodes failed, of {unknown} nobody said '
                   'how they ended', LEAVE_OUT if failed else INSPECT)


def check_pollution(dataset: Dataset, norms: Norms) -> Finding:
    """Judge the share of rows whose state or action is suspected."""
    state, action = norms.states.rows, norms.actions.rows
    share = float((state | action).mean())
    rough = [name for name, side in (('states', norms.states), ('actions', norms.actions))
             if not side.judged]
    note = (f'the {" and ".join(rough)} are too rough to be judged by their neighbours in time'
            if rough else '')
    specs = dataset.contract.observation_spec, dataset.contract.action_spec
    names = [label for spec, side in zip(specs, (norms.states, norms.actions), strict=True)
             for label, odd in zip(spec.labels, side.rough, strict=True) if odd]
    if names:
        left_out = (f'{_some(names)}: as rough as noise beside smooth elements (contacts, or a bad '
                    'sensor), so left out of this judgement')
        note = '; '.join(filter(None, (note, left_out)))
    if share < norms.config.polluted:
        return Finding('pollution', share, LOOK if rough else OK, note, INSPECT if rough else '')
    text = (f'about {state.mean():.1%} of the states and {action.mean():.1%} of the actions do '
            'not fit their neighbours in time')
    verdict = BAD if share >= norms.config.suspicious_bad else LOOK
    return Finding('pollution', share, verdict, '; '.join(filter(None, (text, note))), RESTORE)


def check_absurd(dataset: Dataset, norms: Norms) -> Finding:
    """Judge values that no sensor measures; a single one ruins a normaliser and a training."""
    specs = dataset.contract.observation_spec, dataset.contract.action_spec
    places = norms.rows.absurd_states, norms.rows.absurd_actions
    found = [(int(row), spec.labels[element], values[row, element])
             for spec, values, side in zip(specs, dataset.pairs(), places, strict=True)
             for row, element in side]
    if not found:
        return Finding('absurd', 0.0, OK)
    row, name, value = min(found, key=lambda place: place[0])
    episode = norms.rows.episode[row]
    more = f', and {len(found) - 1} more' if len(found) > 1 else ''
    return Finding('absurd', len(found), BAD, f'{name} is {value:.3g} in episode {episode} row '
                   f'{row - norms.rows.start[episode]}{more}: no sensor measures that', LEAVE_OUT)


def check_motion(dataset: Dataset, norms: Norms) -> Finding:
    """Judge whether anything moves within any episode."""
    rows = norms.rows
    inside = rows.episode[1:] == rows.episode[:-1]
    if not inside.any():
        return Finding('motion', 1.0, OK)
    state, action = (moving(values, inside) for values in (rows.observation, rows.action))
    share = float(np.concatenate([state, action]).mean())
    if not state.any():
        what = 'element' if not action.any() else 'element of the state'
        return Finding('motion', share, BAD, f'no {what} ever moves: sensors dead?', RECORD)
    if not action.any():
        return Finding('motion', share, LOOK, 'no element of the action ever changes within an '
                       'episode: was anything commanded?', INSPECT)
    return Finding('motion', share, OK)


def check_faults(dataset: Dataset, norms: Norms) -> Finding:
    """Judge the share of episodes with spikes, jumps, stuck or dropped values."""
    seen = (norms.spikes, norms.jumps, norms.stuck, norms.copies, norms.zeros)
    odd = np.array([any(len(part[i]) for part in seen) for i in range(len(dataset))])
    share = float(odd.mean())
    if share < 0.1:
        return Finding('faults', share, OK)
    return Finding('faults', share, LOOK, f'{share:.0%} of the episodes have spikes, jumps, stuck '
                   'values, copies or drop-outs: look for the cause before recording more', RESTORE)


def check_clock(dataset: Dataset, norms: Norms) -> Finding:
    """Say whether time stamps were measured or made."""
    steps = np.concatenate([np.diff(e.timestamp_s) for e in dataset])
    if not len(steps):
        return Finding('clock', 0.0, OK)
    off = float(np.abs(steps / norms.period_s - np.round(steps / norms.period_s)).max())
    if off < 1e-6:
        return Finding('clock', off, OK, 'the time stamps lie exactly on the grid of the rate: '
                       'they were simulated or resampled and say nothing about the true timing')
    return Finding('clock', off, OK, f'the time between rows is {steps.mean() * 1e3:.1f} ms on '
                   f'average, {np.quantile(steps, 0.99) * 1e3:.1f} ms at the 99 % quantile')


def check_recording(dataset: Dataset, norms: Norms) -> Finding:
    """Judge what the import of bags kept of the recording's own timing."""
    timing = (dataset.meta.get('import') or {}).get('timing')
    if not timing:
        return Finding('recording', 0.0, OK, 'nothing is known of the recording itself')
    missed = timing['missed'] / max(timing['frames'] + timing['missed'], 1)
    ratio = timing['true_rate_hz'] / timing['contract_rate_hz']
    late = timing['worst_latency_s'] / norms.period_s
    text = (f'recorded at {timing["true_rate_hz"]:.3g} Hz (contract '
            f'{timing["contract_rate_hz"]:.3g} Hz), {timing["missed"]} of '
            f'{timing["frames"] + timing["missed"]} frames missing, longest gap '
            f'{timing["longest_gap_s"]:.3f} s, worst latency {timing["worst_latency_s"]:.3f} s')
    odd = missed > _MISSED or abs(ratio - 1) > norms.config.rate or late > _LATE_PERIODS
    return Finding('recording', missed, LOOK if odd else OK, text, RECORD if odd else '')


def check_lag(dataset: Dataset, norms: Norms) -> Finding:
    """Judge the delay between commands and motion."""
    lag = norms.lag.usual
    if lag is None:
        return Finding('lag', 0.0, OK, 'no action element visibly drives a state element: the '
                       'delay between them is unknown')
    ms = lag * norms.period_s * 1e3
    if lag < 0:
        return Finding('lag', lag, LOOK, f'the state moves {-lag} rows before the command: the '
                       'actions are recorded too late, or they are measured, not commanded',
                       RECORD)
    if lag >= 4:
        return Finding('lag', lag, LOOK, f'the state follows the commands only {lag} rows '
                       f'({ms:.0f} ms) later', RECORD)
    return Finding('lag', lag, OK, f'the state follows the commands within {lag + 1} rows')


def check_columns(dataset: Dataset, norms: Norms) -> Finding:
    """Judge columns that a normaliser trips over."""
    found = observation_columns(dataset, norms) + action_columns(dataset, norms)
    parts = []
    for trap, text in ((words.NEARLY, 'little motion; dividing by their std makes noise of them'),
                       (words.HEAVY_TAILS, 'few values far outside, which stretch mean and std'),
                       (words.RARE, 'mostly one value; the std is that of rare events')):
        names = [column.name for column in found if trap in column.traps]
        if names:
            parts.append(f'{_some(names)}: {text}')
    squeezed = [c.name for c in found if c.squeezed and words.RARE not in c.traps]
    if squeezed:
        parts.append(f'{_some(squeezed)}: scaling by minimum and maximum would squeeze 98 % into '
                     'a corner; take quantiles')
    constant = [c.name for c in found if words.CONSTANT in c.traps]
    note = f'{_some(constant)}: always the same value' if constant else ''
    if not parts:
        return Finding('columns', 0.0, OK, note)
    return Finding('columns', len(parts), LOOK, '; '.join(filter(None, (*parts, note))), INSPECT)


def check_action_box(dataset: Dataset, norms: Norms) -> Finding:
    """Judge whether the actions are in -1..1 at all."""
    top = float(np.abs(norms.rows.action).max(initial=0.0))
    share = float((np.abs(norms.rows.action) > 1 + 1e-6).any(axis=1).mean())
    if norms.boxed:
        return Finding('action box', share, OK)
    return Finding('action box', share, LOOK, f'{share:.0%} of the actions lie beyond -1..1, up '
                   f'to {top:.3g}: another unit than the contract means', INSPECT)


def check_coverage(dataset: Dataset, norms: Norms) -> Finding:
    """Judge whether starts and goals differ, and name the thin regions."""
    coverage = Coverage.of(norms.rows, norms.trusted)
    labels = dataset.contract.observation_spec.labels
    if len(coverage.start) >= _ENOUGH and not (coverage.goals or coverage.varied):
        return Finding('coverage', 0.0, LOOK, 'all episodes begin at the same place: a policy '
                       'learns this start only', RECORD)
    thin = [f'{labels[e]} in {a:.3g}..{b:.3g} ({count})' for e, a, b, count in coverage.thin]
    note = (f'few episodes begin with {_some(thin, 3)}' if thin else
            f'starts and goals differ in {len(coverage.goals) + len(coverage.varied)} elements')
    return Finding('coverage', len(thin), OK, note)


def check_contradictions(dataset: Dataset, norms: Norms) -> Finding:
    """Judge rows that look alike but are answered very differently."""
    share = norms.neighbors.contradiction
    found = norms.neighbors.contradicting
    compared = norms.neighbors.compared
    if share < norms.config.contradiction or compared < _COMPARED:
        return Finding('contradictions', share, OK)
    (here, there, difference), rows = found[0], norms.rows
    where = [f'episode {rows.episode[i]} row {i - rows.start[rows.episode[i]]}'
             for i in (here, there)]
    return Finding('contradictions', share, LOOK, f'{share:.0%} of the rows that have a close '
                   f'neighbour contradict it, e.g. {where[0]} and {where[1]} (actions '
                   f'{difference:.2g} apart): a policy that sees one instant learns the mean',
                   INSPECT)


def check_leaks(dataset: Dataset, norms: Norms) -> Finding:
    """Judge what a split by episodes would have on both sides."""
    twins = norms.twins
    count = len(twins.exact) + len(twins.near)
    if count:
        return Finding('leaks', count, LOOK, f'{count} episodes repeat others: on both sides of a '
                       'split they make validation look better than it is', LEAVE_OUT)
    if len(twins.seeds) > 0.1 * len(dataset):
        return Finding('leaks', len(twins.seeds), LOOK, f'{len(twins.seeds)} episodes have the '
                       'start (seed and noise level) of another: keep these on one side of a '
                       'split', INSPECT)
    return Finding('leaks', 0.0, OK)


DATASET_CHECKS: tuple[Callable[[Dataset, Norms], Finding], ...] = (
    check_amount, check_outcomes, check_absurd, check_motion, check_pollution, check_faults,
    check_clock, check_recording, check_lag, check_columns, check_action_box, check_coverage,
    check_contradictions, check_leaks)


def observation_columns(dataset: Dataset, norms: Norms) -> tuple[Column, ...]:
    """Return the facts of all elements of the observation."""
    spec = dataset.contract.observation_spec
    return columns(norms.rows.observation, spec.labels,
                   tuple(f.unit for f in spec.features for _ in range(f.size)))


def action_columns(dataset: Dataset, norms: Norms) -> tuple[Column, ...]:
    """Return the facts of all elements of the action."""
    spec = dataset.contract.action_spec
    return columns(norms.rows.action, spec.labels, ('1',) * spec.size)


def _some(names: list[str], most: int = 4) -> str:
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(names[:most]) + more
