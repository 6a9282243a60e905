"""What became of a round, for people and programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class RoundFacts:
    """One answered round, after learning."""

    round: int
    good: int
    """How many pictures were good; all others were bad."""
    bad: int
    best: int | None
    """Position of the best picture, where one of this round was named."""
    best_picture: str | None
    """The best picture so far: its file, seen from the folder of the run."""
    explanation: str
    """One sentence: what was learnt, or why nothing was."""
    started_from: str
    """Where the pictures of this round began."""
    updates: int = 0
    """Of the LoRA weights."""
    rewards: tuple[float, ...] = ()
    """Of each picture; empty where there were none."""
    losses: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; `facts_of` inverts it."""
        return {**asdict(self), 'rewards': list(self.rewards), 'losses': dict(self.losses)}


def facts_of(values: Mapping[str, Any]) -> RoundFacts:
    """Return the facts of JSON values."""
    return RoundFacts(**{**values, 'rewards': tuple(values['rewards'])})
