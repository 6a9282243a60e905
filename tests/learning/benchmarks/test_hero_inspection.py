"""Pictures of a generator become a surface to learn from, and the page says what they are worth."""

import json
from pathlib import Path

import cv2
import pytest
from tiny_pipeline import tiny_pipeline

from adapt_learning.benchmarks.generated_surface import GeneratedSurfaceJob
from adapt_learning.benchmarks.hero_inspection import ARMS, HeroInspection, write_page
from adapt_learning.benchmarks.hero_job import HeroJob
from adapt_learning.benchmarks.inspect_domains import SurfaceJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.run import HeroRun
from adapt_learning.generation.small.rules.holed_wood import HoledWood
from adapt_learning.inspection.datasets import load_domain

SMALL = ('rounds=2', 'pictures=4', 'sampling.steps=3', 'embedding.updates=2', 'embedding.width=8',
         'embedding.head=[4]', 'ddpo.steps=1')
WEIGHTS = Path(__file__).parents[3] / 'models' / 'adapt_small' / 'weights.safetensors'


@pytest.fixture(scope='module')
def pipeline(tmp_path_factory):
    """Return the folder of a tiny pipeline."""
    return tiny_pipeline(tmp_path_factory.mktemp('pipeline') / 'tiny')


def test_the_pictures_are_a_surface_and_are_counted(pipeline, tmp_path, monkeypatch):
    place = Workplace(tmp_path / 'results', tmp_path / 'cache')
    surfaces = {method: GeneratedSurfaceJob(
        HeroJob(pipeline, 'holed_wood', method, 0, samples=2, overrides=SMALL), 'a blue square', 3)
        for method in ('pretrained', 'hero')}
    run_jobs(list(surfaces.values()), place, 1)
    for job in surfaces.values():
        domain = load_domain(job.folder(place))
        assert (domain.name, len(domain.train), len(domain.test)) == (job.name, 3, 3)
        seen = sum(HoledWood().judge(one.picture()).success for one in domain.test)
        assert job.result(place)['defects_seen'] == seen
    good = [cv2.imread(str(job.folder(place) / 'train/good/000.png'))
            for job in surfaces.values()]
    assert (good[0] == good[1]).all(), 'the good pictures are the same in all arms'
    bad = [cv2.imread(str(job.folder(place) / 'test/defect/000.png')) for job in surfaces.values()]
    assert (bad[0] != bad[1]).any()
    # A run that is in the cache is not made again.
    monkeypatch.setattr(HeroRun, 'create', None)
    assert surfaces['hero'].run(place) == surfaces['hero'].result(place)


def test_arms_are_trained_and_compared(pipeline, tmp_path):
    table = HeroInspection(
        pipeline, WEIGHTS,
        (SurfaceJob('wire_mesh', size_px=64, train_count=4, good=3, defective=3),),
        ('pretrained', 'hero'), trainings=1, count=3, references=2, draws=1, pictures=3,
        overrides=('training.optimization.steps=2',), hero_overrides=SMALL,
        good_prompt='a square')
    place = Workplace(tmp_path / 'hero-inspection', tmp_path / 'cache')
    run_jobs(table.jobs(), place, 1)
    page = write_page(table, place).read_text()
    assert '| pictures after HERO alone | 0 |' in page and 'of 3 |' in page
    assert f'({ARMS["pretrained"].title})' in page
    values = json.loads((tmp_path / 'hero-inspection.json').read_text())
    assert list(values['arms']) == ['pretrained', 'hero'], 'rows without results are left out'
    assert 0 <= values['arms']['hero']['surfaces']['wire_mesh_0']['mean'] <= 1


def test_arms_that_are_not_there_are_refused(pipeline, tmp_path):
    with pytest.raises(SettingError, match='arms are drawn, '):
        HeroInspection(pipeline, tmp_path, (), ('other',))
