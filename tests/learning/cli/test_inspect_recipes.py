"""`adapt inspect fit`, `score` and `calibrate` with a detector that is no toy to them."""

import json

import cv2
import numpy as np
import pytest
from tiny_detector import make_detector

from adapt_learning.inspection import Examiner, Inspector, load_recipe


def picture(seed, spot=False):
    """Return a noisy surface [96, 96], with a dark spot or without."""
    made = np.random.default_rng(seed).normal(120, 12, (96, 96))
    if spot:
        made[40:60, 30:50] = 10
    return made.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope='module')
def line(tmp_path_factory):
    """Return a folder with a detector, good pictures, and a good and a bad part."""
    folder = tmp_path_factory.mktemp('line')
    make_detector(folder / 'detector')
    for name in ('good', 'parts'):
        (folder / name).mkdir()
    for i in range(12):
        cv2.imwrite(str(folder / f'good/{i:02d}.png'), picture(i))
    cv2.imwrite(str(folder / 'parts/fine.png'), picture(100))
    cv2.imwrite(str(folder / 'parts/spot.png'), picture(101, spot=True))
    (folder / 'parts/empty.jpg').write_bytes(b'')
    return folder


@pytest.fixture(scope='module')
def recipe(adapt_process, line):
    """Return the folder of a recipe."""
    done = adapt_process('inspect', 'fit', '--references', line / 'good', '--detector',
                         line / 'detector', '--out', line / 'recipe', '--json', line / 'fit.json')
    assert done.returncode == 0, done.stderr
    assert '12 references' in done.stdout and 'least that 12 references can promise' in done.stdout
    return line / 'recipe'


def test_fit_says_what_it_promises(line, recipe):
    facts = json.loads((line / 'fit.json').read_text())
    stored = load_recipe(recipe)
    assert facts['references'] == 12 and facts['odd'] == [] and facts['hash'] == stored.hash
    assert facts['bound'] == pytest.approx(1 / 13) and facts['false_reject'] == 0.01
    assert facts['threshold'] == stored.calibration.score.value


def test_score_is_what_the_node_would_say_to_the_bit(adapt, line, recipe, tmp_path):
    done = adapt('inspect', 'score', recipe, line / 'parts', '--detector', line / 'detector',
                 '--heatmaps', tmp_path / 'maps', '--json', tmp_path / 'scores.json')
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / 'scores.json').read_text())
    found = {row['picture'].rsplit('/', 1)[1]: row for row in facts['pictures']}
    assert {name: row['verdict'] for name, row in found.items()} == {
        'fine.png': 'OK', 'spot.png': 'NOK', 'empty.jpg': 'INVALID'}
    assert facts['counts'] == {'OK': 1, 'NOK': 1, 'INVALID': 1}
    assert '1 INVALID, 1 NOK, 1 OK' in done.stdout
    examiner = Examiner(Inspector(line / 'detector'), load_recipe(recipe))
    for name in ('fine.png', 'spot.png'):
        again = examiner.examine_encoded((line / 'parts' / name).read_bytes())
        assert again.score == found[name]['score']
    assert 'heatmap' not in found['empty.jpg']
    cold, hot = (cv2.imread(found[name]['heatmap']) for name in ('fine.png', 'spot.png'))
    assert cold.shape == hot.shape == (96, 96, 3)
    # Red is hot: where the spot is, and nowhere on the good part.
    assert hot[50, 40, 2] > hot[50, 40, 0] + 40 and (cold[..., 2] < cold[..., 0] + 60).all()


def test_calibrate_changes_the_threshold_and_nothing_else(adapt, line, recipe):
    before = load_recipe(recipe)
    done = adapt('inspect', 'calibrate', recipe, '--false-reject', 0.3, '--review-band', 0.5)
    assert done.returncode == 0, done.stderr
    after = load_recipe(recipe)
    assert after.calibration.score.value < before.calibration.score.value
    assert after.calibration.review_band == 0.5 and after.references == before.references
    adapt('inspect', 'calibrate', recipe, '--false-reject', 0.01, '--review-band', 0.1)
    assert load_recipe(recipe).calibration == before.calibration


@pytest.mark.parametrize('verb, options, words', [
    ('fit', ('--false-reject', 0), 'false-reject'),
    ('fit', ('--name', '../up'), 'without folders'),
    ('fit', ('--detector', 'nowhere'), "no shipped detector 'nowhere'; allowed: surface_detector"),
    ('fit', ('--detector', './nowhere'), 'a detector is a folder'),
    ('fit', ('--references', 'nowhere.png'), 'not there'),
    ('score', (), 'a recipe is a folder')])
def test_mistakes_are_told(adapt, line, tmp_path, verb, options, words):
    arguments = {'--detector': line / 'detector'}
    if verb == 'fit':
        arguments |= {'--references': line / 'good', '--out': tmp_path / 'new'}
    arguments |= dict([options] if options else [])
    first = (tmp_path, line / 'parts') if verb == 'score' else ()
    done = adapt('inspect', verb, *first, *(x for pair in arguments.items() for x in pair))
    assert done.returncode == 2 and words in ' '.join(done.stderr.split()), done.stderr
    assert not (tmp_path / 'new').exists()
