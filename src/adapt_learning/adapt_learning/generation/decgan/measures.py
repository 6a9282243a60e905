"""How good a split is: probes, leakage, swaps, reconstruction (dissertation 2.1.4 and more)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from adapt_learning.errors import SettingError
from adapt_learning.generation.decgan.batches import as_images
from adapt_learning.generation.decgan.image_set import ImageSet
from adapt_learning.generation.decgan.independent import IndependentClassifier
from adapt_learning.generation.decgan.probes import ProbeConfig, probe_accuracy
from adapt_learning.generation.decgan.split import Split

_AT_ONCE = 500


@dataclass(frozen=True)
class MeasureConfig:
    """How many pictures are used."""

    probe_pictures: int = 10_000
    """Of those to learn from, for the probes."""
    pairs: int = 2000
    """Of test pictures, to be swapped."""
    probe: ProbeConfig = ProbeConfig()

    def __post_init__(self):
        for name in ('probe_pictures', 'pairs'):
            if getattr(self, name) < 2:
                raise SettingError(f'{name} is at least 2; got {getattr(self, name)}')


def measure_split(split: Split, data: ImageSet, attribute: str,
                  judges: Mapping[str, IndependentClassifier],
                  config: MeasureConfig | None = None, seed: int = 0) -> dict[str, float]:
    """
    Return shares in 0..1 and errors by name.

    `probe_X_Y`: of test pictures whose class of X a two-layer network tells from Y (z, z_c, z_a);
    `swap_X`: of swapped pictures, both of different classes of the attribute, that the independent
    classifier of X takes for what they should be: the donor's attribute, the content's identity;
    `content`: by how much a swap differs from the rebuilt donor, as a share of what the two rebuilt
    pictures differ: 0 where content does nothing;
    `l1`: mean difference of rebuilt pixels in 0..1; `frechet`: see `frechet_distance`.
    """
    config = config or MeasureConfig()
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(data.train))[:config.probe_pictures]
    train = data.train.subset(chosen)
    known, asked = split.parts(train.images), split.parts(data.test.images)
    found: dict[str, float] = {}
    for name in filter(None, (attribute, data.identity)):
        for part, field in (('z', 'whole'), ('z_c', 'content'), ('z_a', 'attribute')):
            found[f'probe_{name}_{part}'] = probe_accuracy(
                getattr(known, field).numpy(), train.labels[name],
                getattr(asked, field).numpy(), data.test.labels[name], config.probe, seed)
    labels = data.test.labels[attribute]
    content, donor = pairs_of(labels, config.pairs, random)
    made = split.draw(asked.content[content] + asked.attribute[donor])
    told = classes_of(judges[attribute], made)
    found[f'swap_{attribute}'] = float((told == labels[donor]).mean())
    if data.identity:
        kept = classes_of(judges[data.identity], made)
        found[f'swap_{data.identity}'] = float(
            (kept == data.test.labels[data.identity][content]).mean())
    rebuilt = split.draw(asked.whole)
    found['content'] = float((made - rebuilt[donor]).abs().mean()
                             / (rebuilt[content] - rebuilt[donor]).abs().mean())
    found['l1'] = float((rebuilt - as_images(data.test.images)).abs().mean())
    found['frechet'] = frechet_distance(judges[attribute], made, as_images(data.test.images))
    return found


def pairs_of(labels: np.ndarray, count: int, random: np.random.Generator
             ) -> tuple[np.ndarray, np.ndarray]:
    """Return two lists of at most `count` indices; those of a pair differ in their label."""
    first = random.permutation(len(labels))
    second = random.permutation(len(labels))
    different = np.flatnonzero(labels[first] != labels[second])[:count]
    return first[different], second[different]


def classes_of(judge: torch.nn.Module, images: Tensor) -> np.ndarray:
    """Return the most likely class int64 [N] of pictures [N, C, S, S]."""
    with torch.no_grad():
        return torch.cat([judge(some).argmax(1) for some in images.split(_AT_ONCE)]).numpy()


def frechet_distance(judge: IndependentClassifier, made: Tensor, real: Tensor) -> float:
    """
    Return the Frechet distance of two sets of pictures in the features of a classifier.

    That of two normal distributions with the sets' means and covariances, as FID (Heusel et al.
    2017), but in other features: numbers compare among themselves only.
    """
    moments = []
    with torch.no_grad():
        for images in (made, real):
            x = torch.cat([judge.features(some) for some in images.split(_AT_ONCE)])
            x = x.double().numpy()
            moments.append((x.mean(0), np.cov(x, rowvar=False)))
    (mean_a, cov_a), (mean_b, cov_b) = moments
    # The trace of sqrt(A B) is the sum of the roots of the eigenvalues of A B.
    roots = np.sqrt(np.clip(np.linalg.eigvals(cov_a @ cov_b).real, 0, None)).sum()
    return float(((mean_a - mean_b)**2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2 * roots)
