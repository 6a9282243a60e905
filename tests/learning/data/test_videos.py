"""Pictures of datasets that were derived from others."""

import pytest
from filmed import KEY, film, written
from lerobot_rules import broken_rules

from adapt_learning.data import save_dataset
from adapt_learning.data.reader import FolderIndex
from adapt_learning.data.videos import spans_of, take_over


@pytest.fixture
def filmed(tmp_path, dataset):
    """Return the folder of a dataset with a camera."""
    written(tmp_path / 'in', dataset, film(tmp_path / 'film.mp4', [len(e) for e in dataset])).seal()
    return tmp_path / 'in'


def places(folder):
    """Return where the pictures of every episode are, without the name of the folder."""
    index = FolderIndex.read(folder)
    spans = spans_of(index)
    return [(span.file.relative_to(folder), span.from_s, span.to_s)
            for number in range(len(index.rows)) for span in spans(number).values()]


def test_pictures_of_the_same_rows_are_taken_over(filmed, dataset, tmp_path):
    videos, note = take_over(FolderIndex.read(filmed), [len(e) for e in dataset])
    assert not note
    save_dataset(tmp_path / 'out', dataset, videos)
    assert broken_rules(tmp_path / 'out') == []
    assert places(tmp_path / 'out') == places(filmed)
    film_in, film_out = (next(folder.rglob('*.mp4')) for folder in (filmed, tmp_path / 'out'))
    assert film_in.read_bytes() == film_out.read_bytes()


def test_episodes_that_were_left_out_leave_their_pictures_out(filmed, dataset):
    videos, note = take_over(FolderIndex.read(filmed), [len(dataset.episodes[i]) for i in (3, 1)],
                             [3, 1])
    assert not note
    assert [span[KEY].from_s for span in videos] == [places(filmed)[i][1] for i in (3, 1)]


def test_an_episode_that_lost_a_row_has_lost_its_pictures_and_a_note_says_so(filmed, dataset):
    lengths = [len(e) for e in dataset]
    videos, note = take_over(FolderIndex.read(filmed), [lengths[0] - 1, *lengths[1:]])
    assert not videos
    assert f'({KEY})' in note and '1 of 5 episodes lost rows' in note and str(filmed) in note


def test_a_film_that_is_missing_is_named(filmed, dataset):
    next(filmed.rglob('*.mp4')).unlink()
    videos, note = take_over(FolderIndex.read(filmed), [len(e) for e in dataset])
    assert not videos and 'file-000.mp4 is missing' in note


def test_without_cameras_there_is_nothing_to_say(dataset, tmp_path):
    save_dataset(tmp_path / 'plain', dataset)
    assert take_over(FolderIndex.read(tmp_path / 'plain'), [len(e) for e in dataset]) == ([], '')
