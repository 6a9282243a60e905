"""What the checks say: findings, the verdict on an episode, the verdict on a dataset."""

from dataclasses import asdict, dataclass
from typing import Any

OK, LOOK, BAD = 'ok', 'look', 'bad'
"""Verdicts, from best to worst: nothing odd; a person should look; do not train on it."""

VERDICTS = (OK, LOOK, BAD)

RESTORE, LEAVE_OUT, RECORD, INSPECT = 'restore', 'leave out', 'record again', 'inspect'
"""What mends a finding."""

SCHEMA = 'adapt.quality/1'
"""Form of the machine-readable report; the number changes when a key changes its meaning."""


@dataclass(frozen=True)
class Finding:
    """What one check saw in one episode, or in the dataset as a whole."""

    check: str
    value: float
    """The number that the check looks at; its unit stands in the reason."""
    verdict: str
    reason: str = ''
    """One sentence; for an ok finding it is a note, or empty."""
    remedy: str = ''
    """What mends it: one of the words above, or empty."""
    rows: tuple[int, ...] = ()
    """Rows of the episode that are meant, rising; empty where all or none are."""


@dataclass(frozen=True)
class EpisodeReport:
    """All findings of one episode."""

    episode: int
    steps: int
    success: bool | None
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """Return the worst verdict."""
        return worst(self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the reasons of the findings that are not ok, worst first."""
        return tuple(finding.reason for finding in odd(self.findings))

    def rows(self, check: str) -> tuple[int, ...]:
        """Return the rows that a check pointed at."""
        return next((f.rows for f in self.findings if f.check == check), ())


@dataclass(frozen=True)
class Report:
    """The verdict on every episode and on the whole."""

    episodes: tuple[EpisodeReport, ...]
    findings: tuple[Finding, ...]
    """What concerns the dataset as a whole."""
    summary: str
    """One sentence: what this dataset is fit for."""
    advice: tuple[str, ...]
    """What to do next, most urgent first."""

    @property
    def verdict(self) -> str:
        """Return the verdict on the whole: of its findings, and of the share of bad episodes."""
        share = self.count(BAD) / len(self.episodes)
        by_episodes = BAD if share >= 0.1 else LOOK if share > 0 else OK
        return max(worst(self.findings), by_episodes, key=VERDICTS.index)

    def count(self, verdict: str) -> int:
        """Return how many episodes have a verdict."""
        return sum(episode.verdict == verdict for episode in self.episodes)

    def as_dict(self) -> dict[str, Any]:
        """Return the machine-readable form."""
        return {
            'schema': SCHEMA,
            'verdict': self.verdict, 'summary': self.summary, 'advice': list(self.advice),
            'verdicts': {verdict: self.count(verdict) for verdict in VERDICTS},
            'findings': [asdict(finding) for finding in self.findings],
            'episodes': [asdict(episode) | {'verdict': episode.verdict,
                                            'reasons': list(episode.reasons)}
                         for episode in self.episodes],
        }


def worst(findings: tuple[Finding, ...]) -> str:
    """Return the worst verdict of some findings; ok where there are none."""
    return max((finding.verdict for finding in findings), key=VERDICTS.index, default=OK)


def odd(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return the findings that are not ok, worst first."""
    return sorted((f for f in findings if f.verdict != OK),
                  key=lambda f: -VERDICTS.index(f.verdict))


def at_least(name: str, value: float, limit: float, verdict: str, reason: str, remedy: str = '',
             rows: tuple[int, ...] = ()) -> Finding:
    """Return ok below the limit, `verdict` with the reason (formatted with value) from there on."""
    if value < limit:
        return Finding(name, float(value), OK)
    return Finding(name, float(value), verdict, reason.format(value), remedy, rows)
