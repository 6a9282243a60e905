"""Command lines of inspection as a fresh machine has them: no detector and no weights are named."""

import json

import cv2
import pytest
from tiny_detector import make_detector

from adapt_learning.artifacts.shipped import models_folder
from adapt_learning.data.files import sha256_of
from adapt_learning.inspection.detector import SHIPPED_DETECTOR, load_manifest
from adapt_learning.inspection.recipe_file import load_recipe
from adapt_learning.surfaces import Surface, write_surface


@pytest.fixture(scope='module')
def surfaces(tmp_path_factory):
    """Return a folder of two small surfaces."""
    folder = tmp_path_factory.mktemp('surfaces')
    for family in ('leather', 'wood'):
        write_surface(Surface(family, 3, 64, strength=(1.0, 1.0), kinds=('hole',)),
                      folder / family, 4, 2, 2)
    return folder


@pytest.fixture(scope='module')
def shipped_hash():
    """Return the hash of the shipped detector, which must be there."""
    return load_manifest(models_folder() / SHIPPED_DETECTOR).hash


@pytest.fixture(scope='module')
def recipe(adapt_process, surfaces, shipped_hash, tmp_path_factory):
    """Return the recipe that is made without naming a detector, outside the repository."""
    folder = tmp_path_factory.mktemp('recipes')
    done = adapt_process('inspect', 'fit', '--references', surfaces / 'leather/train/good',
                         '--name', 'leather', '--out', 'recipe', cwd=folder)
    assert done.returncode == 0, done.stderr
    made = load_recipe(folder / 'recipe')
    assert made.name == 'leather' and made.detector_hash == shipped_hash
    return folder / 'recipe'


def test_score_takes_the_detector_that_the_recipe_names(adapt, surfaces, recipe, tmp_path):
    parts = sorted((surfaces / 'leather/test').glob('*/*.png'))
    done = adapt('inspect', 'score', recipe, *parts, '--json', 'scores.json', '--heatmaps', 'maps',
                 cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / 'scores.json').read_text())['pictures']
    assert [row['picture'] for row in rows] == list(map(str, parts))
    assert all(row['score'] is not None for row in rows)
    assert len(list((tmp_path / 'maps').iterdir())) == len(parts) == 4
    named = adapt('inspect', 'score', recipe, *parts, '--detector', SHIPPED_DETECTOR,
                  '--json', 'named.json', cwd=tmp_path)
    assert named.returncode == 0, named.stderr
    again = json.loads((tmp_path / 'named.json').read_text())['pictures']
    assert [row['score'] for row in again] == [row['score'] for row in rows]


def test_a_detector_of_the_same_name_that_is_another_one_is_refused(adapt, surfaces, recipe,
                                                                   tmp_path):
    make_detector(tmp_path / SHIPPED_DETECTOR)
    done = adapt('inspect', 'score', recipe, surfaces / 'leather/test/good', cwd=tmp_path)
    assert done.returncode == 2 and 'fit the recipe anew' in done.stderr


def test_a_missing_picture_is_told_before_the_first_is_judged(adapt, surfaces, recipe, tmp_path,
                                                              monkeypatch):
    from adapt_learning.inspection import Inspector

    def judged(*_):
        raise AssertionError('a picture was judged')
    monkeypatch.setattr(Inspector, 'judge', judged)
    done = adapt('inspect', 'score', recipe, surfaces / 'leather/test/good', 'nowhere.png',
                 '--json', 'scores.json', '--heatmaps', 'maps', cwd=tmp_path)
    assert done.returncode == 2 and 'nowhere.png is not there' in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(('names', 'said'), [
    (('notes.txt',), '1 file that is no picture was left out: notes.txt'),
    (('a.txt', 'b.csv', 'c', 'd.pdf', 'e.json', '.hidden'),
     '5 files that are no pictures were left out: a.txt, b.csv, c, d.pdf, ...')])
def test_fit_says_which_files_it_did_not_take(adapt, surfaces, tmp_path, names, said):
    make_detector(tmp_path / 'detector')
    (tmp_path / 'good').mkdir()
    for path in (surfaces / 'leather/train/good').iterdir():
        cv2.imwrite(str(tmp_path / 'good' / path.name), cv2.imread(str(path)))
    for name in names:
        (tmp_path / 'good' / name).touch()
    done = adapt('inspect', 'fit', '--references', 'good', '--out', 'recipe', '--detector',
                 'detector', '--json', 'said.json', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout.splitlines()
    assert said in json.loads((tmp_path / 'said.json').read_text())['notes']


def test_train_takes_the_shipped_weights(adapt, surfaces, tmp_path):
    done = adapt('inspect', 'train', '--sources', surfaces, '--target', surfaces / 'wood', '--out',
                 'made', '--surfaces', 0, '--set', 'training.optimization.steps=1', '--set',
                 'training.queries=2', '--json', 'said.json', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / 'said.json').read_text())
    assert facts['backbone'] == 'adapt_small' and facts['sources'] == ['leather']
    assert facts['weights_sha256'] == sha256_of(models_folder() / 'adapt_small/weights.safetensors')
    assert load_manifest(tmp_path / 'made').hash == facts['hash']


def test_train_without_the_shipped_models_says_what_is_missing(adapt, surfaces, tmp_path,
                                                               monkeypatch):
    (tmp_path / 'share/adapt_ros/models').mkdir(parents=True)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    done = adapt('inspect', 'train', '--sources', surfaces, '--out', tmp_path / 'made')
    said = ' '.join(done.stderr.split())
    assert done.returncode == 2 and 'adapt_small/weights.safetensors is not there' in said
    assert '--weights' in said and not (tmp_path / 'made').exists()


def test_bench_tries_what_ships(adapt, surfaces, shipped_hash, tmp_path):
    done = adapt('inspect', 'bench', '--domains', surfaces, '--references', 1, '--seeds', 1,
                 '--pictures', 1, '--jobs', 1, '--json', 'said.json', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    values = json.loads((tmp_path / 'said.json').read_text())
    assert {row['detector'] for row in values['rows']} == {
        'nearest_patch, adapt_small', 'surface_detector: fused, adapt_small'}
    assert '--detectors nearest_patch:adapt_small' in values['command']
    assert '--detector surface_detector' in values['command']
    stored = [json.loads(path.read_text()) for path in (
        tmp_path / 'benchmarks/inspection').glob('*.json')]
    weights = sha256_of(models_folder() / 'adapt_small/weights.safetensors')
    (distance,) = [one['inputs'] for one in stored if 'matrix' in one['result']]
    assert (distance['backbone'], distance['weights']) == ('adapt_small', weights)
    assert shipped_hash in {one['inputs'].get('detector') for one in stored}
