"""`adapt hero run` and `sample` as a user has them."""

import json
import shutil

import pytest
from tiny_pipeline import tiny_pipeline
from typer.testing import CliRunner

from adapt_learning.cli.main import app

SMALL = [word for one in (
    'rounds=2', 'pictures=4', 'sampling.steps=3', 'embedding.updates=2', 'embedding.width=8',
    'embedding.head=[4]', 'ddpo.steps=1') for word in ('--set', one)]


@pytest.fixture(scope='module')
def pipeline(tmp_path_factory):
    """Return the folder of a tiny pipeline."""
    return tiny_pipeline(tmp_path_factory.mktemp('pipeline') / 'tiny')


def test_a_person_at_the_terminal(pipeline, tmp_path):
    """Mistakes are told and asked again."""
    out = tmp_path / 'made'
    done = CliRunner().invoke(app, [
        'hero', 'run', str(pipeline), '--prompt', 'a red circle', '--out', str(out), *SMALL,
        '--json', str(tmp_path / 'made.json')], input='0 9\n\n0, 2\n1\n0 2\n2\n\n')
    assert done.exit_code == 0, done.output
    assert 'pictures of this round are 0 to 3' in done.stdout
    assert 'the best picture is one of the good ones' in done.stdout
    made = json.loads((tmp_path / 'made.json').read_text())
    assert [one['good'] for one in made['rounds']] == [2, 0]
    assert (tmp_path / 'made.run/sheet.png').is_file()
    best = tmp_path / 'made.run/best.png'
    assert best.is_file() and f'the best picture so far, which stays so if you name none: {best}' \
        in done.stdout.replace('\n', '')


def test_a_simulated_evaluator_then_pictures(adapt, pipeline, tmp_path):
    out = tmp_path / 'made'
    command = ['hero', 'run', pipeline, '--prompt', 'a red circle', '--out', out, *SMALL,
               '--evaluator', 'simulated:red_circle_above_blue_square', '--error-rate', '0.3']
    done = adapt(*command)
    assert done.returncode == 0, done.stderr
    assert 'round 1: ' in done.stdout
    manifest = json.loads((out / 'manifest.json').read_text(encoding='utf-8'))
    assert ' --error-rate 0.3' in manifest['command'], 'the same command makes the same'
    done = adapt('hero', 'sample', out, '--n', '3', '--out', tmp_path / 'pictures', '--prompt',
                 'a blue square')
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / 'pictures').glob('0*.png'))) == 3
    again = adapt(*command)
    assert again.returncode == 2 and 'never overwritten' in again.stderr


@pytest.mark.parametrize(('change', 'message'), [
    (['--evaluator', 'oracle'], 'terminal or simulated:RULE'),
    (['--evaluator', 'simulated:nothing'], "no evaluator 'nothing'"),
    (['--preset', 'fast'], 'preset is one of'), (['--feedback', '5'], 'rounds of 4 pictures'),
    (['--set', 'start.beta=1'], "no setting 'start.beta'"),
    (['--resume'], 'not the folder of a run'), (['--prompt', 'x' * 10_000], '10000 characters')])
def test_bad_input_is_refused(adapt, pipeline, tmp_path, change, message):
    done = adapt('hero', 'run', pipeline, '--prompt', 'a red circle', '--out', tmp_path / 'made',
                 *SMALL, *change)
    assert done.returncode == 2 and message in done.stderr
    assert not list(tmp_path.glob('made*'))


def test_going_on_needs_the_same_command(adapt, pipeline, tmp_path):
    command = ['hero', 'run', pipeline, '--prompt', 'a red circle', '--out', tmp_path / 'made',
               *SMALL, '--evaluator', 'terminal']
    assert adapt(*command).returncode == 1  # nobody is at the terminal
    begun = adapt(*command)
    assert begun.returncode == 2 and 'go on with --resume' in begun.stderr
    other = adapt(*command, '--resume', '--seed', '1')
    assert other.returncode == 2 and 'another config' in other.stderr
    copied = shutil.copytree(pipeline, tmp_path / 'copied')
    other = adapt('hero', 'run', copied, *command[3:], '--resume')
    assert other.returncode == 2 and 'another pipeline' in other.stderr
    command[-1] = 'simulated:red_circle_above_blue_square'
    assert adapt(*command, '--resume').returncode == 0
