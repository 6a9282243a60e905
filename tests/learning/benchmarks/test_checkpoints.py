"""Checkpoints of one training: what is measured without a simulator, beside success."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from adapt_learning.benchmarks.checkpoints import Checkpoints, Point, rankings
from adapt_learning.cli.main import app
from adapt_learning.evaluation.intervals import success_rate

TINY = ('network.width=8', 'judge.diffusion.network.width=8', 'run.threads=1',
        'judge.diffusion.optimization.steps=64', 'judge.diffusion.schedule.steps=20')


def some(losses, unlike, successes, seed=0):
    return [Point(seed, 64 * i, loss, one, success_rate(n, 10)) for i, (loss, one, n) in enumerate(
        zip(losses, unlike, successes, strict=True))]


def test_a_measure_that_orders_as_success_does_has_a_correlation_of_one():
    found = some([5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [0, 2, 4, 6, 8])
    loss, unlike = rankings(found)
    assert loss.correlation == 1.0 and unlike.correlation == -1.0
    assert loss.interval[1] == 1.0 and loss.chosen is found[-1] and unlike.chosen is found[0]


def test_the_interval_is_wide_where_the_order_is_by_chance():
    random = np.random.default_rng(0)
    low, high = rankings(some(random.normal(size=8), np.ones(8), random.integers(0, 10, 8)))[
        0].interval
    assert low < 0 < high and high - low > 0.8


def test_without_a_difference_there_is_no_correlation():
    loss, unlike = rankings(some([3, 2, 1], [1, 1, 1], [5, 5, 5]))
    assert (loss.correlation, loss.interval, unlike.correlation) == (None, None, None)


def test_seeds_are_ranked_apart():
    found = [*some([3, 2, 1], [1, 2, 3], [0, 1, 2]), *some([1, 2, 3], [1, 2, 3], [0, 1, 2], 7)]
    assert [(one.seed, one.correlation) for one in rankings(found)] == [
        (0, 1.0), (0, -1.0), (7, -1.0), (7, -1.0)]


def test_steps_are_where_the_loop_looks():
    assert Checkpoints(every=100, count=3).steps == [128, 256, 300]
    assert Checkpoints(every=512, count=2).steps == [512, 1024]


def test_from_the_command_to_the_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ['bench', 'checkpoints', '--demonstrations', '4', '--every', '64', '--count', '3',
             '--episodes', '2', '--jobs', '1', '--json', 'x.json',
             *(word for one in TINY for word in ('--set', one))]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    values = json.loads((tmp_path / 'x.json').read_text())
    assert [point['step'] for point in values['points']] == [64, 128, 192]
    assert all(point['validation_loss'] > 0 and point['unlikeness'] > 0
               for point in values['points'])
    assert values['command'].startswith('adapt bench checkpoints --task fetch_pick')
    assert (tmp_path / 'benchmarks/checkpoints-fetch_pick.png').read_bytes()[:4] == b'\x89PNG'
    assert '| 0 | 128 |' in (tmp_path / 'benchmarks/checkpoints-fetch_pick.md').read_text()
    stored = sorted(path.name.partition('-bc')[0]
                    for path in (tmp_path / 'benchmarks/checkpoints').glob('*bc*'))
    assert stored == ['evaluate-step'] * 3 + ['train-steps']
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / 'runs').rglob('*.onnx')}
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0 and before == {path: path.stat().st_mtime_ns for path in before}


@pytest.mark.parametrize('words, says', [
    (('--count', '2'), '--count'), (('--task', 'maz'), "Did you mean 'maze'"),
    (('--policy', 'bcc'), "Did you mean 'bc'"), (('--set', 'network.widht=3'), 'network.widht'),
    (('--backend', 'rai'), 'loky, ray')])
def test_bad_input(tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('COLUMNS', '200')
    done = CliRunner().invoke(app, ['bench', 'checkpoints', *words])
    assert done.exit_code == 2 and says in done.stderr
    assert list(tmp_path.iterdir()) == []
