"""Shipped models by name: where they are looked for, and what is said of those that are not."""

from pathlib import Path

import pytest

from adapt_learning.artifacts import shipped
from adapt_learning.artifacts.shipped import artifact_folder, find_shipped, models_folder
from adapt_learning.errors import ArtifactError
from adapt_learning.inspection.detector import SHIPPED_DETECTOR, detector_folder, load_manifest

MODELS = Path(__file__).parents[3] / 'models'


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return the models of an installed adapt_ros, which the environment names second."""
    folder = tmp_path / 'install/share/adapt_ros/models'
    for name, file in (('one', 'a.onnx'), ('task_two', 'a.onnx'), ('other', 'b.onnx')):
        (folder / name).mkdir(parents=True)
        (folder / name / file).touch()
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{tmp_path / "ros"}:{tmp_path / "install"}')
    return folder


def test_the_installed_models_come_first(installed):
    assert models_folder() == installed


def test_without_ros_the_checkout_has_them_wherever_one_stands(tmp_path, monkeypatch):
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    monkeypatch.chdir(tmp_path)
    assert models_folder() == MODELS.resolve()
    assert load_manifest(detector_folder(SHIPPED_DETECTOR)).name == SHIPPED_DETECTOR
    assert (artifact_folder('dbc', 'fetch_pick') / 'model.onnx').is_file()


def test_elsewhere_they_are_looked_for_here(tmp_path, monkeypatch):
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    monkeypatch.setattr(shipped, '__file__', str(tmp_path / 'a/b/c/d/e/shipped.py'))
    assert models_folder() == Path('models')


def test_a_name_is_shipped_and_a_path_is_a_path(installed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_shipped('one', ('one',), 'a.onnx') == installed / 'one'
    assert find_shipped('two', ('two', 'task_two'), 'a.onnx') == installed / 'task_two'
    assert find_shipped('./one', ('one',), 'a.onnx') == Path('one')
    (tmp_path / 'one').mkdir()
    assert find_shipped('one', ('one',), 'a.onnx') == Path('one')


def test_what_is_not_there_is_answered_with_what_is(installed):
    assert find_shipped('other', ('other',), 'a.onnx') == 'one, task_two'
    with pytest.raises(ArtifactError, match="no shipped model 'x' for maze; allowed: .none is in"):
        artifact_folder('x', 'maze')
    with pytest.raises(ArtifactError, match="no shipped detector 'one'; allowed: .none is in"):
        detector_folder('one')
