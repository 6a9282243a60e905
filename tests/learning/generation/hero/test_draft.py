"""An answer while it is given: clicks, undo, crashes."""

import json

import pytest

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.draft import Draft
from adapt_learning.generation.hero.feedback import Feedback


@pytest.fixture
def journal(tmp_path):
    return tmp_path / 'clicks.jsonl'


def test_clicks_make_an_answer(journal):
    draft = Draft(journal, 2, 8)
    for picture in (5, 1, 3, 3):
        draft.toggle(picture)
    draft.choose_best(5)
    assert draft.feedback() == Feedback(2, (1, 5), 5)


def test_the_best_is_good_and_a_bad_one_is_not_the_best(journal):
    draft = Draft(journal, 0, 8)
    draft.choose_best(4)
    assert draft.feedback() == Feedback(0, (4,), 4)
    draft.toggle(4)
    assert draft.feedback() == Feedback(0)


def test_the_best_can_be_taken_away_and_stays_good(journal):
    draft = Draft(journal, 0, 8)
    draft.choose_best(4)
    draft.choose_best(4)
    assert draft.feedback() == Feedback(0, (4,), None)


def test_undo_goes_back_step_by_step_to_the_beginning(journal):
    draft = Draft(journal, 0, 8)
    draft.toggle(1)
    draft.choose_best(2)
    draft.toggle(2)
    wanted = [Feedback(0, (1, 2), 2), Feedback(0, (1,)), Feedback(0), Feedback(0)]
    seen = []
    for _ in wanted:
        draft.undo()
        seen.append(draft.feedback())
    assert seen == wanted
    assert not draft.can_undo


def test_opened_again_it_stands_where_it_was_undo_included(journal):
    draft = Draft(journal, 0, 8)
    draft.toggle(1)
    draft.toggle(2)
    draft.undo()
    again = Draft(journal, 0, 8)
    assert again.feedback() == Feedback(0, (1,))
    again.undo()
    assert again.feedback() == Feedback(0)


def test_rounds_do_not_mix(journal):
    Draft(journal, 0, 8).toggle(1)
    assert Draft(journal, 1, 8).feedback() == Feedback(1)


def test_half_a_line_of_a_crash_costs_that_click_alone(journal):
    Draft(journal, 0, 8).toggle(1)
    with journal.open('ab') as file:
        file.write(b'{"time": 1.0, "round": 0, "ev')
    draft = Draft(journal, 0, 8)
    draft.toggle(2)
    assert Draft(journal, 0, 8).feedback() == draft.feedback() == Feedback(0, (1, 2))


@pytest.mark.parametrize('damaged', [
    b'5', b'[]', b'null', b'{"event": "toggle", "picture": 3}', b'{"round": 0, "ev', b'\xff\x00',
    b'{"round": "0", "event": "toggle", "picture": 3}', b'{"round": 0, "event": "toggle"}',
    b'{"round": 0, "event": "toggle", "picture": 99}',
    b'{"round": 0, "event": "best", "picture": "3"}',
    b'{"round": 0, "event": "dance", "picture": 3}'])
def test_a_damaged_line_costs_its_click_alone(journal, damaged):
    draft = Draft(journal, 0, 8)
    draft.undo()
    for picture in (1, 3, 2):
        draft.toggle(picture)
    lines = journal.read_bytes().splitlines()
    journal.write_bytes(b'\n'.join([lines[0], damaged, lines[2], b'']))
    assert Draft(journal, 0, 8).feedback() == Feedback(0, (1, 2))
    undo = b'{"round": 0, "event": "undo"}'
    journal.write_bytes(b'\n'.join([lines[0], damaged, undo, lines[2], b'']))
    assert Draft(journal, 0, 8).feedback() == Feedback(0, (1, 2)), 'undone was the lost click'
    journal.write_bytes(b'\n'.join([damaged, undo, lines[2], b'']))
    assert Draft(journal, 0, 8).feedback() == Feedback(0, (2,))


def test_a_click_is_on_disk_before_it_counts(journal, monkeypatch):
    draft = Draft(journal, 0, 8)

    def full(fd):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr('os.fsync', full)
    with pytest.raises(OSError, match='No space'):
        draft.toggle(1)
    assert draft.feedback() == Feedback(0)


def test_a_picture_that_is_not_there_is_refused_and_not_written(journal):
    draft = Draft(journal, 0, 8)
    for picture in (-1, 8):
        with pytest.raises(SettingError, match='0 to 7'):
            draft.toggle(picture)
    assert not journal.exists()


def test_the_journal_says_when_which_round_and_what(journal):
    Draft(journal, 3, 8).choose_best(7)
    line = json.loads(journal.read_text())
    assert {k: line[k] for k in ('round', 'event', 'picture')} == {
        'round': 3, 'event': 'best', 'picture': 7}
    assert line['time'] > 1e9
