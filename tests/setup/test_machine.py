"""System packages, repairs of the wheels, stamps and the lock."""

import os
import subprocess
import sys
import sysconfig

import pytest

from adapt_setup import system, wheels
from adapt_setup.errors import SetupError
from adapt_setup.stamps import Stamp, key_of


def test_missing_compiler_is_named_as_package(tmp_path):
    missing = system.missing_build_packages(sys.executable, {**os.environ, 'PATH': str(tmp_path)})
    assert {'g++', 'cmake', 'make'} <= set(missing)


def test_without_root_one_sentence_names_the_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    apt = tmp_path / 'apt-get'
    apt.write_text('#!/bin/sh\nexit 1\n')
    apt.chmod(0o755)
    with pytest.raises(SetupError, match=r'sudo apt-get install cmake g\+\+`') as error:
        system.install(['g++', 'cmake'], tmp_path / 'log', {'PATH': str(tmp_path)})
    assert '\n' not in str(error.value)


def test_cmake_exports_point_at_this_python(tmp_path):
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'python').symlink_to(sys.executable)
    site_packages = tmp_path / 'lib' / 'python3.11' / 'site-packages'
    site_packages.mkdir(parents=True)
    export = tmp_path / 'share' / 'std_msgs' / 'cmake' / 'export.cmake'
    export.parent.mkdir(parents=True)
    base = '/opt/python/cp311-cp311'
    export.write_text(
        f'"{base}/include/python3.11;{base}/lib/python3.11/site-packages/numpy/_core/include"'
    )
    assert wheels.repair_cmake_exports(tmp_path) == 1
    include = sysconfig.get_path('include')
    assert export.read_text() == f'"{include};{site_packages}/numpy/_core/include"'
    assert wheels.repair_cmake_exports(tmp_path) == 0


def test_step_that_began_is_not_done(tmp_path):
    stamp = Stamp(tmp_path, 'step')
    stamp.begin()
    stamp.done('key')
    assert stamp.is_done('key') and not stamp.is_done('other')
    stamp.begin()
    assert not stamp.is_done('key') and stamp.was_interrupted()


def test_key_ignores_by_products(tmp_path):
    (tmp_path / 'a.py').write_text('1')
    key = key_of(tmp_path)
    for folder in ('__pycache__', '.ruff_cache', 'a.egg-info'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'file').touch()
    assert key_of(tmp_path) == key
    (tmp_path / 'a.py').write_text('2')
    assert key_of(tmp_path) != key


def test_second_setup_waits_for_the_first(tmp_path, repository):
    code = (
        'import sys, time; sys.path.insert(0, sys.argv[1])\n'
        'from pathlib import Path; from adapt_setup.stamps import only_one\n'
        'with only_one(Path(sys.argv[2])):\n'
        '    print("in", flush=True); time.sleep(float(sys.argv[3])); print("out", flush=True)\n'
    )
    command = [sys.executable, '-c', code, str(repository / 'scripts'), str(tmp_path)]
    with subprocess.Popen([*command, '1'], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == 'in\n'
        second = subprocess.run([*command, '0'], capture_output=True, text=True, check=True)
        assert second.stdout.startswith('[setup] another set-up')
        assert first.stdout.read() == 'out\n'


def test_every_requirement_is_pinned(repository):
    for file in (repository / 'requirements').glob('*.txt'):
        for line in file.read_text().splitlines():
            assert not line or line.startswith('#') or '==' in line, f'{file.name}: {line}'
