"""A training in its folder: killed between two checkpoints, taken up, told once."""

import json

import pytest
import torch
from torch import nn

from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import OptimizationConfig
from adapt_learning.stacked.loop import TrainingDiverged
from adapt_learning.stacked.training import Training
from adapt_learning.trainers import run_folder
from adapt_learning.trainers.run_folder import run_training


class Line(Training):
    """Fits a line; dies before an update if told so."""

    def __init__(self, dies_at=None, values=1.0):
        torch.manual_seed(0)
        super().__init__(nn.Linear(1, 1), OptimizationConfig(
            steps=100, batch=4, learning_rate=0.01, warmup_steps=1, precision='float32'), 0)
        self.dies_at, self.values = dies_at, values

    def losses(self):
        if self.step == self.dies_at:
            raise RuntimeError('killed')
        x = torch.rand(4, 1, generator=self.random) * self.values
        loss = (self.module(x) - 2 * x).square().mean()
        return loss, {'line': loss}


def run(folder, resume=False, **line):
    return run_training(lambda: Line(**line), folder, 'fit', {'seed': 0}, resume)


def steps(folder):
    return [json.loads(line)['step'] for line in (folder / 'log.jsonl').read_text().splitlines()]


def test_a_killed_run_goes_on_and_tells_every_step_once(tmp_path, monkeypatch):
    whole = run(tmp_path / 'whole')
    monkeypatch.setattr(run_folder, '_EVERY_S', 1e9)  # the last checkpoint is the first
    with pytest.raises(RuntimeError, match='killed'):
        run(tmp_path / 'killed', dies_at=70)
    assert steps(tmp_path / 'killed') == [20, 40, 60]
    assert run(tmp_path / 'killed', resume=True) == whole
    assert steps(tmp_path / 'killed') == steps(tmp_path / 'whole') == [20, 40, 60, 80, 100]


def test_a_finished_run_gives_its_losses_again(tmp_path):
    assert run(tmp_path / 'run') == run(tmp_path / 'run', resume=True)


def test_advice_after_a_loss_without_a_number_names_the_setting(tmp_path):
    with pytest.raises(TrainingDiverged, match=r'--set fit\.optimization\.learning_rate=0\.0033'):
        run_training(lambda: Line(values=float('nan')), tmp_path / 'run', 'fit', {}, False,
                     settings='fit.optimization')


def test_another_run_and_a_folder_of_something_else_are_refused(tmp_path):
    run(tmp_path / 'run')
    with pytest.raises(SettingError, match='unfinished run'):
        run(tmp_path / 'run')
    with pytest.raises(SettingError, match='seed: run 0, command 1'):
        run_training(Line, tmp_path / 'run', 'fit', {'seed': 1}, True)
    with pytest.raises(SettingError, match='no checkpoint'):
        run(tmp_path / 'none', resume=True)
    (tmp_path / 'photos').mkdir()
    with pytest.raises(SettingError, match='not the folder of a run'):
        run(tmp_path / 'photos')
