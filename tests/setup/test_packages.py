"""What is installed: by pip into a wheel, by colcon with and without links."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SOURCES = ('src/adapt_learning', 'src/adapt_ros', 'config', 'launch', 'models')


@pytest.fixture(scope='module')
def copy(tmp_path_factory) -> Path:
    """Return a copy of what the packages are built from, so that building leaves no traces."""
    repository = Path(__file__).resolve().parents[2]
    target = tmp_path_factory.mktemp('copy')
    ignore = shutil.ignore_patterns('__pycache__', '*.egg-info', 'build', '.*')
    for folder in filter(lambda name: (repository / name).is_dir(), SOURCES):
        shutil.copytree(repository / folder, target / folder, symlinks=True, ignore=ignore)
    for file in ('colcon.meta', 'LICENSE'):
        shutil.copy(repository / file, target)
    return target


def test_wheel_has_contracts_license_and_type_marker(copy, tmp_path):
    subprocess.run(
        [sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--no-build-isolation',
         '--wheel-dir', tmp_path, copy / 'src' / 'adapt_learning'],
        check=True,
    )
    (wheel,) = tmp_path.glob('*.whl')
    names = zipfile.ZipFile(wheel).namelist()
    for contract in (copy / 'config' / 'contracts').glob('*.yaml'):
        assert f'adapt_learning/contracts/{contract.name}' in names
    for recipe in (copy / 'config' / 'train').glob('*.yaml'):
        assert f'adapt_learning/train_configs/{recipe.name}' in names
    assert 'adapt_learning/py.typed' in names
    assert any(name.endswith('/LICENSE') for name in names)


@pytest.mark.parametrize('links', [(), ('--symlink-install',)], ids=['copies', 'links'])
def test_colcon_installs_launch_files_configuration_and_models(copy, tmp_path, links):
    env = {key: value for key, value in os.environ.items() if not key.startswith('COV_')}
    subprocess.run(
        [sys.executable, '-m', 'colcon', '--log-base', tmp_path / 'log', 'build', *links,
         '--packages-select', 'adapt_learning', 'adapt_ros', '--base-paths', copy,
         '--build-base', tmp_path / 'build', '--install-base', tmp_path / 'install'],
        check=True, env=env, cwd=copy, capture_output=True,
    )
    share = tmp_path / 'install' / 'adapt_ros' / 'share' / 'adapt_ros'
    for folder, pattern in (('launch', '*.launch.py'), ('config', '**/*'), ('models', '**/*')):
        for file in (copy / folder).glob(pattern):
            if file.is_file():
                assert (share / file.relative_to(copy)).is_file(), file
    programs = tmp_path / 'install' / 'adapt_ros' / 'lib' / 'adapt_ros'
    assert {'sim_bridge', 'policy_node', 'evaluator'} <= {file.name for file in programs.iterdir()}
    if not links:  # whoever runs a plain `colcon build` gets the Python of scripts/env.sh
        assert (programs / 'sim_bridge').read_text().startswith('#!/usr/bin/env python3\n')
    adapt = tmp_path / 'install' / 'adapt_learning' / 'bin' / 'adapt'
    assert adapt.is_file() and os.access(adapt, os.X_OK)
