"""Pictures of a generator as a surface to learn from, in the layout of MVTec-AD."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapt_learning.benchmarks.hero_job import HeroJob
from adapt_learning.benchmarks.inspect_domains import SurfaceFolderJob, pictures_digest
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.surfaces.export import ABOUT, write_png

_GOOD_SEED, _DEFECT_SEED = 2_000_000, 3_000_000
"""Of the pictures; no run has them, nor have the pictures that are counted."""


@dataclass(frozen=True)
class GeneratedSurfaceJob(SurfaceFolderJob):
    """
    Make pictures of a surface without and with a defect.

    Those with a defect come from the model after a run of HERO (or before, as the job says) and its
    prompt. Those without come from the pretrained model, the same for all. Nobody sorts them:
    their labels are what the prompts say.
    """

    kind = 'generated-surface'

    hero: HeroJob
    good_prompt: str
    count: int = 100
    """Pictures of each kind."""

    @property
    def name(self) -> str:
        """Return e.g. holed_wood_hero_0."""
        return self.label.replace('-', '_')

    @property
    def train_count(self) -> int:
        """Return how many good pictures there are."""
        return self.count

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the run."""
        return (self.hero,)

    @property
    def label(self) -> str:
        """Return e.g. holed_wood-hero-0."""
        return self.hero.label

    @property
    def command(self) -> str:
        """Return command lines that make the same kind of pictures."""
        return f'{self.hero.command}; adapt hero sample ARTIFACT --n {self.count} --out DIR'

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 0.2 * self.count

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the key of the run, prompts and number."""
        return {'run': self.hero.key(place), 'good_prompt': self.good_prompt, 'count': self.count}

    def folder(self, place: Workplace) -> Path:
        """Return the folder in the cache."""
        return place.cache / f'generated-{self.key(place)}' / self.name

    def run(self, place: Workplace) -> dict[str, Any]:
        """Make them; count on how many of each kind the hidden rule sees the defect."""
        folder = self.folder(place)
        shutil.rmtree(folder, ignore_errors=True)
        with self.hero.tuned(place) as tuned:
            bad = tuned.pictures(self.count, _DEFECT_SEED)
        with replace(self.hero, method='pretrained').tuned(place) as pretrained:
            good = pretrained.pictures(self.count, _GOOD_SEED, self.good_prompt)
        for place_of, pictures in (('train/good', good), ('test/defect', bad)):
            (folder / place_of).mkdir(parents=True)
            for i, picture in enumerate(pictures):
                write_png(folder / place_of / f'{i:03d}.png', picture)
        about = {'run': self.hero.command, 'good_prompt': self.good_prompt, 'count': self.count}
        # Last: a folder without it was not finished.
        (folder / ABOUT).write_text(json.dumps(about, indent=2) + '\n', encoding='utf-8')
        return {'pictures': pictures_digest(folder), 'count': self.count,
                'defects_seen': self.hero.successes(bad),
                'defects_seen_on_good': self.hero.successes(good)}
