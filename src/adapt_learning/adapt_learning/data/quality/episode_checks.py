"""
What is looked at in every episode.

A check is a small function of one episode and of the facts of all (`Norms`); to add one, write it
and put it into CHECKS. No check changes data, and each says in words what it saw.
"""

from collections.abc import Callable

import numpy as np

from adapt_learning.data.dataset import SOURCE_ROW
from adapt_learning.data.episode import Episode
from adapt_learning.data.quality.findings import (
    BAD,
    INSPECT,
    LEAVE_OUT,
    LOOK,
    OK,
    RECORD,
    RESTORE,
    Finding,
    at_least,
)
from adapt_learning.data.quality.norms import AT_LIMIT, Norms


def check_finite(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge NaN and infinity."""
    parts = (episode.observation, episode.action, episode.reward[:, None])
    bad = [~np.isfinite(part) for part in parts]
    rows = np.flatnonzero(np.any([part.any(axis=1) for part in bad], axis=0))
    return at_least('finite', sum(int(part.sum()) for part in bad), 1, BAD,
                    '{:.0f} values are NaN or infinite', LEAVE_OUT, _rows(rows))


def check_absurd(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge values that are far too large to be measured."""
    first, end = norms.rows.start[number:number + 2]
    places = np.concatenate([norms.rows.absurd_states, norms.rows.absurd_actions])[:, 0]
    inside = places[(first <= places) & (places < end)] - first
    return at_least('absurd', len(inside), 1, BAD, '{:.0f} values are absurdly large',
                    LEAVE_OUT, _rows(np.unique(inside)))


def check_success(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the outcome: 1 success, 0 failure, 0.5 unknown."""
    if episode.success is None:
        return Finding('success', 0.5, LOOK, 'nobody said whether it succeeded', INSPECT)
    if not episode.success:
        return Finding('success', 0.0, BAD, 'the task was not done', LEAVE_OUT)
    return Finding('success', 1.0, OK)


def check_length(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the length against the median."""
    ratio = len(episode) / norms.median_steps
    if len(episode) < 3:
        return Finding('length', ratio, BAD, f'only {len(episode)} steps', LEAVE_OUT)
    if 1 / norms.config.length <= ratio <= norms.config.length:
        return Finding('length', ratio, OK)
    return Finding('length', ratio, LOOK,
                   f'{len(episode)} steps, the median is {norms.median_steps:.0f}', INSPECT)


def check_gaps(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge pauses between neighbouring rows that are longer than 1.5 periods."""
    pauses = _pauses(episode)
    wide = np.flatnonzero(pauses > norms.config.gap * norms.period_s)
    if not wide.size:
        return Finding('gaps', 0.0, OK)
    longest = pauses[wide].max()
    verdict = BAD if longest > norms.config.gap_bad * norms.period_s else LOOK
    return Finding('gaps', float(wide.size), verdict,
                   f'{wide.size} gaps in time, the longest {longest:.3f} s '
                   f'(period {norms.period_s:.3f} s)', RECORD, _rows(wide + 1))


def check_rate(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the true rate by the time stamps against the contract's."""
    pauses = _pauses(episode)
    if len(pauses) < 3:
        return Finding('rate', 1.0, OK)
    ratio = float(np.median(pauses)) / norms.period_s
    if abs(ratio - 1) <= norms.config.rate:
        return Finding('rate', ratio, OK)
    return Finding('rate', ratio, LOOK,
                   f'it runs at {1 / np.median(pauses):.3g} Hz, the contract says '
                   f'{1 / norms.period_s:.3g} Hz', RECORD)


def check_timing(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge how evenly the rows follow each other (gaps left out)."""
    pauses = _pauses(episode)
    usual = pauses[pauses <= norms.config.gap * norms.period_s]
    value = float(usual.std()) / norms.period_s if len(usual) > 2 else 0.0
    return at_least('timing', value, norms.config.timing, LOOK,
                    'the period varies by {:.0%}', RECORD)


def check_idle(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the share of steps without command and without motion."""
    if len(episode) < 2:
        return Finding('idle', 0.0, OK)
    still = np.abs(np.diff(episode.observation, axis=0)).max(axis=1) < 1e-4
    moving = np.abs(episode.action[1:, ~norms.switching]).max(axis=1, initial=0.0) > 0.01
    rows = np.flatnonzero(still & ~moving) + 1
    return at_least('idle', len(rows) / (len(episode) - 1), norms.config.idle, LOOK,
                    '{:.0%} of the steps stand still', INSPECT, _rows(rows))


def check_saturation(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the share of steps whose action is at its limit (on/off commands left out)."""
    action = episode.action[:, ~norms.switching]
    share = float((np.abs(action) >= AT_LIMIT).any(axis=1).mean()) if (
        action.size and norms.boxed) else 0.0
    return at_least('saturation', share, norms.config.saturation, LOOK,
                    '{:.0%} of the steps command the largest action', INSPECT)


def check_beyond(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the share of steps with an action beyond -1..1, which a robot cannot have done."""
    rows = np.flatnonzero((np.abs(episode.action) > 1 + 1e-6).any(axis=1))
    share = len(rows) / len(episode) if norms.boxed else 0.0
    return at_least('beyond', share, norms.config.beyond, LOOK,
                    '{:.0%} of the actions lie beyond -1..1', RESTORE, _rows(rows))


def check_jerk(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the third difference of the actions against the median of all episodes."""
    return _unusual('jerk', norms.jerk, number, norms.config.jerk,
                    'the actions jerk {:.1f} x as much as usual')


def check_shaking(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the second difference of the observations against the median of all episodes."""
    return _unusual('shaking', norms.shaking, number, norms.config.shaking,
                    'the observations shake {:.1f} x as much as usual')


def check_spikes(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge single observations that jump away and back by half of what they ever move."""
    return _marked('spikes', norms.spikes[number],
                   'values that jump away and back at once in {:.0f} of the rows', RESTORE)


def check_jumps(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge places where the motion goes on elsewhere: a bias or a shifted piece begins or ends."""
    return _marked('jumps', norms.jumps[number],
                   'the motion breaks off and goes on elsewhere, {:.0f} times', INSPECT)


def check_stuck(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge sensors that repeat a value although they nearly always move."""
    return _marked('stuck', norms.stuck[number],
                   'a value that nearly always moves is repeated in {:.0f} of the rows', RESTORE)


def check_zeros(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge rows that are 0 as a whole: a sensor dropped out."""
    return _marked('zeros', norms.zeros[number],
                   'all values are 0 (sensors dropped out) in {:.0f} of the rows', RESTORE)


def check_copies(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge rows that are exact copies of earlier ones: messages were late or stuck."""
    return _marked('copies', norms.copies[number],
                   '{:.0f} of the rows copy an earlier one in mid-motion (late or stuck)', RESTORE)


def check_states(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the share of rows whose state does not fit between its neighbours in time."""
    return _suspected('states', norms.state_rows[number], len(episode), norms)


def check_actions(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the share of rows whose action does not fit between its neighbours in time."""
    return _suspected('actions', norms.action_rows[number], len(episode), norms)


def check_outlier(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge how far the episode is from the nearest rows of others, against what is usual."""
    return _unusual('outlier', norms.neighbors.distance, number, norms.config.outlier,
                    'it is {:.1f} x as far from all other episodes as usual')


def check_lag(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge how many rows after the command the state moves."""
    if norms.lag.usual is None:
        return Finding('lag', 0.0, OK)
    own = int(norms.lag.episode[number])
    late = own - norms.lag.usual
    if abs(late) < norms.config.lag_rows:
        return Finding('lag', float(own), OK)
    way = 'later' if late > 0 else 'sooner'
    return Finding('lag', float(own), LOOK,
                   f'the state follows the commands {abs(late)} rows {way} than usual', RECORD)


def check_twin(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge whether the same episode, or nearly the same, came before."""
    if number in norms.twins.exact:
        return Finding('twin', 1.0, BAD, f'the same as episode {norms.twins.exact[number]}',
                       LEAVE_OUT)
    if number in norms.twins.near:
        other, distance = norms.twins.near[number]
        return Finding('twin', 1.0 - distance, LOOK, f'nearly the same as episode {other} '
                       f'(they differ by {distance:.2g} std)', LEAVE_OUT)
    return Finding('twin', 0.0, OK)


CHECKS: tuple[Callable[[int, Episode, Norms], Finding], ...] = (
    check_finite, check_absurd, check_success, check_length, check_gaps, check_rate, check_timing,
    check_idle, check_saturation, check_beyond, check_jerk, check_shaking, check_spikes,
    check_jumps, check_stuck, check_copies, check_zeros, check_states, check_actions, check_outlier,
    check_lag, check_twin)


def _pauses(episode: Episode) -> np.ndarray:
    """Return the time between neighbouring rows [s]; over dropped rows, per row of the input."""
    pauses = np.diff(episode.timestamp_s)
    if SOURCE_ROW in episode.extras:
        pauses = pauses / np.maximum(np.diff(episode.extras[SOURCE_ROW]), 1)
    return pauses


def _suspected(name: str, rows: np.ndarray, steps: int, norms: Norms) -> Finding:
    share = len(rows) / steps
    if len(rows) < 2 or share < norms.config.suspicious_look:
        return Finding(name, share, OK, rows=_rows(rows))
    verdict = BAD if share >= norms.config.suspicious_bad else LOOK
    return Finding(name, share, verdict, f'{len(rows)} of {steps} {name} do not fit their '
                   'neighbours in time', RESTORE, _rows(rows))


def _unusual(name: str, values: np.ndarray, number: int, limit: float, reason: str) -> Finding:
    usual = float(np.median(values))
    ratio = values[number] / usual if usual > 0 else 1.0 + float(values[number] > 0)
    return at_least(name, ratio, limit, LOOK, reason, INSPECT)


def _marked(name: str, rows: np.ndarray, text: str, remedy: str) -> Finding:
    """Return the finding of a check that marks rows: one is enough to look at."""
    return at_least(name, len(rows), 1, LOOK, text, remedy, _rows(rows))


def _rows(rows: np.ndarray) -> tuple[int, ...]:
    return tuple(int(row) for row in rows)
