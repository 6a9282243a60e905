"""How long an AC-GAN takes from scratch to draw an attribute as well as a dec-GAN swaps it."""

import time
from dataclasses import dataclass
from typing import Any

import torch

from adapt_learning import catalog
from adapt_learning.benchmarks.decgan_jobs import DecGanJob, SplitJob, image_set
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.generation.decgan.ac_gan import AcGan, AcGanConfig, AcGanTraining
from adapt_learning.generation.decgan.batches import as_images
from adapt_learning.generation.decgan.measures import classes_of, frechet_distance
from adapt_learning.stacked.config import to_values
from adapt_learning.stacked.short_training import one_thread
from adapt_learning.trainers.report_decgan import train_judges

_LOOK_EVERY = 50
"""Updates between two looks, which are not counted as time."""
_DRAWN = 1000


@dataclass(frozen=True)
class AcGanJob(Job):
    """Train until attribute and likeness to real pictures are those of a dec-GAN's swaps."""

    kind = 'ac_gan'

    split: SplitJob
    row: DecGanJob
    """Of the split: what is to be reached."""
    config: AcGanConfig = AcGanConfig()
    seed: int = 0

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the measures to be reached."""
        return (self.split,)

    @property
    def label(self) -> str:
        """Return e.g. mnist-digit."""
        return self.split.label

    @property
    def command(self) -> str:
        """Return the command line of the table: it has no verb of its own."""
        return 'adapt bench table-2.1'

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 0.1 * self.config.optimization.steps

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return what is to be reached, and the settings."""
        return {'split': self.split.key(place), 'row': self.row.title, 'seed': self.seed,
                'config': to_values(self.config)}

    def has_product(self, place: Workplace) -> bool:
        """Return that its result is all there is."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Return processor time until each aim was reached first; None where it was not."""
        data, attribute = image_set(self.row.data), self.row.attribute
        aim = self.split.result(place)['rows'][self.row.title]
        network = (self.row.generator or self.row).config().network
        with one_thread():
            judge = train_judges(data, attribute).networks[attribute]
            torch.manual_seed(self.seed)
            backbone = catalog.load('generator', self.row.backbone)(*data.shape, network)
            gan = AcGan(backbone, len(data.classes[attribute]))
            training = AcGanTraining(gan, data.train, attribute, self.config, self.seed)
            real = as_images(data.test.images)
            asked = torch.arange(_DRAWN) % gan.classes
            random = torch.Generator().manual_seed(self.seed)
            spent, first = 0.0, {'accuracy': None, 'both': None}
            looks = []
            while training.step < self.config.optimization.steps and first['both'] is None:
                began = time.process_time()
                for _ in range(_LOOK_EVERY):
                    training.update()
                spent += time.process_time() - began
                with torch.no_grad():
                    made = gan.draw(asked, random)
                right = float((classes_of(judge, made) == asked.numpy()).mean())
                distance = frechet_distance(judge, made, real)
                looks.append([training.step, round(spent, 2), right, distance])
                good = right >= aim[f'swap_{attribute}']
                if good and first['accuracy'] is None:
                    first['accuracy'] = spent
                if good and distance <= aim['frechet']:
                    first['both'] = spent
        return {'aim': {'accuracy': aim[f'swap_{attribute}'], 'frechet': aim['frechet']},
                'seconds': first, 'spent': spent, 'looks': looks}
