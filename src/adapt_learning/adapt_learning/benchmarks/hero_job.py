"""One run of HERO, or of a baseline, with a simulated evaluator, and how good it became."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from adapt_learning import catalog
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.data.files import sha256_of
from adapt_learning.generation.hero.artifact import Tuned
from adapt_learning.generation.hero.config import HeroConfig, preset
from adapt_learning.generation.hero.latent_model import load_model
from adapt_learning.generation.hero.lora import without_lora
from adapt_learning.generation.hero.round_folder import RoundFolder
from adapt_learning.generation.hero.run import HeroRun, judged
from adapt_learning.generation.hero.start_noise import Collected
from adapt_learning.generation.small.rules.base import Rule
from adapt_learning.generation.small.simulated import SimulatedEvaluator
from adapt_learning.stacked.config import from_values, naming_values, to_values, with_overrides

SAMPLE_SEED = 1_000_000
"""Of the pictures that are counted; no run has it."""


class Method(NamedTuple):
    """A row of the tables."""

    title: str
    settings: tuple[str, ...]
    """key=value of HeroConfig."""
    learns: bool = True


METHODS = MappingProxyType({
    'pretrained': Method('pretrained', (), learns=False),
    'dreambooth': Method('DreamBooth-like: the best and three other good ones of the first round', (
        'method=supervised', 'start.kind=plain', 'rounds=1')),
    'supervised': Method('supervised on all good pictures, every round', (
        'method=supervised', 'start.kind=plain', 'supervised.most=0')),
    'd3po': Method('D3PO', ('method=d3po', 'start.kind=plain')),
    'hero': Method('HERO', ()),
    'binary': Method('HERO-binary', ('reward=binary',)),
    'no_embed': Method('HERO-noEmbed', ('reward=no_embed',)),
    'positives': Method('HERO-positives', ('reward=positives',)),
    'beta_0': Method('HERO, best image ratio 0', ('start.best_share=0',)),
    'beta_1': Method('HERO, best image ratio 1', ('start.best_share=1',)),
    'random': Method('HERO, random start noises', ('start.kind=plain',)),
})


@dataclass(frozen=True)
class HeroJob(Job):
    """Let a hidden rule judge a run; count successes of new pictures by the same rule."""

    kind = 'hero'

    pipeline: Path
    rule: str
    method: str
    seed: int
    preset: str = 'cpu'
    samples: int = 200
    error_rate: float = 0.0
    overrides: tuple[str, ...] = ()

    @property
    def config(self) -> HeroConfig:
        """Return the settings of the run."""
        return from_values(HeroConfig, with_overrides(to_values(preset(self.preset)), (
            *self.overrides, *METHODS[self.method].settings, f'seed={self.seed}')))

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return none: the pipeline is given."""
        return ()

    @property
    def label(self) -> str:
        """Return e.g. two_green_circles-hero-0."""
        return f'{self.rule}-{self.method}-{self.seed}'

    @property
    def command(self) -> str:
        """Return the command line of the run."""
        changes = ''.join(f' --set {one}' for one in (
            *self.overrides, *METHODS[self.method].settings))
        return (f'adapt hero run PIPELINE --prompt "{self.judge.prompt}" --evaluator '
                f'simulated:{self.rule} --preset {self.preset} --seed {self.seed} --error-rate '
                f'{self.error_rate:g}{changes} --out ARTIFACT')

    @property
    def cost(self) -> float:
        """Return rounds, and the pictures that are counted in rounds."""
        config, learns = self.config, METHODS[self.method].learns
        return self.samples / config.pictures + config.rounds * learns

    @property
    def judge(self) -> Rule:
        """Return the hidden rule."""
        return catalog.load('evaluator', self.rule)()

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hash of the pipeline, all settings, and who judges."""
        version = self.judge.version
        rule = self.rule if version == 1 else f'{self.rule} {version}'
        return {'pipeline': pipeline_hash(self.pipeline), 'rule': rule,
                'config': naming_values(self.config), 'learns': METHODS[self.method].learns,
                'error_rate': self.error_rate, 'samples': self.samples}

    def has_product(self, place: Workplace) -> bool:
        """Return True: no other job uses the run itself."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Make the run, or go on with it, and count."""
        if not METHODS[self.method].learns:
            with self.tuned(place) as tuned:
                return {'curve': [], 'answers': 0, **self._counted(tuned)}
        with self.finished(place) as run:
            shown = [RoundFolder(run.folder, facts.round).pictures() for facts in run.history]
            # Judged again without errors: what the evaluator said is not what was there.
            curve = [self.successes(pictures) / len(pictures) for pictures in shown]
            return {'curve': curve, 'answers': sum(map(len, shown)),
                    'updates': sum(facts.updates for facts in run.history),
                    **self._counted(_tuned(run))}

    @contextmanager
    def tuned(self, place: Workplace) -> Iterator[Tuned]:
        """Give the model after the last answer; a run that is not in the cache is made again."""
        if not METHODS[self.method].learns:
            yield Tuned(load_model(self.pipeline), Collected(), self.config, self.judge.prompt)
            return
        with self.finished(place) as run:
            yield _tuned(run)

    @contextmanager
    def finished(self, place: Workplace) -> Iterator[HeroRun]:
        """Give the run with all its answers: that of the cache, gone on with, or a new one."""
        folder = place.cache / f'hero-{self.label}-{self.key(place)}'
        run = (HeroRun.open(folder) if (folder / 'run.json').is_file() else
               HeroRun.create(folder, self.pipeline, self.judge.prompt, self.config))
        with run:
            judged(run, SimulatedEvaluator(self.judge, self.error_rate, self.seed).judge)
            yield run

    def successes(self, pictures: np.ndarray) -> int:
        """Return how many of pictures uint8 [n, H, W, 3] the hidden rule calls a success."""
        return sum(bool(self.judge.judge(picture).success) for picture in pictures)

    def _counted(self, tuned: Tuned) -> dict[str, Any]:
        def draw(plain: bool = False) -> np.ndarray:
            return tuned.pictures(self.samples, SAMPLE_SEED + self.seed, plain_noise=plain)

        pictures = draw(plain=True)
        plain = self.successes(pictures)
        found = {'samples': self.samples, 'successes': plain, 'plain_successes': plain,
                 'plain_variety': variety(pictures)}
        # Where no stored noise is begun from, all would be the same pictures.
        if self.config.start.kind != 'plain' and not tuned.collected.is_empty:
            pictures = draw()
            found['successes'] = self.successes(pictures)
            # What of the success is in the noises alone, whatever was learnt.
            with without_lora(tuned.model):
                found['noises_successes'] = self.successes(draw())
        return {**found, 'variety': variety(pictures)}


def variety(pictures: np.ndarray) -> float:
    """
    Return how much pictures uint8 [n, H, W, 3] differ from one another, in 0..1.

    Root of the mean squared difference of their values, over all pairs; 0 where all are the same.
    """
    if len(pictures) < 2:
        return 0.0
    # The mean over pairs of (a - b)^2 is twice the variance, without bias.
    return float(np.sqrt(2 * pictures.var(axis=0, ddof=1, dtype=np.float64).mean())) / 255


def _tuned(run: HeroRun) -> Tuned:
    return Tuned(run.model, run.collected, run.config, run.prompt)


def pipeline_hash(folder: Path) -> str:
    """Return one hash of all weights and configurations of a pipeline."""
    files = sorted(path for path in folder.rglob('*') if path.suffix in ('.safetensors', '.json')
                   and path.parent != folder or path.name == 'model_index.json')
    text = '\n'.join(f'{path.relative_to(folder)} {sha256_of(path)}' for path in files)
    return hashlib.sha256(text.encode()).hexdigest()
