"""Jobs about dec-GAN: train it, and measure what it and free baselines make of a generator."""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.data.files import read_json, write_json
from adapt_learning.errors import UserError
from adapt_learning.generation.decgan.config import DecGanConfig, preset
from adapt_learning.generation.decgan.image_set import ImageSet
from adapt_learning.generation.decgan.image_sets import load_image_set
from adapt_learning.generation.decgan.measures import MeasureConfig, measure_split
from adapt_learning.generation.decgan.pictures import swap_grid
from adapt_learning.generation.decgan.saved import load_decgan
from adapt_learning.stacked.checkpoint import load_checkpoint
from adapt_learning.stacked.config import from_values, to_values, with_overrides
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.stacked.short_training import one_thread
from adapt_learning.trainers.decgan_pictures import spread, write_png
from adapt_learning.trainers.report_decgan import DECGAN, baselines, train_judges
from adapt_learning.trainers.train_decgan import BACKBONE, STAGES, DecGanRequest, train_decgan

_DONE = 'result.json'
_SHOWN = 10
"""Pictures of the grid of swaps."""


@cache
def image_set(data: str) -> ImageSet:
    """Return pictures by name, read once per process."""
    return load_image_set(data)


@dataclass(frozen=True)
class DecGanJob(Job):
    """Train a dec-GAN, or only the split of a generator that another job trained."""

    kind = 'decgan'

    data: str
    """digits, mnist:DIR or rendered."""
    attribute: str
    title: str = DECGAN
    overrides: tuple[str, ...] = ()
    generator: 'DecGanJob | None' = None
    backbone: str = BACKBONE
    preset: str = 'text'
    seed: int = 0

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the job that trains the generator."""
        return () if self.generator is None else (self.generator,)

    @property
    def label(self) -> str:
        """Return e.g. mnist-digit, or digits-digit-res_gan."""
        other = '' if self.backbone == BACKBONE else f'-{self.backbone}'
        return f'{self.data.partition(":")[0]}-{self.attribute}{other}'

    @property
    def command(self) -> str:
        """Return the command line that trains the same."""
        return self._request(Path('OUT')).command(image_set(self.data), self.attribute)

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        config = self.config()
        return 0.15 * sum(getattr(config, stage).optimization.steps for stage in STAGES)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hash of the pictures, all settings, and the generator's job."""
        return {
            'data': image_set(self.data).content_hash, 'attribute': self.attribute,
            'config': to_values(self.config()), 'backbone': self.backbone, 'seed': self.seed,
            'generator': self.generator and self.generator.key(place)}

    def folder(self, place: Workplace) -> Path:
        """Return the folder of the artifact."""
        return place.cache / f'{self.kind}-{self.label}-{self.key(place)}'

    def has_product(self, place: Workplace) -> bool:
        """Return whether the artifact is there, undamaged."""
        try:
            load_decgan(self.folder(place))
        except UserError:
            return False
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Train, or go on with a training that was interrupted."""
        folder = self.folder(place)
        run = folder.with_name(f'{folder.name}.run')
        if self.has_product(place) and (run / _DONE).is_file():
            return read_json(run / _DONE)
        generator = self.generator and self.generator.folder(place)
        begun = any(load_checkpoint(run / stage) is not None for stage in STAGES)
        done = train_decgan(self._request(folder, generator, begun), ProgressReport(io.StringIO()))
        result = {'seconds': done['seconds'], 'resumed': begun, 'last_losses': done['last_losses'],
                  'hashes': done['hashes']}
        write_json(run / _DONE, result)
        return result

    def config(self) -> DecGanConfig:
        """Return all settings."""
        return from_values(DecGanConfig, with_overrides(
            to_values(preset(self.preset)), self.overrides))

    def _request(self, out: Path, generator: Path | None = None,
                 resume: bool = False) -> DecGanRequest:
        if generator is None and self.generator is not None:
            generator = Path('GENERATOR')
        return DecGanRequest(self.data, out, None if generator else self.backbone, generator,
                             self.attribute, self.preset, self.overrides, self.seed, resume)


@dataclass(frozen=True)
class SplitJob(Job):
    """Measure splits of one generator beside each other, judged by the same classifiers."""

    kind = 'split'

    rows: tuple[DecGanJob, ...]
    """Of the same pictures, attribute and generator; the first is the text's."""
    measures: MeasureConfig = MeasureConfig()

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return the trainings."""
        return self.rows

    @property
    def label(self) -> str:
        """Return e.g. mnist-digit."""
        return self.rows[0].label

    @property
    def command(self) -> str:
        """Return the command line that measures one of the rows."""
        name, _, folder = self.rows[0].data.partition(':')
        data = f'{name}:{Path(folder).name}' if folder else name
        return f'adapt decgan report ARTIFACT {data} --out OUT'

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        return 60.0 * (len(self.rows) + 2)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hashes of the artifacts and how they are measured."""
        return {'artifacts': {row.title: row.result(place)['hashes'] for row in self.rows},
                'measures': to_values(self.measures)}

    def has_product(self, place: Workplace) -> bool:
        """Return that its result is all there is."""
        return True

    def pictures(self, place: Workplace, row: DecGanJob) -> Path:
        """Return where the grid of swaps of a row is."""
        return place.results / f'swaps-{row.label}-{row.key(place)}.png'

    def run(self, place: Workplace) -> dict[str, Any]:
        """Train the judges, measure every row and the baselines, draw the swaps."""
        first = self.rows[0]
        data, attribute = image_set(first.data), first.attribute
        with one_thread():
            judges = train_judges(data, attribute)
            splits = {row.title: load_decgan(row.folder(place)).split for row in self.rows}
            chosen = spread(data.test, attribute, _SHOWN, 0).images
            for row in self.rows:
                write_png(self.pictures(place, row), swap_grid(splits[row.title], chosen))
            splits |= baselines(splits[first.title], data, attribute)
            rows = {title: measure_split(split, data, attribute, judges.networks, self.measures)
                    for title, split in splits.items()}
        return {
            'data': data.name, 'attribute': attribute, 'identity': data.identity,
            'backbone': first.backbone, 'test_pictures': len(data.test),
            'classes': {name: len(data.classes[name]) for name in judges.networks},
            'judge_accuracy': dict(judges.accuracy), 'rows': rows}
