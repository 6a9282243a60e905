"""What `adapt hero` takes where nothing is said, and what `adapt hero serve` refuses."""

import json
import shutil
import socket

import pytest
from tiny_pipeline import tiny_pipeline

SMALL = [word for one in (
    'rounds=1', 'pictures=4', 'sampling.steps=3', 'embedding.updates=2', 'embedding.width=8',
    'embedding.head=[4]', 'ddpo.steps=1') for word in ('--set', one)]
SIMULATED = ('--evaluator', 'simulated:red_circle_above_blue_square')


@pytest.fixture(scope='module')
def pipeline(tmp_path_factory):
    """Return the folder of a tiny pipeline."""
    return tiny_pipeline(tmp_path_factory.mktemp('pipeline') / 'tiny')


@pytest.fixture
def root(pipeline, tmp_path, monkeypatch):
    """Return a folder in which a pipeline stands where the one that ships does."""
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    shutil.copytree(pipeline, tmp_path / 'share/adapt_ros/models/small_diffusion')
    return tmp_path


@pytest.fixture
def port():
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def test_the_model_that_ships_and_a_folder_beside_the_artifact(adapt, root):
    done = adapt('hero', 'run', '--prompt', 'a red circle', '--out', 'made', *SMALL, *SIMULATED,
                 cwd=root)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((root / 'made/manifest.json').read_text())
    assert manifest['pipeline'] == str(root / 'share/adapt_ros/models/small_diffusion')
    for _ in range(2):  # a folder is written once
        done = adapt('hero', 'sample', 'made/', '--prompt', 'a blue square', '--n', 3, cwd=root)
        pictures = root / 'made.pictures'
        assert len(list(pictures.glob('0*.png'))) == 3 and (pictures / 'sheet.png').is_file()
    assert done.returncode == 2 and 'never overwritten' in done.stderr


@pytest.mark.parametrize('verb', ['run', 'serve'])
def test_a_model_that_ships_and_is_not_there_is_no_name_on_a_hub(adapt, tmp_path, monkeypatch,
                                                                 verb):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    models = tmp_path / 'share/adapt_ros/models'
    models.mkdir(parents=True)
    done = adapt('hero', verb, '--prompt', 'a red circle', '--out', 'made', cwd=tmp_path)
    assert done.returncode == 2
    assert 'no pipeline in' in done.stderr and 'PIPELINE' in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['share']


def test_a_port_that_is_taken_is_refused_first(adapt, pipeline, tmp_path, port):
    with socket.socket() as other:
        other.bind(('127.0.0.1', port))
        other.listen()
        done = adapt('hero', 'serve', pipeline, '--prompt', 'a red circle', '--out',
                     tmp_path / 'made', '--port', port)
    assert done.returncode == 2
    assert f'port {port} cannot be served on' in done.stderr and '--port' in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(('change', 'message'), [
    (('--prompt', 'a blue square'), 'another prompt'), (('--seed', '1'), 'another config')])
def test_a_page_for_another_run_than_the_one_that_is_there(adapt, pipeline, tmp_path, port, change,
                                                           message):
    command = ['hero', 'run', pipeline, '--prompt', 'a red circle', '--out', tmp_path / 'made',
               *SMALL]
    assert adapt(*command).returncode == 1  # begun; nobody is at the terminal
    answers = sorted(tmp_path.rglob('*'))
    command[1] = 'serve'
    done = adapt(*command, '--port', port, *change)
    assert done.returncode == 2 and message in done.stderr
    assert 'give --out another name' in done.stderr and sorted(tmp_path.rglob('*')) == answers


def test_a_page_is_not_for_what_is_finished(adapt, pipeline, tmp_path, port):
    command = [pipeline, '--prompt', 'a red circle', '--out', tmp_path / 'made', *SMALL]
    assert adapt('hero', 'run', *command, *SIMULATED).returncode == 0
    done = adapt('hero', 'serve', *command, '--port', port)
    assert done.returncode == 2 and 'never overwritten' in done.stderr
