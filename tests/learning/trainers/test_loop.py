"""The loop: repeatable, resumable to the last bit, a member is what it would be alone."""

import pytest
import torch

from adapt_learning import catalog
from adapt_learning.errors import SettingError
from adapt_learning.policies.base import Normalizers
from adapt_learning.stacked.checkpoint import FILE, load_checkpoint
from adapt_learning.stacked.loop import (
    LoopSettings,
    TrainingDiverged,
    TrainingInterrupted,
    run_stages,
)
from adapt_learning.stacked.weights import StageWeights
from adapt_learning.trainers.presets import resolve


class Memory:
    """A log that remembers."""

    def __init__(self):
        self.lines = []

    def write(self, stage, step, values):
        self.lines.append((stage, step, values))


class Run:
    """One run of the loop on the tiny dataset."""

    def __init__(self, folder, dataset, quiet, settings, name='dbc', seeds=(0,), stop_after=None):
        kind = catalog.load('policy', name)
        config, run = resolve(kind.Config, 'fetch_pick', name, 'cpu', settings)
        parts = dataset.split(0.25, 0)
        self.policy = kind(config, 16, 4, Normalizers.fit(
            config.normalization, *parts[0].pairs()), seeds)
        self.data = [self.policy.prepare(*map(torch.tensor, part.pairs())) for part in parts]
        self.log = Memory()
        self.blocks = 0
        self.stop_after = stop_after
        folder.mkdir(exist_ok=True)
        self.settings = LoopSettings(folder, self.log, quiet, self.should_stop)

    def should_stop(self):
        self.blocks += 1
        return self.blocks == self.stop_after

    def go(self, checkpoint=None):
        self.results = run_stages(self.policy, *self.data, self.settings, checkpoint)
        return self

    def state(self):
        return {name: p.detach().clone() for name, p in self.policy.named_parameters()}


@pytest.fixture
def run(tmp_path, dataset, quiet, tiny):
    def make(*more, folder='run', **kwargs):
        settings = (*tiny(kwargs.get('name', 'dbc')), *more)
        return Run(tmp_path / folder, dataset, quiet, settings, **kwargs)
    return make


def same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=0, atol=0)


def test_same_seed_same_numbers(run):
    first, second = run().go(), run().go()
    same(first.state(), second.state())
    assert first.log.lines == second.log.lines
    other = run(seeds=(1,)).go()
    assert not torch.equal(other.state()['network.head.weight'],
                           first.state()['network.head.weight'])


@pytest.mark.parametrize('precision', ['float32', 'bf16'])
@pytest.mark.parametrize('blocks', [1, 2, 3, 4])
def test_resumed_run_is_the_uninterrupted_run(run, blocks, precision):
    settings = (f'optimization.precision={precision}', 'network.dropout=0.1',
                f'diffusion.optimization.precision={precision}', 'optimization.keep=best')
    whole = run(*settings, seeds=(0, 5)).go()
    first = run(*settings, folder='cut', seeds=(0, 5), stop_after=blocks)
    with pytest.raises(TrainingInterrupted):
        first.go()
    second = run(*settings, folder='cut', seeds=(0, 5))
    second.go(load_checkpoint(second.settings.folder))
    same(whole.state(), second.state())
    assert whole.log.lines == first.log.lines + second.log.lines
    assert [(r.name, r.validation, r.pairs) for r in whole.results] == [
        (r.name, r.validation, r.pairs) for r in second.results]


@pytest.mark.parametrize('fast_then', [True, False])
def test_resumed_stage_keeps_the_precision_that_auto_chose(run, monkeypatch, fast_then):
    monkeypatch.setattr('adapt_learning.stacked.precision._fast_bf16', lambda kind: not fast_then)
    first = run(folder='cut', stop_after=1)
    with pytest.raises(TrainingInterrupted):
        first.go()
    monkeypatch.setattr('adapt_learning.stacked.precision._fast_bf16', lambda kind: fast_then)
    second = run(folder='cut')
    second.go(load_checkpoint(second.settings.folder))
    assert [r.precision for r in second.results] == (
        ['float32', 'bf16'] if fast_then else ['bf16', 'float32'])


def test_member_of_a_stack_is_what_it_would_be_alone(run):
    stack = run('optimization.precision=float32', 'diffusion.optimization.precision=float32',
                seeds=(4, 9)).go()
    alone = run('optimization.precision=float32', 'diffusion.optimization.precision=float32',
                seeds=(9,)).go()
    for name, value in alone.state().items():
        torch.testing.assert_close(stack.state()[name][1:], value, atol=2e-5, rtol=1e-3)


def test_losses_fall(run):
    done = run('optimization.steps=600', 'diffusion.optimization.steps=1000').go()
    for stage in ('diffusion', 'policy'):
        first, *_, last = [values['loss'][0] for name, _, values in done.log.lines
                           if name == stage]
        assert last < 0.8 * first
    assert {r.precision for r in done.results} <= {'float32', 'bf16'}


def test_early_stop_keeps_the_best(run):
    patient = run('optimization.steps=3000', 'optimization.keep=best', 'optimization.patience=2',
                  'optimization.learning_rate=0.03', 'optimization.ema_decay=0', name='bc').go()
    result = patient.results[0]
    assert result.updates < 3000
    seen = [values['validation'][0] for _, _, values in patient.log.lines]
    assert result.validation[0] == min(seen) and seen[-1] > min(seen)
    stage = patient.policy.stages()[0]
    torch.testing.assert_close(stage.score(patient.data[1]).item(), min(seen))


def test_divergence_ends_the_training_and_keeps_the_best_state(run):
    broken = run('optimization.steps=200', name='bc')
    weights = StageWeights.update

    def poisoned(self, losses):
        weights(self, losses)
        if self.updates == 120:
            self.master.data.fill_(float('nan'))
            self.compute.fill_(float('nan'))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StageWeights, 'update', poisoned)
        with pytest.raises(TrainingDiverged, match='nan after 128 steps.*after 64 steps, is kept.*'
                                                   'learning rate'):
            broken.go()
    kept = load_checkpoint(broken.settings.folder)
    assert kept.facts['diverged'] and kept.facts['step'] == 64
    assert all(torch.isfinite(tensor).all() for name, tensor in kept.tensors.items()
               if name.startswith(('policy.', 'stage.')))
    again = run('optimization.steps=200', 'optimization.learning_rate=1e-4', name='bc')
    assert again.go(kept).results[0].updates == 200


def test_divergence_at_once_keeps_nothing(run):
    broken = run('optimization.learning_rate=1e18', 'optimization.warmup_steps=0', name='bc')
    with pytest.raises(TrainingDiverged, match='diverged.*learning rate'):
        broken.go()
    assert load_checkpoint(broken.settings.folder) is None


def test_damaged_checkpoint(tmp_path):
    (tmp_path / FILE).write_bytes(b'not a checkpoint')
    with pytest.raises(SettingError, match='damaged.*without --resume'):
        load_checkpoint(tmp_path)
    assert load_checkpoint(tmp_path / 'nowhere') is None
