"""Table 2.1 from beginning to end, with networks that know next to nothing."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.benchmarks.table_2_1 import (
    SWAP,
    TEXT,
    Part,
    Table21,
    table_2_1,
    write_table,
)
from adapt_learning.cli.main import app
from adapt_learning.generation.decgan.ac_gan import AcGanConfig
from adapt_learning.generation.decgan.classifier import ClassifierConfig
from adapt_learning.generation.decgan.measures import MeasureConfig
from adapt_learning.generation.decgan.probes import ProbeConfig
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.trainers import report_decgan
from adapt_learning.trainers.train_decgan import STAGES

BRIEF = OptimizationConfig(steps=4, batch=4, precision='float32')
TINY = ('network.latent=8', 'network.width=4',
        *(f'{stage}.optimization.{name}' for stage in STAGES for name in ('steps=4', 'batch=4')))


class Tiny(Part):
    """Measures little."""

    @property
    def split(self):
        return replace(super().split, measures=MeasureConfig(100, 40, ProbeConfig(8, 10)))


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """Return the workplace and the table, run."""
    folder = tmp_path_factory.mktemp('bench')
    place = Workplace(folder / 'benchmarks/table-2.1', folder / 'cache')
    table = Table21((Tiny('digits', 'digit', TINY, (), AcGanConfig(BRIEF), 2),))
    before = report_decgan._JUDGING
    report_decgan._JUDGING = ClassifierConfig(BRIEF)
    run_jobs(table.jobs(), place, 1)
    report_decgan._JUDGING = before
    return place, table


def test_the_page_has_every_split_and_the_rival(made):
    place, table = made
    page = write_table(table, place)
    values = json.loads(page.with_suffix('.json').read_text())
    part, = values['parts']
    assert list(part['rows']) == [
        TEXT, SWAP, f'{SWAP}, seed 1', 'moments of classes', 'linear discriminant', 'no split']
    assert set(part['seconds'][TEXT]) == set(STAGES)
    assert set(part['seconds'][SWAP]) == {'classifier', 'decomposition'}
    assert part['ac_gan']['aim']['accuracy'] == part['rows'][SWAP]['swap_digit']
    text = page.read_text()
    assert '97.44 (z)' in text and '## digits: digit' in text and 'AC-GAN from scratch' in text
    assert '--generator GENERATOR' in text
    for row in table.parts[0].rows:
        picture = table.parts[0].split.pictures(place, row)
        assert picture.is_file() and f'{place.results.name}/{picture.name}' in text


def test_nothing_is_run_twice_and_a_changed_setting_runs_what_depends_on_it(made):
    place, table = made
    part, = table.parts
    assert all(job.stored(place) and job.has_product(place) for job in (*part.rows, part.split))
    other = replace(part, overrides=(*TINY, 'decomposition.guide_weight=2'))
    assert other.rows[0].stored(place) is None
    assert other.rival.result_file(place) is None


def test_another_generator_is_another_part_of_the_page(made):
    place, table = made
    part, = table.parts
    other = replace(part, backbone='res_gan')
    assert '--backbone res_gan' in other.rows[0].command
    assert other.split.label == 'digits-digit-res_gan'
    assert other.rows[0].key(place) != part.rows[0].key(place)


def test_pictures_of_a_part_without_any_result_are_not_read_for_its_key(made, tmp_path):
    place, table = made
    absent = Tiny(f'mnist:{tmp_path / "none"}', 'digit', TINY)
    page = write_table(Table21((absent, *table.parts)), place)
    assert [part['data'] for part in json.loads(page.with_suffix('.json').read_text())['parts']
            ] == ['digits']


def test_a_page_never_loses_mnist_in_silence(tmp_path):
    results = tmp_path / 'table-2.1'
    results.mkdir()
    (results / 'split-mnist-digit-0.json').write_text('{}')
    done = CliRunner().invoke(app, ['bench', 'table-2.1', '--out', str(tmp_path)])
    assert done.exit_code == 2 and 'give --mnist' in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['table-2.1']


def test_mnist_is_left_out_without_its_folder(tmp_path):
    assert [(part.data, part.backbone) for part in table_2_1(None).parts] == [
        ('digits', 'vae_gan'), ('digits', 'res_gan'), ('rendered', 'vae_gan')]
    assert table_2_1(tmp_path).parts[0].data == f'mnist:{tmp_path}'
