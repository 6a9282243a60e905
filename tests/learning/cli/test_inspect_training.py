"""`adapt inspect train` and `distil`, as far as the command line has to do with it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import safetensors.torch
import torch

from adapt_learning.cli.common import INTERRUPTED
from adapt_learning.detectors.mobilenet_v2 import MobileNetV2
from adapt_learning.surfaces import Surface, write_surface


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Return a file with weights of mobilenet_v2 that know nothing."""
    path = tmp_path_factory.mktemp('weights') / 'weights.safetensors'
    torch.manual_seed(0)
    safetensors.torch.save_file({name: x for name, x in MobileNetV2().state_dict().items()
                                 if name not in ('mean', 'std')}, path)
    return path


def test_distil_is_stopped_by_ctrl_c_and_goes_on(adapt_process, weights, tmp_path):
    command = ['inspect', 'distil', '--out', tmp_path / 'small', '--weights', weights,
               '--surfaces', 1, '--set', 'optimization.steps=60', '--set', 'optimization.batch=2',
               '--set', 'crop_px=32']
    running = subprocess.Popen(
        [sys.executable, '-m', 'adapt_learning.cli.main', *map(str, command)],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ)
    log = tmp_path / 'small.run/log.jsonl'
    end = time.monotonic() + 100
    # The checkpoint is there before the first update; the log is written through at the end.
    while not (log.parent / 'checkpoint.safetensors').exists() and time.monotonic() < end:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == INTERRUPTED and '--resume' in said, said
    assert not (tmp_path / 'small').exists()
    done = adapt_process(*command, '--resume', '--json', tmp_path / 'said.json')
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / 'said.json').read_text())
    assert facts['kind'] == 'backbone' and facts['config']['optimization']['steps'] == 60
    assert facts['hashes'].keys() == {'weights.safetensors'}
    steps = [json.loads(line)['step'] for line in log.read_text().splitlines()]
    assert steps == [20, 40, 60]


def test_train_makes_a_detector_that_fit_takes(adapt, weights, tmp_path):
    for seed in range(2):
        write_surface(Surface('leather', seed, 64), tmp_path / f'all/leather_{seed}', 3, 2, 3)
    done = adapt('inspect', 'train', '--out', tmp_path / 'made', '--sources', tmp_path / 'all',
                 '--target', tmp_path / 'all/leather_1', '--backbone', 'mobilenet_v2',
                 '--weights', weights, '--surfaces', 0, '--set', 'training.optimization.steps=1',
                 '--set', 'training.queries=2', '--json', tmp_path / 'said.json')
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / 'said.json').read_text())['sources'] == ['leather_0']
    assert 'fused on mobilenet_v2, classification' in done.stdout
    fitted = adapt('inspect', 'fit', '--references', tmp_path / 'all/leather_1/train/good',
                   '--detector', tmp_path / 'made', '--out', tmp_path / 'recipe')
    assert fitted.returncode == 0, fitted.stderr
    again = adapt('inspect', 'train', '--out', tmp_path / 'made', '--weights', weights)
    assert again.returncode != 0 and 'there already' in again.stderr
