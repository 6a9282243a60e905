"""Where something new may be made is looked at before any work."""

import os

import pytest

from adapt_learning.data.files import own_folder, publish_folder
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import DatasetError, SettingError


@pytest.fixture
def place(tmp_path):
    (tmp_path / 'afile').write_text('x')
    (tmp_path / 'dangling').symlink_to(tmp_path / 'nowhere')
    (tmp_path / 'circle').symlink_to(tmp_path / 'circle')
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'filled/data').mkdir(parents=True)
    (tmp_path / 'link').symlink_to(tmp_path / 'filled')
    return tmp_path


@pytest.mark.parametrize('name', ['new', 'empty', 'a/b/new', 'filled/../new'])
def test_free_places(place, name, monkeypatch):
    monkeypatch.chdir(place)
    assert check_output(name, ['filled']) == place / os.path.normpath(name)


@pytest.mark.parametrize('name, words', [
    ('afile', 'is there already and is never overwritten'),
    ('filled', 'is there already and is never overwritten'),
    ('afile/new', 'is a file, so nothing can be made below it'),
    ('afile/a/b/new', 'is a file, so nothing can be made below it'),
    ('dangling', 'dangling is a link to'),
    ('dangling/new', 'dangling is a link to'),
    ('circle', 'circle is a link to'),
    ('circle/new', 'circle is a link to'),
    ('x' * 230, 'at most 200 bytes'),
])
def test_places_where_nothing_can_be_made(place, name, words):
    with pytest.raises(DatasetError, match=words):
        check_output(place / name)


def test_an_empty_folder_is_in_the_way_of_a_file(place):
    with pytest.raises(DatasetError, match='choose another name'):
        check_output(place / 'empty', empty_folder=False)


def test_a_folder_without_permission(place, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda *_: False)
    with pytest.raises(DatasetError, match='may not be written to by you'):
        check_output(place / 'a/new')


@pytest.mark.parametrize('name', ['filled', 'filled/data/new', 'link/new', ''])
def test_the_input_is_never_touched(place, name):
    with pytest.raises(SettingError, match='lies outside of the input'):
        check_output(place / name, [place / 'other', place / 'filled'])


def test_a_file_where_unfinished_work_would_go(place):
    for name in ('afile', 'dangling'):
        with pytest.raises(DatasetError, match='is where unfinished work would go'), \
                own_folder(place / name):
            pytest.fail('it is no folder')


def test_the_folder_that_one_stands_in_can_be_filled(place, monkeypatch):
    monkeypatch.chdir(place / 'empty')
    publish_folder(place / 'filled', place / 'empty')
    assert os.listdir() == ['data'] and os.getcwd() == str(place / 'empty')
