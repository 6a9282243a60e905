"""What a recording session says of each recording, and the note that it leaves."""

import json

import pytest
from adapt_msgs.action import RecordEpisode
from adapt_msgs.msg import Outcome

from adapt_ros.session_report import SessionReport


@pytest.mark.parametrize(('saved', 'outcome', 'said'), [
    (True, Outcome.ABORTED, True), (False, Outcome.UNKNOWN, True),
    (True, Outcome.SUCCESS, False), (True, Outcome.FAILURE, False)])
def test_the_line_says_why_where_a_recording_did_not_come_to_its_end(tmp_path, saved, outcome,
                                                                     said):
    result = RecordEpisode.Result(saved=saved, outcome=Outcome(value=outcome), bag='episode_000001',
                                  text='the 5 s are over')
    line = SessionReport(3, str(tmp_path), 0).line(result, 1, 5.0, '')
    assert ('the 5 s are over' in line) == said and len(line.splitlines()) == 1


def test_a_note_that_cannot_be_written_leaves_nothing_half(tmp_path, monkeypatch):
    report = SessionReport(3, str(tmp_path), 7)
    assert report.note(4) == ''
    assert json.loads((tmp_path / 'recording_session.json').read_text()) == {'seed': 7, 'tried': 4}

    def full(path, *args, **kwargs):
        path.touch()
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('pathlib.Path.write_text', full)
    assert 'cannot be written' in report.note(5)
    assert [path.name for path in tmp_path.iterdir()] == ['recording_session.json']
    assert SessionReport(3, str(tmp_path), 7).tried(0) == 4
