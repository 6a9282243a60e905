"""How well a decomposed generator splits: the function behind `adapt decgan report`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adapt_learning.data.files import write_atomically, write_json
from adapt_learning.data.outputs import check_output
from adapt_learning.generation.decgan.batches import as_images
from adapt_learning.generation.decgan.class_moments import FITTED
from adapt_learning.generation.decgan.classifier import ClassifierConfig, ClassifierTraining
from adapt_learning.generation.decgan.image_set import ImageSet
from adapt_learning.generation.decgan.independent import IndependentClassifier
from adapt_learning.generation.decgan.linear_split import LinearSplit
from adapt_learning.generation.decgan.measures import MeasureConfig, classes_of, measure_split
from adapt_learning.generation.decgan.moment_split import MomentSplit
from adapt_learning.generation.decgan.pictures import (
    interpolation,
    swap_grid,
    tsne_picture,
    tsne_points,
)
from adapt_learning.generation.decgan.saved import load_decgan
from adapt_learning.generation.decgan.split import EncoderSplit, Split, WholeLatent
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.short_training import one_thread
from adapt_learning.trainers.decgan_pictures import images_for, spread, write_png

DECGAN, MOMENTS, LINEAR, WHOLE = (
    'dec-GAN', 'moments of classes', 'linear discriminant', 'no split')
_JUDGE_SEED = 1_000_003
"""Judges begin from weights that no trained network began from."""
_TSNE_POINTS = 1000

_JUDGING = ClassifierConfig(OptimizationConfig(
    steps=1000, batch=64, learning_rate=2e-3, warmup_steps=20, weight_decay=1e-2,
    precision='float32'))

Say = Callable[[str], None]


@dataclass(frozen=True)
class Judges:
    """Independent classifiers by attribute."""

    networks: Mapping[str, IndependentClassifier]
    accuracy: Mapping[str, float]
    """On test pictures."""


def train_judges(data: ImageSet, attribute: str, config: ClassifierConfig | None = None) -> Judges:
    """Return judges of the attribute and, where the pictures have one, of identity."""
    networks, accuracy = {}, {}
    images = as_images(data.test.images)
    for name in filter(None, (attribute, data.identity)):
        torch.manual_seed(_JUDGE_SEED)
        judge = IndependentClassifier(data.shape[0], len(data.classes[name]))
        training = ClassifierTraining(judge, data.train, name, config or _JUDGING,
                                      _JUDGE_SEED)
        for _ in range(training.optimization.steps):
            training.update()
        networks[name] = judge.eval()
        accuracy[name] = float((classes_of(judge, images) == data.test.labels[name]).mean())
    return Judges(networks, accuracy)


def report_decgan(artifact: Path, data: str, out: Path, config: MeasureConfig | None = None,
                  seed: int = 0, say: Say = lambda text: None,
                  judging: ClassifierConfig | None = None) -> dict[str, Any]:
    """
    Write report.json, report.md, swaps.png, interpolation.png and tsne.png into a new folder.

    Returns what stands in the JSON; `judging` is how independent classifiers learn. Raises
    UserError before anything is written.
    """
    out = check_output(out)
    decgan = load_decgan(artifact)
    pictures = images_for(decgan, artifact, data)
    attribute = decgan.manifest['attribute']
    with one_thread():
        say('independent classifiers')
        judges = train_judges(pictures, attribute, judging)
        splits = {DECGAN: decgan.split, **baselines(decgan.split, pictures, attribute)}
        rows = {}
        for name, split in splits.items():
            say(name)
            rows[name] = measure_split(split, pictures, attribute, judges.networks, config, seed)
    say('pictures')
    chosen = spread(pictures.test, attribute, min(8, len(pictures.test)), seed)
    shown = pictures.test.subset(slice(_TSNE_POINTS))
    points = tsne_points(decgan.split.parts(shown.images), seed)
    result = {
        'artifact': artifact.name, 'hashes': decgan.manifest['hashes'], 'data': pictures.name,
        'data_hash': pictures.content_hash, 'attribute': attribute, 'identity': pictures.identity,
        'classes': {name: len(pictures.classes[name]) for name in judges.networks},
        'test_pictures': len(pictures.test), 'judge_accuracy': dict(judges.accuracy), 'rows': rows}
    write_png(out / 'swaps.png', swap_grid(decgan.split, chosen.images))
    write_png(out / 'interpolation.png', interpolation(
        decgan.split, chosen.images[:-1], chosen.images[:-1], chosen.images[1:]))
    write_png(out / 'tsne.png', tsne_picture(
        points, shown.labels[attribute], pictures.classes[attribute]))
    write_json(out / 'report.json', result)
    page = '\n'.join(markdown(result))
    write_atomically(out / 'report.md', lambda path: path.write_text(page, encoding='utf-8'))
    return result


def baselines(split: EncoderSplit, data: ImageSet, attribute: str) -> dict[str, Split]:
    """Return what a split is compared with: two in closed form, and z as it is."""
    chosen = np.random.default_rng(0).permutation(len(data.train))[:FITTED]
    return {
        MOMENTS: MomentSplit(split.backbone, split.classifier, data.train.images[chosen]),
        LINEAR: LinearSplit(split.backbone, data.train.images, data.train.labels[attribute]),
        WHOLE: WholeLatent(split.backbone)}


def markdown(result: Mapping[str, Any]) -> list[str]:
    """Return the lines of the page of a report."""
    lines = [f'# {result["artifact"]}: {result["attribute"]} of {result["data"]}', '',
             *measure_table(result), '', NOTE.format(**result), '']
    for title, name in (('Swaps: content of the column, attribute of the row', 'swaps'),
                        ('Attribute of the first picture becomes that of another',
                         'interpolation'), ('t-SNE of the codes of test pictures', 'tsne')):
        lines += [f'![{title}]({name}.png)', '']
    return lines


def measure_table(result: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table with a row per split."""
    attribute, identity = result['attribute'], result['identity']
    columns = [(f'{attribute} from {part}', f'probe_{attribute}_{part}', 100)
               for part in ('z', 'z_a', 'z_c')]
    if identity:
        columns += [(f'{identity} from {part}', f'probe_{identity}_{part}', 100)
                    for part in ('z', 'z_c', 'z_a')]
    columns.append((f"swap: donor's {attribute}", f'swap_{attribute}', 100))
    if identity:
        columns.append((f'swap: own {identity}', f'swap_{identity}', 100))
    columns += [('content', 'content', 100), ('L1', 'l1', None), ('Frechet', 'frechet', None)]
    lines = ['| split | ' + ' | '.join(title for title, *_ in columns) + ' |',
             '|---' * (len(columns) + 1) + '|']
    for name, row in result['rows'].items():
        cells = [f'{times * row[key]:.1f}' if times else f'{row[key]:.4f}'
                 for _, key, times in columns]
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return lines


NOTE = """\
Shares in percent of {test_pictures} test pictures. *A from z*: what a two-layer classifier tells of
A (table 2.1 of the dissertation); it learnt on pictures to learn from. *swap*: of pairs of test
pictures with different {attribute}, drawn with the content of one and the attribute of the other,
what an independent classifier sees. *content*: by how much a swap differs from the rebuilt donor,
of what both rebuilt pictures differ; 0 where content does nothing. *L1*: mean difference of rebuilt
pixels in 0..1. *Frechet*: distance of swapped to real pictures in features of that classifier.
Without a split a swap draws the donor itself."""
