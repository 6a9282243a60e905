"""From a polluted dataset to a restored one (dissertation section 3.2.3).

Judge each side by itself -> four subsets -> learn from the clean pairs -> keep, restore or drop.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adapt_learning import catalog
from adapt_learning.data.dataset import NO_LEVEL, Dataset
from adapt_learning.data.normalizer import Normalizer
from adapt_learning.errors import DatasetError
from adapt_learning.restoration.base import Filter, Progress, Side
from adapt_learning.restoration.conditions import Conditions
from adapt_learning.restoration.config import RestorationConfig
from adapt_learning.restoration.faults import missing_rows
from adapt_learning.restoration.lineage import SideOutcome, derive
from adapt_learning.restoration.scale import robust_normalizer
from adapt_learning.restoration.share import ShareConfig, estimate_share
from adapt_learning.restoration.stages import Arrays, Forget, StageProgress, Stages, Store

STAGES = {'judge states': 0.15, 'judge actions': 0.15, 'learn states': 0.3, 'restore states': 0.05,
          'learn actions': 0.3, 'restore actions': 0.05, 'write': 0.02}
"""Names and about their share of the time; `write` is for who writes the result."""
_SIDES = ('state', 'action')
_FEW = 0.01
"""Below this estimated share of polluted values a restoration was probably not needed."""
_ROWS = 65_536
"""Rows whose conditions are in memory together."""


@dataclass(frozen=True)
class RestorationResult:
    """What came out; masks and outcomes are of the input's rows."""

    dataset: Dataset | None
    """The restored dataset; None where it was only judged."""
    kept: np.ndarray
    """Which rows are in it, bool [N]."""
    state: SideOutcome
    action: SideOutcome
    counts: dict[str, int]
    """pairs = kept (as they were) + restored (one side edited, or both) + dropped."""
    estimates: dict[str, Any]
    """Estimated share of polluted values per side ('state', 'action'), None where the filter's
    scores tell nothing; 'reasons' per side."""
    needed: bool
    """Whether the scores say that restoring is worth it."""
    text: str
    """One sentence for people."""


@dataclass(frozen=True)
class _Verdict:
    score: np.ndarray
    suspected: np.ndarray
    polluted: float | None
    needed: bool
    reason: str


def restore_dataset(dataset: Dataset, config: RestorationConfig, seed: int = 0, *,
                    progress: Callable[[StageProgress], None] = lambda now: None,
                    should_stop: Callable[[], bool] = lambda: False,
                    store: Store | None = None, judge_only: bool = False,
                    source: str = '') -> RestorationResult:
    """
    Judge a dataset and, unless `judge_only`, restore it; the input stays as it is.

    NaN and infinity may be in the input: such values are missing, and so are those that
    `missing_rows` finds. With context they are made anew, without it their pairs are dropped. With
    clean_share 'auto' a side whose scores do not speak of pollution stays as it is.
    `source` is the name of the input for the lineage. Raises DatasetError where there is too
    little to learn from, Cancelled where `should_stop` said so; finished stages are in `store`.
    """
    stages = Stages(STAGES, store or Forget(), progress, should_stop)
    work = _Work(dataset, config, seed, stages)
    verdicts = work.judge()
    return work.finish(verdicts, None if judge_only else work.restore(verdicts), source)


class _Work:
    """One restoration."""

    def __init__(self, dataset: Dataset, config: RestorationConfig, seed: int, stages: Stages):
        if not dataset.steps:
            raise DatasetError('a dataset without pairs cannot be restored: collect some first')
        self.dataset, self.config, self.seed, self.stages = dataset, config, seed, stages
        self.episode = np.repeat(np.arange(len(dataset)), [len(one) for one in dataset])
        self.raw = dataset.pairs()
        self.known = [~missing for missing in (
            missing_rows(dataset) if config.find_faults
            else [~np.isfinite(values).all(axis=1) for values in self.raw])]
        self.normalizers: list[Normalizer] = []
        self.values: list[np.ndarray] = []
        for values, known in zip(self.raw, self.known, strict=True):
            normalizer = robust_normalizer(values, known)
            self.normalizers.append(normalizer)
            self.values.append(np.where(known[:, None], normalizer.normalize(values), 0))

    def side(self, i: int) -> Side:
        """Return the states (0) or the actions (1)."""
        return Side(_SIDES[i], self.values[i], self.values[1 - i], self.episode, self.known[i])

    def judge(self) -> list[_Verdict]:
        """Score each side by itself and say what is suspected."""
        config = self.config
        judge = catalog.load('filter', config.filter)(config.filter_settings)
        verdicts = []
        for i, name in enumerate(_SIDES):
            made = self.stages.run(f'judge {name}s', self._judging(name), lambda told, i=i: {
                'score': self._scores(judge, self.side(i), told)})
            verdicts.append(self._verdict(made['score'], self.known[i], judge.share))
        return verdicts

    def _scores(self, judge: Filter, side: Side, told: Progress) -> np.ndarray:
        """Return the score of every value [N]; unknown ones get the largest."""
        if judge.in_time:
            scores = judge.scores(side, self.seed, told)
            scores[~side.known] = scores[side.known].max()
            return scores
        known = judge.scores(side.of_known(), self.seed, told)
        scores = np.full(len(side.known), known.max())
        scores[side.known] = known
        return scores

    def _verdict(self, score: np.ndarray, known: np.ndarray,
                 reading: ShareConfig) -> _Verdict:
        estimate = estimate_share(score[known], reading)
        missing = float(np.mean(~known))
        share = self.config.clean_share
        if share is None:
            suspected = (score > estimate.threshold) if estimate.needed else np.zeros(
                len(score), bool)
        elif np.ptp(score[known]) == 0:
            # Constant data: their order is no verdict.
            suspected = np.zeros(len(score), bool)
        else:
            # By rank and not by value, so that equal scores do not change the share.
            worst = np.argsort(np.where(known, score, np.inf), kind='stable')
            suspected = np.zeros(len(score), bool)
            suspected[worst[round(share * len(score)):]] = True
        reason = estimate.reason
        if missing:
            reason = (f'{missing:.1%} of the values are missing (not finite, zeros of a drop-out, '
                      f'or exact copies of earlier ones); of the others: {reason}')
        return _Verdict(score, suspected | ~known, estimate.polluted * (1 - missing) + missing,
                        estimate.needed or missing > 0, reason)

    def restore(self, verdicts: list[_Verdict]) -> list[SideOutcome]:
        """Restore both sides, states first."""
        suspected = [verdict.suspected for verdict in verdicts]
        self.lost = self._beyond_help(*suspected)
        self.judged = _digest(suspected)
        outcomes = []
        for i in range(2):
            outcomes.append(self._restore_side(i, verdicts[i], suspected))
            if self.config.both_polluted == 'restore':
                # Restored states are what the actions are restored by.
                self._take_over(i, outcomes[i])
                suspected[i] = np.zeros_like(suspected[i])
        return outcomes

    def _beyond_help(self, state: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Return which pairs are dropped, given what is suspected, all bool [N]."""
        lost = np.zeros(len(state), bool)
        if self.config.both_polluted == 'drop':
            lost |= state & action
        if not self.config.context:
            # Of a missing value nothing is left, and four action numbers make no state.
            lost |= ~self.known[0] | ~self.known[1]
        return lost

    def _restore_side(self, i: int, verdict: _Verdict,
                      suspected: list[np.ndarray]) -> SideOutcome:
        config = self.config
        drops = config.both_polluted == 'drop'
        rows = np.flatnonzero(suspected[i] & ~self.lost)
        count = len(suspected[i])
        level = np.full(count, NO_LEVEL)
        edited = np.zeros(count, bool)
        values = np.array(self.raw[i])
        if len(rows):
            conditions = Conditions(self.side(i), suspected[i], suspected[1 - i], config.context,
                                    not drops)
            clean = np.flatnonzero(~suspected[i] & ~suspected[1 - i] if drops else ~suspected[i])
            made = self._restored(i, conditions, clean, rows)
            level[rows] = made['level']
            changed = made['changed']
            edited[rows[changed]] = True
            values[rows[changed]] = self.normalizers[i].denormalize(made['values'][changed])
        return SideOutcome(values, verdict.score.astype(np.float32), verdict.suspected, edited,
                           level.astype(np.int16))

    def _restored(self, i: int, conditions: Conditions, clean: np.ndarray,
                  rows: np.ndarray) -> Arrays:
        config, name = self.config, _SIDES[i]
        self._check_enough(clean, name)
        restorer = catalog.load('restorer', config.restorer)(config.restorer_settings)
        depends = {**self._learning(name), **restorer.learning()}
        if len(clean) > config.most_clean_pairs:
            rng = np.random.default_rng(self.seed)
            clean = np.sort(rng.choice(clean, config.most_clean_pairs, replace=False))

        def learn(told: Progress) -> Arrays:
            restorer.fit(self.values[i][clean], conditions.of(clean), self.seed, told)
            return restorer.state()

        restorer.load_state(self.stages.run(f'learn {name}s', depends, learn))
        depends = {**depends, 'restorer': config.restorer,
                   'settings': config.values()['restorer_settings']}
        return self.stages.run(f'restore {name}s', depends, lambda told: self._in_chunks(
            restorer, i, conditions, rows, told))

    def _in_chunks(self, restorer, i: int, conditions: Conditions, rows: np.ndarray,
                   told: Progress) -> Arrays:
        parts = []
        for first in range(0, len(rows), _ROWS):
            chunk = rows[first:first + _ROWS]
            done, share = first / len(rows), len(chunk) / len(rows)
            parts.append(restorer.restore(
                self.values[i][chunk], self.known[i][chunk], conditions.of(chunk),
                self.seed + first,
                lambda s, text, done=done, share=share: told(done + share * s, text)))
        return {name: np.concatenate([getattr(part, name) for part in parts])
                for name in ('values', 'level', 'changed')}

    def _take_over(self, i: int, outcome: SideOutcome) -> None:
        known = np.isfinite(outcome.values).all(axis=1)
        values = self.normalizers[i].normalize(np.where(known[:, None], outcome.values, 0))
        self.values[i], self.known[i] = np.where(known[:, None], values, 0), known

    def _check_enough(self, clean: np.ndarray, name: str) -> None:
        least = self.config.least_clean_pairs
        if len(clean) < least:
            raise DatasetError(
                f'restoring {name}s learns from clean pairs and needs at least {least} of them; '
                f'{len(clean)} of {self.dataset.steps} pairs are called clean: collect more '
                'demonstrations, try preset trajectory (it suspects fewer values), or set '
                'least_clean_pairs if you know better')

    def _judging(self, name: str) -> dict[str, Any]:
        missing = {} if all(known.all() for known in self.known) else {
            'known': _digest(self.known)}
        return {'data': self.dataset.hash, 'seed': self.seed, 'side': name,
                'filter': self.config.filter, 'settings': self.config.values()['filter_settings'],
                **missing}

    def _learning(self, name: str) -> dict[str, Any]:
        config = self.config
        # The other side's verdict, and in part its restored values, are in the conditions.
        whole = config.values() if config.both_polluted == 'restore' and name == 'action' else None
        # A fixed share follows from the scores; an estimated one depends on code that may be newer
        # than the stages that were kept.
        estimated = {'suspected': self.judged} if config.clean_share is None else {}
        return {'judged': self._judging(name), 'clean_share': config.clean_share, 'whole': whole,
                'context': config.context, 'both': config.both_polluted,
                'most': config.most_clean_pairs, **estimated}

    def finish(self, verdicts: list[_Verdict], outcomes: list[SideOutcome] | None,
               source: str) -> RestorationResult:
        """Count, and make the dataset."""
        estimates = {name: verdict.polluted for name, verdict in zip(_SIDES, verdicts, strict=True)}
        estimates['reasons'] = {name: verdict.reason
                                for name, verdict in zip(_SIDES, verdicts, strict=True)}
        needed = any(verdict.needed for verdict in verdicts)
        restored = outcomes is not None
        if outcomes is None:
            outcomes = [self._untouched(i, verdict) for i, verdict in enumerate(verdicts)]
        state, action = outcomes
        kept = self._kept(state, action) if restored else np.ones(self.dataset.steps, bool)
        edited = state.edited | action.edited
        counts = {'pairs': len(kept), 'kept': int((kept & ~edited).sum()),
                  'restored': int((kept & edited).sum()), 'dropped': int((~kept).sum())}
        text = _sentence(counts, estimates, needed, restored)
        dataset = None
        if restored:
            if not kept.any():
                raise DatasetError('every pair has both sides polluted, so none would be left; '
                                   "collect again, or allow both_polluted 'restore'")
            dataset = derive(self.dataset, state, action, kept, {
                'config': self.config.values(), 'seed': self.seed,
                'source': {'name': source, 'hash': self.dataset.hash}, 'counts': counts,
                'estimates': estimates, 'needed': needed, 'text': text,
                'seconds': {name: round(s, 2) for name, s in self.stages.seconds.items()}})
        return RestorationResult(dataset, kept, state, action, counts, estimates, needed, text)

    def _kept(self, state: SideOutcome, action: SideOutcome) -> np.ndarray:
        finite = np.isfinite(state.values).all(axis=1) & np.isfinite(action.values).all(axis=1)
        return finite & ~self.lost

    def _untouched(self, i: int, verdict: _Verdict) -> SideOutcome:
        count = len(verdict.suspected)
        return SideOutcome(self.raw[i], verdict.score.astype(np.float32), verdict.suspected,
                           np.zeros(count, bool), np.full(count, NO_LEVEL, np.int16))


def _digest(masks: list[np.ndarray]) -> str:
    return hashlib.sha256(np.packbits(masks).tobytes()).hexdigest()[:16]


def _sentence(counts: dict[str, int], estimates: dict[str, Any], needed: bool,
              restored: bool) -> str:
    verdict = ', '.join(
        f'about {100 * estimates[name]:.0f} % of the {name}s look polluted' if estimates[name]
        else f'no pollution was found in the {name}s' for name in _SIDES)
    if not needed:
        verdict = (f'restoring is not needed, or this filter cannot tell: {verdict}; `adapt data '
                   'report` and preset trajectory judge in other ways')
    if not restored:
        return verdict
    done = (f'{verdict}; of {counts["pairs"]} pairs {counts["kept"]} were kept as they were, '
            f'{counts["restored"]} restored, {counts["dropped"]} dropped')
    if max(estimates[name] for name in _SIDES) >= _FEW or counts['kept'] == counts['pairs']:
        return done
    return (f'{done}: a fixed clean_share suspects its share whatever the scores say; train on the '
            'input, or restore with clean_share=auto')
