"""Restoring a folder: atomic, resumable after a kill, never touching the input."""

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import demonstrations
import numpy as np
import pytest
from filmed import film, written

from adapt_learning.data import load_dataset, save_dataset
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.restoration.base import Cancelled
from adapt_learning.restoration.config import resolve
from adapt_learning.restoration.pipeline import STAGES
from adapt_learning.restoration.run import FolderStore, RestoreRequest, restore_folder

CONFIG = resolve('dmdr', ('restorer=random_forest', 'restorer_settings.trees=10', 'filter=lof',
                          'least_clean_pairs=50'))
MADE = [name for name in STAGES if name != 'write']


@pytest.fixture(scope='module')
def noisy(tmp_path_factory):
    """Return the folder of a polluted dataset."""
    folder = tmp_path_factory.mktemp('data') / 'noisy'
    save_dataset(folder, demonstrations.make().noisy)
    return folder


@pytest.fixture(scope='module')
def expected(noisy, tmp_path_factory):
    """Return the hash of what an undisturbed run makes of it."""
    out = tmp_path_factory.mktemp('expected') / 'out'
    return restore_folder(RestoreRequest(noisy, out, CONFIG)).as_dict()['hash']


def content(folder):
    return {path.relative_to(folder): path.read_bytes()
            for path in sorted(folder.rglob('*')) if path.is_file()}


def test_a_restored_folder_is_a_dataset_and_nothing_else_is_left(noisy, expected, tmp_path):
    before = content(noisy)
    done = restore_folder(RestoreRequest(noisy, tmp_path / 'out', CONFIG))
    restored = load_dataset(tmp_path / 'out')
    assert restored.hash == expected == done.as_dict()['hash']
    assert restored == done.result.dataset
    assert restored.meta['restoration']['source']['name'] == 'noisy'
    assert content(noisy) == before
    assert [path.name for path in tmp_path.iterdir()] == ['out']


def test_judging_alone_writes_nothing(noisy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = restore_folder(RestoreRequest(noisy, None, CONFIG, dry_run=True)).as_dict()
    assert found['output'] is None and found['needed'] is True and 0 < found['estimates']['state']
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('both', ['drop', 'restore'])
def test_pictures_come_along_where_no_row_is_dropped(tmp_path, both):
    polluted = demonstrations.make().noisy
    lengths = [len(episode) for episode in polluted]
    written(tmp_path / 'in', polluted, film(tmp_path / 'film.mp4', lengths)).seal()
    done = restore_folder(RestoreRequest(
        tmp_path / 'in', tmp_path / 'out', replace(CONFIG, both_polluted=both, context=1)))
    assert ('lost rows' in done.as_dict()['note']) == (both == 'drop')
    assert len(list((tmp_path / 'out').rglob('*.mp4'))) == (both == 'restore')
    assert load_dataset(tmp_path / 'out') == done.result.dataset


@pytest.mark.parametrize('stage', ['judge actions', 'restore states', 'learn actions'])
def test_a_cancelled_restoration_goes_on_and_repeats_no_finished_stage(
        noisy, expected, tmp_path, stage):
    request = RestoreRequest(noisy, tmp_path / 'out', CONFIG)
    heard = []
    with pytest.raises(Cancelled, match=stage):
        restore_folder(request, heard.append, lambda: bool(heard) and heard[-1].stage == stage)
    assert not request.output.exists()
    assert len(list(request.work_folder.glob('*.safetensors'))) == MADE.index(stage)
    again = restore_folder(request)
    ran = again.result.dataset.meta['restoration']['seconds']
    assert list(ran) == MADE[MADE.index(stage):]
    assert again.as_dict()['hash'] == expected and not request.work_folder.exists()


def test_kill_minus_9_loses_the_present_stage_only(noisy, expected, tmp_path):
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from adapt_learning.restoration.run import RestoreRequest, restore_folder
from adapt_learning.restoration.config import resolve
config = resolve('dmdr', ('restorer=random_forest', 'restorer_settings.trees=10', 'filter=lof',
                          'least_clean_pairs=50'))
def told(now):
    if now.stage == 'learn actions' and 'trees' in now.text:
        os.kill(os.getpid(), signal.SIGKILL)
restore_folder(RestoreRequest(Path({str(noisy)!r}), Path({str(tmp_path / 'out')!r}), config), told)
"""
    done = subprocess.run([sys.executable, '-c', code], timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ['out.work']
    again = restore_folder(RestoreRequest(noisy, tmp_path / 'out', CONFIG))
    assert list(again.result.dataset.meta['restoration']['seconds']) == ['learn actions',
                                                                         'restore actions']
    assert again.as_dict()['hash'] == expected


def test_other_settings_find_only_the_stages_that_are_the_same(noisy, tmp_path):
    store, ran = FolderStore(tmp_path), []
    from adapt_learning.restoration.pipeline import restore_dataset
    data = load_dataset(noisy)
    fast = ('filter=lof', 'least_clean_pairs=50', *demonstrations.FAST,
            *(f'restorer_settings.training.{part}_optimization.steps=20'
              for part in ('denoiser', 'predictor')))
    for change in ('restorer=diffusion', 'restorer=generation', 'clean_share=0.6'):
        done = restore_dataset(data, resolve('dmdr', (*fast, change)), store=store)
        ran.append(list(done.dataset.meta['restoration']['seconds']))
    assert ran == [MADE, ['restore states', 'restore actions'], MADE[2:]]


def test_a_damaged_stage_file_is_made_again(noisy, expected, tmp_path):
    request = RestoreRequest(noisy, tmp_path / 'out', CONFIG)
    heard = []
    with pytest.raises(Cancelled):
        restore_folder(request, heard.append,
                       lambda: bool(heard) and heard[-1].stage == 'learn states')
    for path in request.work_folder.glob('*.safetensors'):
        path.write_bytes(path.read_bytes()[:50])
    assert restore_folder(request).as_dict()['hash'] == expected


def test_a_full_disk_is_an_error_and_the_output_is_not_there(noisy, expected, tmp_path,
                                                             monkeypatch):
    from adapt_learning.data import writer
    request = RestoreRequest(noisy, tmp_path / 'out', CONFIG)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(writer.pq, 'write_table', full)
        with pytest.raises(OSError, match='No space left'):
            restore_folder(request)
    assert [path.name for path in tmp_path.iterdir()] == ['out.work']
    assert restore_folder(request).as_dict()['hash'] == expected


def test_an_output_that_is_there_is_refused_before_any_work(noisy, tmp_path):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'precious').write_text('x')
    with pytest.raises(DatasetError, match='never overwritten'):
        restore_folder(RestoreRequest(noisy, tmp_path / 'out', CONFIG))
    (tmp_path / 'mine.work').mkdir()
    (tmp_path / 'mine.work' / 'precious').write_text('x')
    with pytest.raises(DatasetError, match='not the folder of a restoration'):
        restore_folder(RestoreRequest(noisy, tmp_path / 'mine', CONFIG))
    assert (tmp_path / 'mine.work' / 'precious').read_text() == 'x'
    assert not (tmp_path / 'mine').exists()


def test_input_and_output_are_apart(noisy):
    for output in (noisy, noisy / 'restored', noisy.parent):
        with pytest.raises(SettingError, match='outside of the input'):
            RestoreRequest(noisy, output, CONFIG)
    with pytest.raises(SettingError, match='needs the folder'):
        RestoreRequest(noisy, None, CONFIG)


def test_two_restorations_into_one_folder_are_refused(noisy, tmp_path):
    from adapt_learning.data.files import own_folder
    request = RestoreRequest(noisy, tmp_path / 'out', CONFIG)
    with own_folder(request.work_folder):
        with pytest.raises(DatasetError, match='being written by another process'):
            restore_folder(request)


def test_the_store_gives_back_what_it_took(tmp_path):
    store = FolderStore(tmp_path)
    assert store.get('nothing') is None
    arrays = {'flag': np.array([True, False]), 'level': np.array([3, -1]),
              'turned': np.arange(6, dtype=np.float32).reshape(2, 3).T}
    store.put('some', arrays)
    found = store.get('some')
    assert all((found[name] == array).all() and found[name].dtype == array.dtype
               for name, array in arrays.items())


def test_no_time_is_told_before_anything_is_known(noisy, tmp_path):
    heard, began_s = [], time.monotonic()
    restore_folder(RestoreRequest(noisy, tmp_path / 'out', CONFIG), heard.append)
    spent_s = time.monotonic() - began_s
    assert heard[0].remaining_s is None
    assert all(now.remaining_s is None or 0 <= now.remaining_s < 100 * spent_s for now in heard)
