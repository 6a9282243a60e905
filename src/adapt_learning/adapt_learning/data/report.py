"""What is in a dataset, and which episodes deserve a second look.

A check is a small function of one episode and of the facts of all (`Norms`); to add one, write it
and put it into CHECKS. No check changes data, and each says in words what it saw.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.episode import Episode

OK, LOOK, BAD = 'ok', 'look', 'bad'
"""Verdicts, from best to worst: nothing odd; a person should look; do not train on it."""

_RANK = (OK, LOOK, BAD)


@dataclass(frozen=True)
class Finding:
    """What one check saw in one episode."""

    check: str
    value: float
    """The number that the check looks at; its unit stands in the reason."""
    verdict: str
    reason: str = ''
    """One sentence; empty where the verdict is ok."""


@dataclass(frozen=True)
class EpisodeReport:
    """All findings of one episode."""

    episode: int
    steps: int
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """Return the worst verdict."""
        return max((finding.verdict for finding in self.findings), key=_RANK.index)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the reasons of the findings that are not ok, worst first."""
        odd = [finding for finding in self.findings if finding.verdict != OK]
        return tuple(f.reason for f in sorted(odd, key=lambda f: -_RANK.index(f.verdict)))


@dataclass(frozen=True)
class Report:
    """The verdict on every episode."""

    episodes: tuple[EpisodeReport, ...]

    def count(self, verdict: str) -> int:
        """Return how many episodes have a verdict."""
        return sum(episode.verdict == verdict for episode in self.episodes)

    def as_dict(self) -> dict[str, Any]:
        """Return the machine-readable form."""
        return {
            'verdicts': {verdict: self.count(verdict) for verdict in _RANK},
            'episodes': [asdict(episode) | {'verdict': episode.verdict,
                                            'reasons': list(episode.reasons)}
                         for episode in self.episodes],
        }


@dataclass(frozen=True)
class Norms:
    """What is usual in the dataset; episodes are compared with it."""

    period_s: float
    """Control period by the contract [s]."""
    median_steps: float
    median_jerk: float
    observation_range: np.ndarray
    """Distance between the 1 % and the 99 % quantile of all observations, per element [S]."""
    switching: np.ndarray
    """Whether an action element is nearly always at its limit (on/off commands), bool [A]."""
    twins: dict[int, int]
    """Episode -> earlier episode with the same observations and actions."""

    @classmethod
    def of(cls, dataset: Dataset) -> 'Norms':
        """Measure a dataset of at least one episode."""
        observation, action = dataset.pairs()
        return cls(
            period_s=1.0 / dataset.contract.rate_hz,
            median_steps=float(np.median([len(e) for e in dataset])),
            median_jerk=float(np.median([_jerk(e, dataset.contract.rate_hz) for e in dataset])),
            observation_range=np.ptp(
                np.quantile(np.nan_to_num(observation), [0.01, 0.99], axis=0), axis=0),
            switching=(np.abs(np.nan_to_num(action)) >= 0.999).mean(axis=0) > 0.7,
            twins=_twins(dataset))


def info(dataset: Dataset) -> dict[str, Any]:
    """Return the facts of a dataset, machine-readable."""
    observation, action = dataset.pairs()
    contract = dataset.contract
    outcomes = [episode.success for episode in dataset]
    steps = [len(episode) for episode in dataset]
    return {
        'contract': contract.name, 'contract_hash': contract.hash, 'hash': dataset.hash,
        'episodes': len(dataset), 'steps': dataset.steps, 'rate_hz': contract.rate_hz,
        'duration_s': float(sum(e.timestamp_s[-1] - e.timestamp_s[0] for e in dataset)),
        'steps_min': min(steps), 'steps_median': float(np.median(steps)), 'steps_max': max(steps),
        'succeeded': outcomes.count(True), 'failed': outcomes.count(False),
        'outcome_unknown': outcomes.count(None),
        'tasks': sorted({episode.task for episode in dataset}),
        'noise_levels': sorted({e.noise_level for e in dataset if e.noise_level is not None}),
        'extra_columns': sorted(dataset.episodes[0].extras),
        'not_finite': list(dataset.not_finite()),
        'observation': _columns(observation, contract.observation_spec.labels),
        'action': _columns(action, contract.action_spec.labels),
        'lineage': dict(dataset.meta),
    }


def report(dataset: Dataset) -> Report:
    """Check every episode; load the dataset with `allow_not_finite`, so that NaN is seen too."""
    norms = Norms.of(dataset)
    return Report(tuple(
        EpisodeReport(number, len(episode),
                      tuple(check(number, episode, norms) for check in CHECKS))
        for number, episode in enumerate(dataset)))


def check_finite(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge NaN and infinity."""
    bad = sum(int((~np.isfinite(part)).sum()) for part in (episode.observation, episode.action,
                                                           episode.reward))
    return _finding('finite', bad, (1, BAD), '{:.0f} values are NaN or infinite')


def check_success(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the outcome: 1 success, 0 failure, 0.5 unknown."""
    if episode.success is None:
        return Finding('success', 0.5, LOOK, 'nobody said whether it succeeded')
    reason = '' if episode.success else 'the task was not done'
    return Finding('success', float(episode.success), OK if episode.success else BAD, reason)


def check_length(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the length against the median."""
    ratio = len(episode) / norms.median_steps
    if len(episode) < 3:
        return Finding('length', ratio, BAD, f'only {len(episode)} steps')
    odd = not 1 / 3 <= ratio <= 3
    reason = f'{len(episode)} steps, the median is {norms.median_steps:.0f}' if odd else ''
    return Finding('length', ratio, LOOK if odd else OK, reason)


def check_gaps(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge pauses between neighbouring rows that are longer than 1.5 periods."""
    pauses = np.diff(episode.timestamp_s)
    gaps = pauses[pauses > 1.5 * norms.period_s]
    if not gaps.size:
        return Finding('gaps', 0.0, OK)
    verdict = BAD if gaps.max() > 10 * norms.period_s else LOOK
    return Finding('gaps', float(gaps.size), verdict,
                   f'{gaps.size} gaps in time, the longest {gaps.max():.3f} s '
                   f'(period {norms.period_s:.3f} s)')


def check_idle(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the share of steps without command and without motion."""
    still = np.ones(len(episode), dtype=bool)
    still[1:] = np.abs(np.diff(episode.observation, axis=0)).max(axis=1) < 1e-4
    moving = np.abs(episode.action[:, ~norms.switching]).max(axis=1, initial=0.0) > 0.01
    return _finding('idle', float((still & ~moving)[1:].mean()) if len(episode) > 1 else 0.0,
                    (0.3, LOOK), '{:.0%} of the steps stand still')


def check_saturation(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the share of steps whose action is at its limit (on/off commands left out)."""
    action = episode.action[:, ~norms.switching]
    share = float((np.abs(action) >= 0.999).any(axis=1).mean()) if action.size else 0.0
    return _finding('saturation', share, (0.6, LOOK),
                    '{:.0%} of the steps command the largest action')


def check_jerk(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge the third difference of the actions against the median of all episodes."""
    jerk = _jerk(episode, 1.0 / norms.period_s)
    ratio = jerk / norms.median_jerk if norms.median_jerk > 0 else float(jerk > 0)
    return _finding('jerk', ratio, (4.0, LOOK), 'the actions jerk {:.1f} x as much as usual')


def check_spikes(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge single observations that jump away and back by a third of what they ever move."""
    limit = np.maximum(norms.observation_range / 3, 1e-6)
    jumps = int((_spikes(episode.observation) > limit).any(axis=1).sum())
    return _finding('spikes', jumps, (1, LOOK), '{:.0f} rows jump away and back at once')


def check_twin(number: int, episode: Episode, norms: Norms) -> Finding:
    """Judge whether the same episode came before."""
    if number not in norms.twins:
        return Finding('twin', 0.0, OK)
    return Finding('twin', 1.0, BAD, f'the same as episode {norms.twins[number]}')


CHECKS: tuple[Callable[[int, Episode, Norms], Finding], ...] = (
    check_finite, check_success, check_length, check_gaps, check_idle, check_saturation,
    check_jerk, check_spikes, check_twin)


def _finding(name: str, value: float, limit: tuple[float, str], reason: str) -> Finding:
    """Return ok below the limit, its verdict and reason from there on."""
    if value < limit[0]:
        return Finding(name, float(value), OK)
    return Finding(name, float(value), limit[1], reason.format(value))


def _spikes(values: np.ndarray) -> np.ndarray:
    """Return by how much each value sticks out of both its neighbours, >= 0, shape [T-2, S]."""
    steps = np.diff(np.nan_to_num(values.astype(np.float64)), axis=0)
    before, after = steps[:-1], steps[1:]
    return np.where(before * after < 0, np.minimum(np.abs(before), np.abs(after)), 0.0)


def _jerk(episode: Episode, rate_hz: float) -> float:
    """Return the root mean square of the third difference of the actions [1/s^3]."""
    if len(episode) < 4:
        return 0.0
    third = np.nan_to_num(np.diff(episode.action.astype(np.float64), n=3, axis=0))
    return float(np.sqrt((third ** 2).mean())) * rate_hz ** 3


def _twins(dataset: Dataset) -> dict[int, int]:
    first: dict[tuple[bytes, bytes], int] = {}
    twins = {}
    for number, episode in enumerate(dataset):
        key = episode.observation.tobytes(), episode.action.tobytes()
        if first.setdefault(key, number) != number:
            twins[number] = first[key]
    return twins


def _columns(values: np.ndarray, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    result = []
    for label, column in zip(labels, values.T, strict=True):
        finite = column[np.isfinite(column)].astype(np.float64)
        numbers = ({'min': finite.min(), 'mean': finite.mean(), 'max': finite.max(),
                    'std': finite.std()} if finite.size else
                   dict.fromkeys(('min', 'mean', 'max', 'std')))
        result.append({'name': label} | {
            key: None if value is None else float(value) for key, value in numbers.items()})
    return result
