"""`adapt restore`: what a person sees, what a program reads, Ctrl-C."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = str(Path(__file__).parent.parent / 'restoration' / 'support')
if SUPPORT not in sys.path:
    sys.path.insert(0, SUPPORT)

import demonstrations  # noqa: E402

from adapt_learning.data import load_dataset, save_dataset  # noqa: E402

QUICK = ('--set', 'restorer=random_forest', '--set', 'restorer_settings.trees=10', '--set',
         'filter=lof', '--set', 'least_clean_pairs=50')


@pytest.fixture(scope='module')
def noisy(tmp_path_factory):
    """Return the folder of a polluted dataset."""
    folder = tmp_path_factory.mktemp('data') / 'noisy'
    save_dataset(folder, demonstrations.make().noisy)
    return folder


def test_it_restores_and_says_what_it_did(adapt, noisy, tmp_path):
    done = adapt('restore', noisy, '--out', tmp_path / 'out', '--report', tmp_path / 'page.html',
                 *QUICK, '--json', tmp_path / 'result.json')
    assert done.returncode == 0
    result = json.loads((tmp_path / 'result.json').read_text())
    restored = load_dataset(tmp_path / 'out')
    assert result['hash'] == restored.hash
    assert result['counts'] == restored.meta['restoration']['counts']
    assert result['needed'] is True and result['text'] in ' '.join(done.stdout.split())
    assert result['report'] == str(tmp_path / 'page.html')
    assert '<html' in (tmp_path / 'page.html').read_text()[:500].lower()


def test_a_dry_run_judges_and_writes_nothing(adapt, noisy, tmp_path):
    done = adapt('restore', noisy, '--dry-run', '--set', 'filter=lof', '--json', '-', cwd=tmp_path)
    result = json.loads(done.stdout)
    assert done.returncode == 0 and result['output'] is None and result['report'] is None
    assert result['counts'] == {'pairs': 640} and result['estimates']['state'] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('arguments, said', [
    ((), '--out is the folder'),
    (('--out', 'x', '--preset', 'best'), "no preset 'best'; allowed: dmdr, published, trajectory"),
    (('--out', 'x', '--set', 'filter=lop'), "Did you mean 'lof'"),
    (('--out', 'x', '--set', 'restorer_settings.treshold=3'), "Did you mean 'threshold'"),
    (('--out', 'x', '--report', 'page.pdf'), '--report writes .html; got page.pdf'),
    (('--out', 'x', '--report', 'nowhere/page.html'), 'does not exist'),
    (('--out', 'x', '--report', '.'), '--report needs a file; . is a folder'),
    (('--dry-run', '--report', 'page.html'), '--dry-run restores nothing'),
    (('--out', 'x', '--progress', 'loud'), '--progress is one of auto, json'),
    (('--out', 'x', '--seed', '-1'), 'seed is not negative'),
    (('--out', 'x', '--seed', '9' * 400), 'below 2^63'),
    (('--out', 'x', '--set', f'context={"9" * 400}'), "'context' is a whole number below 2^63"),
])
def test_bad_input_is_one_sentence_before_anything_is_written(adapt, noisy, tmp_path, arguments,
                                                              said):
    done = adapt('restore', noisy, *arguments, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ''
    assert list(tmp_path.iterdir()) == []


def test_places_where_nothing_can_be_written_are_told_before_the_work(adapt, noisy, tmp_path):
    (tmp_path / 'afile').write_text('x')
    (tmp_path / 'out.work').write_text('x')
    (tmp_path / 'dangling').symlink_to('nowhere')
    before = sorted(path.name for path in tmp_path.iterdir())
    for options, said in (
            (('--out', 'afile/r'), 'is a file, so nothing can be made below it'),
            (('--out', 'out'), 'out.work is where the stages of this restoration would go'),
            (('--out', 'dangling'), 'is a link to nowhere'),
            (('--out', noisy / 'meta/new'), 'lies outside of the input'),
            (('--out', 'x', '--report', noisy / 'meta/x.html'), '--report lies outside of the'),
            (('--out', '.'), 'is there already and is never overwritten')):
        done = adapt('restore', noisy, *QUICK, *options, cwd=tmp_path)
        assert done.returncode == 2 and said in ' '.join(done.stderr.split()), options
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_the_folder_that_one_stands_in_is_filled(adapt, noisy, tmp_path):
    here = tmp_path / 'here'
    here.mkdir()
    done = adapt('restore', noisy, '--out', '.', *QUICK, '--json', '../result.json', cwd=here)
    assert done.returncode == 0
    result = json.loads((tmp_path / 'result.json').read_text())
    assert result['hash'] == load_dataset(here).hash and result['output'] == str(here)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['here', 'result.json']


def test_a_page_that_fails_leaves_a_dataset_and_says_so(adapt, noisy, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('adapt_learning.reports.restoration_page', full)
    done = adapt('restore', noisy, *QUICK, '--out', tmp_path / '[b]out[/i]', '--report',
                 tmp_path / 'r.html')
    assert done.returncode == 1 and '[b]out[/i] (hash' in done.stdout
    words = ' '.join(done.stderr.split())
    assert 'is complete, only the page' in words and 'No space left on device' in words
    assert 'adapt data view' in words
    assert len(load_dataset(tmp_path / '[b]out[/i]')) > 0


def test_too_few_clean_pairs_are_named_with_the_number_needed(adapt, noisy, tmp_path):
    done = adapt('restore', noisy, '--out', tmp_path / 'out', *QUICK, '--set',
                 'least_clean_pairs=5000')
    assert done.returncode == 2 and 'needs at least 5000 of them' in done.stderr
    assert not (tmp_path / 'out').exists()


def test_ctrl_c_keeps_what_is_finished_and_the_same_command_goes_on(adapt, noisy, tmp_path):
    arguments = ['restore', str(noisy), '--out', str(tmp_path / 'out'), *QUICK]
    process = subprocess.Popen(
        [sys.executable, '-m', 'adapt_learning.cli.main', *arguments, '--set',
         'restorer_settings.trees=100000', '--progress', 'json'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    stages = []
    for line in process.stderr:
        stages.append(json.loads(line))
        if stages[-1]['stage'] == 'learn states':
            process.send_signal(signal.SIGINT)
            break
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130 and 'the same command goes on' in words
    assert {'stage', 'number', 'stages', 'share', 'remaining_s', 'text'} == set(stages[-1])
    assert not (tmp_path / 'out').exists() and (tmp_path / 'out.work').is_dir()
    done = adapt(*arguments)
    assert done.returncode == 0
    ran = load_dataset(tmp_path / 'out').meta['restoration']['seconds']
    assert 'judge states' not in ran and 'learn states' in ran
    assert not (tmp_path / 'out.work').exists()
