"""`adapt train` as a user has it: own data without a task, and everything that can be wrong."""

import json

import numpy as np
import pytest

from adapt_learning import catalog
from adapt_learning.data import Dataset, Episode, load_dataset, save_dataset
from adapt_learning.frames import Contract, load_contract

SMALL = ('network.width=8', 'network.depth=2', 'optimization.steps=128', 'optimization.batch=16',
         'optimization.validate_every=64', 'run.threads=1')
JUDGE = ('judge.diffusion.network.width=8', 'judge.diffusion.network.depth=2',
         'judge.diffusion.optimization.steps=64', 'judge.diffusion.optimization.batch=16')
FILES = {'robomimic': 'lift.hdf5', 'minari': 'lift', 'pt': 'lift.pt', 'lerobot': 'lift'}


def sets(*overrides):
    return [word for override in overrides for word in ('--set', override)]


def made(folder, contract, episodes=5, steps=20, change=lambda episode: episode):
    """Write episodes in which the action is a smooth function of the observation."""
    sizes = contract.observation_spec.size, contract.action_spec.size
    rng = np.random.default_rng(0)
    mix = rng.normal(size=sizes)
    rows = []
    for seed in range(episodes):
        observation = np.cumsum(rng.normal(size=(steps, sizes[0])), axis=0) / 5
        values = {'observation': observation, 'action': 0.9 * np.tanh(observation @ mix / 4)}
        values = change(values) if seed == episodes - 1 else values
        rows.append(Episode(values['observation'], values['action'], np.arange(steps) * 0.04,
                            np.zeros(steps), True, seed))
    save_dataset(folder, Dataset(tuple(rows), contract, {'command': 'a test'}))
    return folder


@pytest.fixture(scope='module')
def foreign():
    """Return a contract that no task has."""
    values = load_contract('fetch_pick').model_dump()
    return Contract.model_validate(values | {'name': 'lift', 'observation': [
        part for part in values['observation'] if part['derive'] is None]})


def refused(done, *words):
    """Check an input error: one message without traceback."""
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert 'Traceback' not in done.stderr and done.stdout == ''
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize('name', catalog.names('format'))
def test_imported_data_need_no_task(adapt, tmp_path, foreign, name):
    """Export by each format, import without a contract, train, and ask for an evaluation."""
    made(tmp_path / 'ours', foreign)
    file = FILES[name]
    for words in (('data', 'export', 'ours', '--format', name, '--out', file),
                  ('data', 'import', file, '--out', 'data', '--rate-hz', '25'),
                  ('train', 'bc', '--data', 'data', '--out', 'model', '--judge',
                   *sets(*SMALL, *JUDGE), '--json', 'result.json')):
        done = adapt(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / 'result.json').read_text())
    artifact, = result['artifacts']
    assert result['task'] == 'lift' and artifact['policy_validation_loss'] > 0
    assert 0 < artifact['held_out_unlikeness'] < 100
    assert 'held_out_unlikeness' in (tmp_path / 'model/card.md').read_text()
    refused(adapt('eval', 'model', cwd=tmp_path), "no task 'lift'", 'needs a task',
            'held-out', 'add_a_task')


def test_artifacts_of_several_steps(adapt, tmp_path, foreign):
    made(tmp_path / 'data', foreign)
    done = adapt('train', 'bc', '--data', 'data', '--out', 'model', '--judge', '--keep-every',
                 '64', '--seeds', '0,3', *sets(*SMALL, *JUDGE), '--json', 'x.json', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / 'x.json').read_text())
    steps = result['steps']
    assert [(one['step'], one['seed']) for one in steps] == [
        (64, 0), (64, 3), (128, 0), (128, 3)]
    assert steps[0]['held_out_unlikeness'] != steps[2]['held_out_unlikeness']
    for last, end in zip(steps[2:], result['artifacts'], strict=True):
        assert last['policy_validation_loss'] == pytest.approx(end['policy_validation_loss'])
        assert (tmp_path / last['folder'] / 'model.onnx').read_bytes() == (
            tmp_path / end['folder'] / 'model.onnx').read_bytes()
    assert 'step-64/seed-3: seed 3, held-out losses: policy' in done.stdout
    assert 'unlikeness' in done.stdout


def test_entries_that_do_not_fit_the_task_are_named(adapt, tmp_path, foreign):
    made(tmp_path / 'data', foreign)
    refused(adapt('train', 'bc', '--task', 'fetch_pick', '--data', 'data', '--out', 'model',
                  cwd=tmp_path), "contract 'lift'", "task 'fetch_pick'",
            'observation object_relative_position: data has none, task size=3',
            'leave --task out')
    assert [path.name for path in tmp_path.iterdir()] == ['data']


def test_sizes_that_do_not_fit_are_named_at_the_import(adapt, tmp_path, foreign):
    made(tmp_path / 'ours', foreign)
    adapt('data', 'export', 'ours', '--format', 'pt', '--out', 'x.pt', cwd=tmp_path)
    refused(adapt('data', 'import', 'x.pt', '--out', 'data', '--contract', 'fetch_pick',
                  cwd=tmp_path), 'object_relative_position', 'has 16 elements',
            f'[{foreign.observation_spec.size}]')
    assert not (tmp_path / 'data').exists()


def broken(name, value, row=7, column=1):
    def change(values):
        values[name][row, column] = value
        return values
    return change


def test_actions_outside_the_box(adapt, tmp_path):
    made(tmp_path / 'data', load_contract('fetch_pick'), change=broken('action', 4.6))
    words = ('train', 'bc', '--data', 'data', '--out', 'model')
    refused(adapt(*words, cwd=tmp_path), '1 of 100 actions', 'gripper_velocity', 'up to 4.6',
            'where 1 is allowed', 'episode 4, row 7', 'run.outside_box=true')
    assert [path.name for path in tmp_path.iterdir()] == ['data']
    done = adapt(*words, *sets(*SMALL, 'run.outside_box=true'), cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_data_that_were_polluted_on_purpose_may_leave_the_box(adapt, tmp_path):
    made(tmp_path / 'clean', load_contract('fetch_pick'))
    adapt('data', 'corrupt', 'clean', '--kind', 'gaussian', '--sigma', '3', '--out', 'noisy',
          cwd=tmp_path)
    assert np.abs(load_dataset(tmp_path / 'noisy').pairs()[1]).max() > 1.5
    done = adapt('train', 'bc', '--data', 'noisy', '--out', 'model', *sets(*SMALL), cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('part, value, words', [
    ('observation', np.nan, ('observation gripper_position', 'episode 4', 'row 7')),
    ('action', np.inf, ('action gripper_velocity', 'episode 4', 'row 7')),
])
def test_values_that_are_not_finite(adapt, tmp_path, part, value, words):
    made(tmp_path / 'data', load_contract('fetch_pick'), change=broken(part, value))
    refused(adapt('train', 'bc', '--data', 'data', '--out', 'model', cwd=tmp_path), *words)
    assert [path.name for path in tmp_path.iterdir()] == ['data']


def test_one_episode(adapt, tmp_path):
    made(tmp_path / 'data', load_contract('fetch_pick'), episodes=1)
    words = ('--data', 'data', '--out', 'model')
    refused(adapt('train', 'bc', *words, cwd=tmp_path), 'data has 1 episode', '2 are needed',
            'run.validation_fraction=0')
    # A detector cannot be calibrated on what was learnt: said before the training, not after it.
    alone = sets('run.validation_fraction=0')
    refused(adapt('train', 'dbc', *words, *alone, cwd=tmp_path), 'held-out episodes')
    refused(adapt('train', 'bc', '--judge', *words, *alone, cwd=tmp_path), 'held-out episodes')
    assert [path.name for path in tmp_path.iterdir()] == ['data']
    done = adapt('train', 'bc', *words, *sets(*SMALL), *alone, cwd=tmp_path)
    assert done.returncode == 0 and 'losses: none' in done.stdout, done.stderr


@pytest.mark.parametrize('words, says', [
    (('--set', 'judge.diffusion.network.width=8'), 'the judge (--judge), which was not given'),
    (('--judge', '--set', 'judge.diffusion.netwrk.width=8'), "no setting 'diffusion.netwrk"),
    (('--keep-every', '-1'), '--keep-every'),
])
def test_mistakes_in_what_is_asked_for(adapt, tmp_path, demos, words, says):
    refused(adapt('train', 'bc', '--data', demos, '--out', 'model', *words, cwd=tmp_path), says)
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_diverges_keeps_its_best_state_and_goes_on_from_it(adapt, tmp_path, demos):
    # From step 30 on every step pushes the weights further out than the one before.
    words = ('train', 'bc', '--data', demos, '--out', 'model',
             *sets(*SMALL, 'optimization.steps=640', 'optimization.weight_decay=20000'))
    done = adapt(*words, *sets('optimization.learning_rate=2e-3',
                               'optimization.warmup_steps=640'), cwd=tmp_path)
    assert done.returncode == 1 and 'Traceback' not in done.stderr, done.stderr
    assert 'diverged' in done.stderr and 'is kept' in done.stderr and '--resume' in done.stderr
    assert not (tmp_path / 'model').exists()
    refused(adapt(*words, cwd=tmp_path), '--resume')
    refused(adapt(*words, '--set', 'network.width=9', '--resume', cwd=tmp_path), 'other settings')
    done = adapt(*words, *sets('optimization.learning_rate=1e-5'), '--resume', cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / 'model/model.onnx').is_file(), done.stderr
