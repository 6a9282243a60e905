"""Detectors against surfaces, from beginning to end, with surfaces and a detector that are tiny."""

import json
import shutil
from dataclasses import replace

import pytest
from tiny_detector import make_detector
from typer.testing import CliRunner

from adapt_learning.benchmarks.inspect_bench import (
    BASELINE,
    PUBLISHED,
    Contender,
    Draws,
    InspectBench,
    Results,
    contender_of,
)
from adapt_learning.benchmarks.inspect_detectors import DetectorJob, GivenDetector
from adapt_learning.benchmarks.inspect_domains import (
    FolderDomain,
    SurfaceJob,
    folder_domains,
    held_out_domains,
)
from adapt_learning.benchmarks.inspect_job import ALL, InspectJob
from adapt_learning.benchmarks.inspect_page import write_page
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.cli.main import app
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.inspection import FitSettings, Inspector, fit_files
from adapt_learning.inspection.datasets import load_domain
from adapt_learning.surfaces import Surface, held_out_families, write_surface

FAMILIES = {'carpet': 'carpet', 'grid': 'wire_mesh', 'leather': 'leather', 'tile': 'tiles',
            'wood': 'wood'}
TRAIN, GOOD, BAD = 6, 3, 3


@pytest.fixture(scope='module')
def mvtec(tmp_path_factory):
    """Return a folder with the textures of MVTec-AD by name, drawn small."""
    folder = tmp_path_factory.mktemp('mvtec')
    for name, family in FAMILIES.items():
        write_surface(Surface(family, 3, 64, strength=(1.0, 1.0), kinds=('hole', 'stain')),
                      folder / name, TRAIN, GOOD, BAD)
    return folder


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    """Return two detectors that judge."""
    folder = tmp_path_factory.mktemp('detectors')
    return [GivenDetector(make_detector(folder / name, gain, name))
            for name, gain in (('one', 1.0), ('two', 3.0))]


@pytest.fixture(scope='module')
def bench(mvtec, tiny):
    """Return the plan; the first detector goes for the baseline."""
    domains = folder_domains(mvtec)
    return InspectBench(domains, tuple(
        Contender(title, (one,) * len(domains))
        for title, one in zip((BASELINE, 'two'), tiny, strict=True)), (1, 4, ALL), 2,
        command='adapt inspect bench --domains mvtec')


@pytest.fixture(scope='module')
def made(bench, tmp_path_factory):
    """Return the workplace where everything has run."""
    folder = tmp_path_factory.mktemp('bench')
    place = Workplace(folder / 'benchmarks' / 'inspection', folder / 'cache')
    run_jobs(bench.jobs(), place, 1)
    return place


def test_a_job_per_detector_surface_number_and_draw(bench, made):
    assert len(list(made.results.iterdir())) == len(bench.jobs()) == 2 * 5 * (2 + 2 + 1)


def test_a_job_finds_what_adapt_inspect_fit_and_the_node_find(bench, made, tmp_path):
    job = bench.draws_of(bench.contenders[0], 0, ALL)[0]
    found, domain = job.result(made), load_domain(job.domain.path)
    inspector = Inspector(job.detector.path)
    recipe = fit_files(inspector, [one.path for one in domain.train], tmp_path / 'recipe',
                       settings=FitSettings(job.false_reject))
    threshold = recipe.calibration.score
    assert (found['threshold'], found['bound']) == (threshold.value, threshold.bound)
    good = [inspector.judge(one.picture(), recipe.bank).score
            for one in domain.test if one.label == 0]
    assert found['false_reject']['rejected'] == sum(s >= threshold.value for s in good)
    assert found['bank_bytes'] == recipe.bank.nbytes and found['references'] == TRAIN
    assert (found['good'], found['defective']) == (GOOD, BAD)
    assert 0.5 < found['pixel_auroc']['value'] <= 1 and 0 < found['aupro']['value'] <= 1


def test_scores_that_are_only_scaled_give_the_same_areas(bench, made):
    results = Results(bench, made)
    for name in ('image_auroc', 'f1'):
        assert results.mean('two', 4, name).values == pytest.approx(
            results.mean(BASELINE, 4, name).values)
    assert results.gain('two', 4).mean == pytest.approx(0) and results.gain(BASELINE, 4) is None


def test_surfaces_without_masks_have_no_pixels(mvtec, tiny, place, tmp_path):
    shutil.copytree(mvtec / 'wood', tmp_path / 'wood')
    shutil.rmtree(tmp_path / 'wood' / 'ground_truth')
    job = InspectJob(tiny[0], FolderDomain(tmp_path / 'wood'), 2, 0)
    found = job.run(place)
    assert found['pixel_auroc'] is None and found['aupro'] is None
    assert found['image_auroc'] == InspectJob(
        tiny[0], FolderDomain(mvtec / 'wood'), 2, 0).run(place)['image_auroc']


def test_draws_are_the_same_for_everybody_and_contain_each_other(mvtec):
    from adapt_learning.benchmarks.inspect_job import choose_pictures, draw_references
    domain = load_domain(mvtec / 'wood')
    four = {one.name for one in draw_references(domain.train, 4, 1)}
    assert four == {one.name for one in draw_references(domain.train, 4, 1)} and len(four) == 4
    assert {one.name for one in draw_references(domain.train, 2, 1)} < four
    assert len({tuple(one.name for one in draw_references(domain.train, 3, seed))
                for seed in range(10)}) > 3
    assert len(draw_references(domain.train, ALL, 5)) == TRAIN
    assert [one.label for one in choose_pictures(domain.test, 1, 2)] == [1, 1]


def test_other_pictures_and_another_detector_are_other_jobs(mvtec, tiny, place, tmp_path):
    shutil.copytree(mvtec / 'wood', tmp_path / 'wood')
    job = InspectJob(tiny[0], FolderDomain(mvtec / 'wood'), 2, 0)
    copy = replace(job, domain=FolderDomain(tmp_path / 'wood'))
    assert copy.key(place) == job.key(place)
    assert replace(job, detector=tiny[1]).key(place) != job.key(place)
    shutil.copytree(tmp_path / 'wood', tmp_path / 'other' / 'wood')
    first = tmp_path / 'other' / 'wood' / 'train' / 'good' / '000.png'
    shutil.copyfile(tmp_path / 'wood' / 'test' / 'good' / '000.png', first)
    assert replace(job, domain=FolderDomain(first.parents[2])).key(place) != job.key(place)
    assert str(tmp_path) not in json.dumps(copy.inputs(place)) + copy.command


def test_page_json_and_picture(bench, made):
    path = write_page(replace(bench, name='table-1.1'), made)
    text, values = path.read_text(), json.loads(path.with_suffix('.json').read_text())
    assert path.with_suffix('.png').read_bytes().startswith(b'\x89PNG')
    row = next(one for one in values['rows'] if (one['detector'], one['references']) == ('two', 4))
    aurocs = [row['surfaces'][name]['image_auroc']['per_draw'] for name in FAMILIES]
    assert row['mean']['image_auroc']['per_draw'] == pytest.approx(
        [sum(each) / 5 for each in zip(*aurocs, strict=True)], abs=1e-4)
    assert row['against_baseline']['per_draw'] == [0.0, 0.0]
    assert f'| two | 4 | {aurocs[0][0]:.3f}'[:12] in text and '+0.000 ± 0.000 |' in text
    assert '| meta-comparer, dissertation | 0.943 | 0.730 | 1.000 | 0.956 | 0.962 | 0.918 |' in text
    assert '`adapt inspect bench --domains mvtec`' in text
    assert str(made.cache.parent) not in text + json.dumps(values)


def test_false_rejects_are_told_beside_what_was_promised(bench, made):
    values = json.loads(write_page(bench, made).with_suffix('.json').read_text())
    rows = {(one['detector'], one['references']): one for one in values['false_rejects']}
    assert rows['two', 1]['promised'] is None and rows['two', 1]['within'] is None
    four = rows['two', 4]
    assert four['promised'] == pytest.approx(1 / 5)
    cells = [[job.result(made)['false_reject']['rate'] for job in
              bench.draws_of(bench.contenders[1], i, 4)] for i in range(5)]
    assert four['mean'] == pytest.approx(sum(map(sum, cells)) / 10)
    assert four['within'] == pytest.approx(sum(rate <= 0.2 for each in cells for rate in each) / 10)


def test_what_is_missing_is_a_dash(bench, made):
    more = replace(bench, draws=3)
    results = Results(more, made)
    assert results.mean('two', 4, 'image_auroc') is None
    assert results.mean('two', ALL, 'image_auroc') is not None
    assert '| two | 4 | - | - | - | - | - | - | - | - |' in write_page(more, made).read_text()


def test_a_detector_is_trained_once_or_once_per_surface(mvtec, place):
    domains = folder_domains(mvtec)
    choice = DetectorJob('meta_comparer', 'mobilenet_v2', overrides=('detector.width=8',))
    assert set(contender_of(choice, domains).detectors) == {choice}
    others = contender_of(choice, domains, 'others').detectors
    for one, domain in zip(others, domains, strict=True):
        assert set(one.sources) == set(domains) - {domain} and one.without == domain.name
    assert len({one.key(place) for one in (choice, *others)}) == 6
    nearest = DetectorJob('nearest_patch', 'mobilenet_v2')
    assert set(contender_of(nearest, domains, 'others').detectors) == {nearest}
    assert replace(nearest, seed=1).key(place) == nearest.key(place)
    assert replace(choice, seed=1).key(place) != choice.key(place)
    with pytest.raises(SettingError, match='none or others'):
        contender_of(choice, domains, 'all')


def test_a_detector_is_made_in_the_cache_and_judges(mvtec, place, weights):
    detector = DetectorJob('nearest_patch', 'resnet18', weights)
    job = InspectJob(detector, FolderDomain(mvtec / 'wood'), 2, 0, pictures=1)
    run_jobs([job], place, 1)
    assert job.inputs(place)['detector'] == Inspector(detector.folder(place)).hash
    assert 0 <= job.result(place)['image_auroc'] <= 1 and job.result(place)['good'] == 1


def test_the_baseline_has_the_title_of_its_detector():
    choice = DetectorJob('nearest_patch', 'mobilenet_v2')
    assert contender_of(choice, (None,), turned=False).title == BASELINE
    assert contender_of(choice, (None,), turned=False).floor == BASELINE
    assert contender_of(choice, (None,)).floor == choice.title


def test_references_as_they_are_have_results_and_options_of_their_own(mvtec, tiny, place):
    turned = InspectJob(DetectorJob('nearest_patch', 'mobilenet_v2'), FolderDomain(mvtec / 'wood'),
                        2, 0)
    as_they_are = replace(turned, turned=False)
    assert '--detectors nearest_patch:mobilenet_v2:fixed ' in as_they_are.command
    assert ':fixed' not in turned.command and as_they_are.label != turned.label
    turned, as_they_are = (replace(one, detector=tiny[0]) for one in (turned, as_they_are))
    assert 'turned' not in as_they_are.inputs(place)
    rows, kept = (one.run(place)['bank_rows'] for one in (turned, as_they_are))
    assert max(rows) > max(kept)


def test_held_out_families_are_drawn_into_the_cache(tiny, place):
    assert tuple(one.family for one in held_out_domains(80)) == held_out_families()
    surface = SurfaceJob(held_out_families()[0], 0, 64, 4, 2, 2)
    job = InspectJob(tiny[0], surface, 2, 0)
    run_jobs([job], place, 1)
    assert job.result(place)['train'] == 4 and job.result(place)['good'] == 2
    assert surface.folder(place).name == surface.name
    again = surface.digest(place)
    shutil.rmtree(place.cache)
    place.cache.mkdir()
    assert not surface.has_product(place) and surface.run(place)['pictures'] == again


def test_draws():
    draws = Draws((0.5, 0.7))
    assert draws.mean == pytest.approx(0.6) and draws.half == pytest.approx(0.1 * 12.706, abs=1e-3)
    assert Draws((0.5,)).half is None
    assert draws.minus(Draws((0.4, 0.4))).values == pytest.approx((0.1, 0.3))


def test_plans_that_make_no_sense_are_refused(bench):
    for changed, says in (({'references': (1, 7)}, 'in 1..6'), ({'draws': 0}, 'one draw'),
                          ({'contenders': bench.contenders * 2}, 'different names')):
        with pytest.raises(SettingError, match=says):
            replace(bench, **changed)


def test_a_surface_without_defects_is_refused(mvtec, tmp_path):
    shutil.copytree(mvtec / 'wood' / 'train', tmp_path / 'wood' / 'train')
    with pytest.raises(DatasetError, match='wood has 0 and 0'):
        folder_domains(tmp_path)


def test_command(mvtec, tiny, tmp_path):
    done = CliRunner().invoke(app, [
        'inspect', 'bench', '--domains', str(mvtec / 'wood'), '--detector', str(tiny[0].path),
        '--references', '1,4', '--seeds', '2', '--pictures', '2', '--jobs', '1', '--name', 'tried',
        '--out', str(tmp_path / 'out'), '--cache', str(tmp_path / 'cache'),
        '--json', str(tmp_path / 'said.json')])
    assert done.exit_code == 0, done.stderr
    values = json.loads((tmp_path / 'said.json').read_text())
    assert values['command'] == (
        'adapt inspect bench --domains wood --detector one --references 1,4 --seeds 2 --pictures 2 '
        '--false-reject 0.01 --name tried')
    assert (tmp_path / 'out' / 'tried.md').is_file() and 'published' not in values


@pytest.mark.parametrize('arguments, says', [
    ((), 'either --domains'), (('--domains', 'x', '--held-out'), 'either --domains'),
    (('--held-out', '--sources', 'others'), 'never learnt from'),
    (('--held-out', '--references', '0'), 'or all'), (('--held-out', '--name', 'a/b'), 'letters'),
    (('--held-out', '--detectors', 'nearst'), 'nearest_patch'),
    (('--held-out', '--weights', 'nowhere'), 'no weights file'),
    (('--held-out', '--detector', 'nowhere'), "no shipped detector 'nowhere'"),
    (('--held-out', '--detector', './nowhere'), 'manifest.json')])
def test_bad_input(tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ['inspect', 'bench', *arguments])
    assert done.exit_code == 2 and says in done.stderr and list(tmp_path.iterdir()) == []


def test_numbers_of_the_dissertation():
    assert sum(PUBLISHED.values()) / 5 == pytest.approx(0.918, abs=5e-4)
