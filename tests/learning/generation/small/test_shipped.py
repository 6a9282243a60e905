"""The model that ships: whole, small, and as good as its card says."""

import json
import math
from pathlib import Path

import pytest

from adapt_learning import catalog
from adapt_learning.data.files import sha256_of
from adapt_learning.generation.small.config import MeasureConfig, SmallConfig
from adapt_learning.generation.small.pipeline import generate, load_pipeline
from adapt_learning.generation.small.simulated import success_rate
from adapt_learning.stacked.config import from_values
from adapt_learning.trainers.small_diffusion_card import card_of

FOLDER = Path(__file__).parents[4] / 'models/small_diffusion'


@pytest.fixture(scope='module')
def manifest():
    return json.loads((FOLDER / 'manifest.json').read_text(encoding='utf-8'))


def test_its_files_are_those_of_the_manifest(manifest):
    files = {str(path.relative_to(FOLDER)): path for path in FOLDER.rglob('*') if path.is_file()}
    assert files.keys() - manifest['hashes'].keys() == {'manifest.json', 'card.md'}
    assert {name: sha256_of(files[name]) for name in manifest['hashes']} == manifest['hashes']
    assert sum(path.stat().st_size for path in files.values()) < 8e6


def test_the_card_says_what_the_manifest_says(manifest):
    assert (FOLDER / 'card.md').read_text(encoding='utf-8') == card_of(manifest)
    from_values(SmallConfig, manifest['config'])
    for name, found in manifest['success'].items():
        assert found['prompt'] == catalog.load('evaluator', name).prompt


def test_feedback_has_something_to_mend_and_something_to_go_on(manifest):
    rates = [found['rate'] for found in manifest['success'].values()]
    assert sum(0.2 <= rate <= 0.45 for rate in rates) >= 3


def test_it_draws_as_often_what_is_asked_as_the_card_says(manifest):
    rule, count = catalog.load('evaluator', 'two_green_circles')(), 64
    told = manifest['success']['two_green_circles']
    pictures = generate(load_pipeline(FOLDER), rule.prompt, count, 0,
                        from_values(MeasureConfig, manifest['config']['measure']))
    # Three standard deviations of the difference of both counts, those of the card by other seeds.
    spread = math.sqrt(told['rate'] * (1 - told['rate']) * (1 / count + 1 / told['episodes']))
    assert abs(success_rate(pictures, rule) - told['rate']) < 3 * spread < 0.2
    assert pictures.std() > 20
