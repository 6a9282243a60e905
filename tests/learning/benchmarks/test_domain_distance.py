"""Distances between surfaces: those of Gaussians that are known, and of drawn surfaces."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from adapt_learning.benchmarks.domain_distance import DistanceJob, frechet_distance
from adapt_learning.benchmarks.inspect_domains import FolderDomain
from adapt_learning.errors import SettingError
from adapt_learning.surfaces import Surface, write_surface


def normal(seed, count=4000, mean=0.0, scale=1.0, size=3):
    return mean + scale * np.random.default_rng(seed).normal(size=(count, size))


def test_it_is_that_of_the_gaussians():
    # |m|^2 + D (s1 - s2)^2
    assert frechet_distance(normal(0), normal(1, mean=2.0, scale=3.0)) == pytest.approx(
        3 * 4 + 3 * 4, rel=0.05)
    assert frechet_distance(normal(0), normal(0)) == pytest.approx(0, abs=1e-9)


def test_it_is_what_the_root_of_the_product_gives():
    mix = np.random.default_rng(2).normal(size=(2, 6, 6))
    a, b = (normal(3 + i, 50, size=6) @ mix[i] for i in range(2))
    c, d = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c + d - 2 * sqrtm(c @ d).real)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected)


def test_fewer_pictures_than_features_give_a_finite_distance():
    found = frechet_distance(normal(0, 5, size=40), normal(1, 5, size=40))
    assert np.isfinite(found) and found > 0


def test_distances_of_surfaces(place, weights, tmp_path):
    write_surface(Surface('wood', 1, 64), tmp_path / 'wood', 4, 1, 1)
    write_surface(Surface('perforated', 1, 64), tmp_path / 'perforated', 5, 1, 1)
    domains = tuple(FolderDomain(tmp_path / name) for name in ('wood', 'perforated'))
    job = DistanceJob(domains, 'resnet18', weights)
    found = job.run(place)
    assert found['names'] == ['wood', 'perforated'] and found['pictures'] == 4
    (a, b), (c, d) = found['matrix']
    assert a == d == 0 and b == c > 0 and found['features'] == 256
    assert str(tmp_path) not in str(job.inputs(place)) + job.command
    with pytest.raises(SettingError, match='two surfaces'):
        DistanceJob(domains[:1], 'resnet18', weights)
