"""Who learns from the answer of a round: the interface of HERO and of its baselines."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from adapt_learning.generation.hero.config import HeroConfig
from adapt_learning.generation.hero.latent_model import LatentModel, Prompt
from adapt_learning.generation.hero.sampling import Trajectories
from adapt_learning.generation.hero.start_noise import Collected
from adapt_learning.stacked.checkpoint import Checkpoint
from adapt_learning.stacked.training import Training

Tell = Callable[[str, int, int], None]
"""Hears what is being done, how many steps of it are done, and of how many."""


@dataclass(frozen=True)
class Lesson:
    """One round with its answer."""

    trajectories: Trajectories
    is_good: Tensor
    """bool [N]."""
    best: int | None
    """Position of the best, where one of this round was named."""
    collected: Collected
    """With this answer in it."""
    prompt: Prompt


@dataclass(frozen=True)
class Outcome:
    """What a learner did."""

    text: str
    """One clause, for people."""
    rewards: tuple[float, ...] = ()
    """Of every picture, where the learner gives rewards."""
    losses: Mapping[str, float] = field(default_factory=dict)
    updates: int = 0
    """Of the LoRA weights."""


class Learner(ABC):
    """Changes the LoRA weights of a model round by round."""

    def __init__(self, model: LatentModel, weights: nn.ParameterList, config: HeroConfig):
        self.model, self.config = model, config
        self.trainings = self.make(weights)

    @abstractmethod
    def make(self, weights: nn.ParameterList) -> dict[str, Training]:
        """Return all that has a state, by name; one of them holds the weights."""

    @property
    @abstractmethod
    def at_once(self) -> tuple[str, int]:
        """Return the setting that bounds the memory, and its value."""

    @abstractmethod
    def learn(self, lesson: Lesson, tell: Tell) -> Outcome:
        """Learn from a round in which something is good."""

    def checkpoint(self) -> Checkpoint:
        """Return the state between two rounds."""
        states = {name: training.checkpoint() for name, training in self.trainings.items()}
        return Checkpoint(
            {name: state.facts for name, state in states.items()},
            {f'{name}/{key}': x for name, state in states.items()
             for key, x in state.tensors.items()})

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a state of the same run."""
        for name, training in self.trainings.items():
            training.restore(Checkpoint(checkpoint.facts[name], {
                key.partition('/')[2]: x for key, x in checkpoint.tensors.items()
                if key.startswith(f'{name}/')}))
