"""What a run of HERO has learnt for a related prompt: section 2.2.6's transfer, with a number."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from adapt_learning.benchmarks.hero_job import SAMPLE_SEED, HeroJob
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.generation.hero.artifact import Tuned
from adapt_learning.generation.hero.latent_model import load_model
from adapt_learning.generation.hero.start_noise import Collected

RELATED = MappingProxyType({
    'two_green_circles': 'two green circles on a striped background'})
"""Rule -> another prompt, whose success it can judge: what is added it does not look at."""


@dataclass(frozen=True)
class TransferJob(Job):
    """Count successes of a related prompt: tuned, tuned from plain noise, and pretrained."""

    kind = 'hero-transfer'

    hero: HeroJob
    prompt: str
    samples: int = 200

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the run."""
        return (self.hero,)

    @property
    def label(self) -> str:
        """Return e.g. two_green_circles-hero-0."""
        return self.hero.label

    @property
    def command(self) -> str:
        """Return command lines that make the same kind of pictures."""
        return (f'{self.hero.command}; adapt hero sample ARTIFACT --prompt "{self.prompt}" --n '
                f'{self.samples}')

    @property
    def cost(self) -> float:
        """Return rounds, in the unit of `HeroJob`."""
        return 3 * self.samples / self.hero.config.pictures

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the key of the run, prompt and number."""
        return {'run': self.hero.key(place), 'prompt': self.prompt, 'samples': self.samples}

    def has_product(self, place: Workplace) -> bool:
        """Return that its result is all there is."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Draw the pictures, with seeds that no run has, and count."""
        with self.hero.tuned(place) as tuned:
            found = {'successes': self._count(tuned),
                     'plain_successes': self._count(tuned, plain=True)}
        pretrained = Tuned(load_model(self.hero.pipeline), Collected(), self.hero.config,
                           self.prompt)
        return {'samples': self.samples, **found,
                'pretrained_successes': self._count(pretrained, plain=True)}

    def _count(self, tuned: Tuned, plain: bool = False) -> int:
        return self.hero.successes(tuned.pictures(
            self.samples, SAMPLE_SEED + self.hero.seed, self.prompt, plain))


def transfer_jobs(hero: HeroJob) -> list[TransferJob]:
    """Return the job of a run, where there is a related prompt for its rule."""
    if hero.method != 'hero' or hero.rule not in RELATED:
        return []
    return [TransferJob(hero, RELATED[hero.rule], hero.samples)]


def stored_transfers(hero: list[HeroJob], place: Workplace) -> list[dict[str, Any]]:
    """Return the results that are there, of several seeds."""
    return [found['result'] for job in hero for one in transfer_jobs(job)
            if (found := one.stored(place)) is not None]
