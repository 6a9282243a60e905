"""One detector on one surface with one draw of references: how good, how fast, how large."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from adapt_learning.benchmarks.inspect_detectors import DetectorSource
from adapt_learning.benchmarks.inspect_domains import DomainSource, needed_jobs
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.inspection import FitSettings, Inspector, Recipe, fit_recipe
from adapt_learning.inspection.datasets import DEFECTIVE, GOOD, Sample, load_domain
from adapt_learning.inspection.fit import picture_of_file
from adapt_learning.inspection.metrics import (
    Binned,
    PixelScores,
    f1_at,
    false_reject_rate,
    image_auroc,
)
from adapt_learning.inspection.quality import measure
from adapt_learning.inspection.turns import MOST_VIEWS
from adapt_learning.inspection.verdict import of_quality

ALL = 0
"""As a number of references: all pictures in train/good."""
_CHOICE_SEED = 0
_PICTURE_S = 0.06


@dataclass(frozen=True)
class InspectJob(Job):
    """Fit a recipe as `adapt inspect fit` does and judge test pictures as the node does."""

    kind = 'inspect'

    detector: DetectorSource
    domain: DomainSource
    references: int
    """Pictures of train/good; ALL: all of them."""
    seed: int
    """Of the draw of references."""
    pictures: int = 80
    """At most so many good test pictures, and as many defective ones."""
    false_reject: float = 0.01
    """Share of good parts that may be refused, as asked of the calibration."""
    turned: bool = True
    """Whether references are turned and mirrored, as `adapt inspect fit` does."""

    @property
    def needs(self) -> tuple[Job, ...]:
        """Return what is still to be made: the detector, the surface."""
        return needed_jobs((self.detector, self.domain))

    @property
    def label(self) -> str:
        """Return e.g. nearest_patch-mobilenet_v2-on-wood-4-draw0."""
        return (f'{self.detector.label}-on-{self.domain.name}-{self.references or "all"}'
                f'-draw{self.seed}{"-turned" if self.turned else ""}')

    @property
    def command(self) -> str:
        """Return a command line with this result among others."""
        return ' '.join((self.detector.tried_by, *options_of(self.detector, self.turned),
                         f'--references {self.references or "all"} --seeds {self.seed + 1}',
                         f'--pictures {self.pictures} --false-reject {self.false_reject:g}'))

    @property
    def cost(self) -> float:
        """Return seconds, roughly."""
        references = self.references or self.domain.train_count
        return _PICTURE_S * (2 * self.pictures + 4 * references)

    def inputs(self, place: Workplace) -> dict[str, Any]:
        """Return the hashes of detector and pictures, and the settings."""
        return {'detector': self.detector.digest(place), 'domain': self.domain.name,
                'pictures': self.domain.digest(place), 'references': self.references or 'all',
                'seed': self.seed, 'most_pictures': self.pictures,
                'false_reject': self.false_reject,
                # Results without it are of references as they are.
                **({'turned': MOST_VIEWS} if self.turned else {})}

    def has_product(self, place: Workplace) -> bool:
        """Return True: nobody needs more than the result."""
        return True

    def run(self, place: Workplace) -> dict[str, Any]:
        """Fit, judge, measure; seconds are processor time."""
        inspector = Inspector(self.detector.folder(place))
        domain = load_domain(self.domain.folder(place))
        drawn = draw_references(domain.train, self.references, self.seed)
        began_s = time.process_time()
        recipe, _ = fit_recipe(
            inspector, [picture_of_file(one.path) for one in drawn], 'bench',
            settings=FitSettings(self.false_reject, any_size=True,
                                 fixed_orientation=not self.turned))
        fit_s = time.process_time() - began_s
        test = [one for label in (GOOD, DEFECTIVE)
                for one in choose_pictures(domain.test, label, self.pictures)]
        return {'references': len(recipe.references), 'train': len(domain.train),
                'fit_s': round(fit_s, 3), 'bank_bytes': recipe.bank.nbytes,
                'bank_rows': list(recipe.bank.rows), **judge(inspector, recipe, test)}


def options_of(detector: DetectorSource, turned: bool) -> tuple[str, ...]:
    """Return the options of `adapt inspect bench` for a detector, its references turned or not."""
    return tuple(f'{one}:fixed' if one.startswith('--detector') and not turned else one
                 for one in detector.options)


def draw_references(train: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """
    Return `count` samples of train, or all of them, in their order.

    Draws of one seed contain each other, so a curve over their number is not that of new draws.
    """
    if count == ALL:
        return list(train)
    chosen = np.random.default_rng(seed).permutation(len(train))[:count]
    return [train[i] for i in sorted(chosen)]


def choose_pictures(test: Sequence[Sample], label: int, most: int) -> list[Sample]:
    """Return at most so many test pictures of a label, the same for everybody."""
    some = [one for one in test if one.label == label]
    chosen = np.random.default_rng(_CHOICE_SEED).permutation(len(some))[:most]
    return [some[i] for i in sorted(chosen)]


def judge(inspector: Inspector, recipe: Recipe, test: Sequence[Sample]) -> dict[str, Any]:
    """
    Return the measures of test pictures, good and defective.

    Pixels are counted at the size that the detector sees; defective pictures without a mask are
    left out of them. `refused` counts pictures that the limits of quality would call INVALID: they
    are judged here like all others.
    """
    side = inspector.manifest.input_px
    masked = any(one.label == DEFECTIVE and one.mask_path is not None for one in test)
    pixels = PixelScores() if masked else None
    scores, labels, refused, judge_s = [], [], {GOOD: 0, DEFECTIVE: 0}, 0.0
    for sample in test:
        picture = sample.picture()
        began_s = time.process_time()
        view = inspector.view(picture)
        judged = inspector.judge(view, recipe.bank)
        judge_s += time.process_time() - began_s
        scores.append(judged.score)
        labels.append(sample.label)
        refused[sample.label] += of_quality(measure(view), recipe.limits) is not None
        if pixels is not None and (sample.label == GOOD or sample.mask_path is not None):
            fine = cv2.resize(judged.map, (side, side), interpolation=cv2.INTER_LINEAR)
            pixels.add(fine, sample.mask((side, side)))
    threshold = recipe.calibration.score
    found = pixels is not None and pixels.regions > 0
    return {
        'good': labels.count(GOOD), 'defective': labels.count(DEFECTIVE),
        'image_auroc': image_auroc(scores, labels),
        'pixel_auroc': _binned(pixels.auroc()) if found else None,
        'aupro': _binned(pixels.aupro()) if found else None,
        'f1': f1_at(scores, labels, threshold.value),
        'false_reject': asdict(false_reject_rate(
            [score for score, label in zip(scores, labels, strict=True) if label == GOOD],
            threshold.value)),
        'bound': threshold.bound, 'method': threshold.method, 'threshold': threshold.value,
        'refused': {'good': refused[GOOD], 'defective': refused[DEFECTIVE]},
        'judge_s': round(judge_s / len(test), 5)}


def _binned(area: Binned) -> dict[str, float]:
    return {'value': area.value, 'error': area.error}
