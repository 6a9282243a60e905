"""What the feedback page says of its work, without a page."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from tiny_pipeline import tiny_pipeline

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.config import preset
from adapt_learning.generation.hero.feedback import Feedback
from adapt_learning.generation.hero.run import HeroRun
from adapt_learning.pages import hero_session
from adapt_learning.pages.hero_history import reward_bars
from adapt_learning.pages.hero_session import HeroSession, Phase, Work


@pytest.fixture
def at(monkeypatch):
    """Return a function that sets the clock [s]."""
    now = [0.0]
    monkeypatch.setattr(hero_session, 'time', SimpleNamespace(monotonic=lambda: now[0]))
    return lambda seconds: now.__setitem__(0, seconds)


def test_the_time_left_is_that_of_the_stage_at_its_own_pace(at):
    session, seen = HeroSession(None, lambda: None), []
    for seconds, stage, done in ((5.0, 'sampling', 1), (7.0, 'sampling', 2),
                                 (20.0, 'fine-tuning', 1), (21.0, 'fine-tuning', 6)):
        at(seconds)
        session._tell(stage, done, 10)
        seen.append(session.progress.left_s)
    # The first step of a stage says nothing about its pace: what was before it may have taken long.
    assert seen == [None, pytest.approx(16.0), None, pytest.approx(0.8)]


def test_every_step_is_shown(at):
    session = HeroSession(None, lambda: None)
    before = session.version
    at(3.0)
    session._tell('sampling', 1, 2)
    assert session.version == before + 1 and session.progress == Work('sampling', 1, 2)


@pytest.fixture(scope='module')
def pipeline(tmp_path_factory):
    return tiny_pipeline(tmp_path_factory.mktemp('pipeline') / 'tiny')


@pytest.fixture
def run(pipeline, tmp_path):
    """Return a run that asks for three rounds of four pictures."""
    cpu = preset('cpu')
    config = replace(cpu, rounds=3, pictures=4, sampling=replace(cpu.sampling, steps=2),
                     embedding=replace(cpu.embedding, updates=2, width=8, head=(8,), batch=8),
                     ddpo=replace(cpu.ddpo, steps=1, pictures=2, passes=1))
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', config) as made:
        yield made


@pytest.fixture
def session(run):
    """Return a session in which the first round waits."""
    made = HeroSession(run, lambda: None)
    made.work()
    return made


def answers(session):
    file = session.run.folder / 'answers.jsonl'
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_feedback_for_a_round_that_is_over_is_refused(session):
    session.edit(0, lambda draft: draft.choose_best(1))
    session.submit(0)
    with pytest.raises(SettingError, match='no round waits'):
        session.submit(0)  # Enter twice
    session.work()
    assert session.asked.number == 1
    for late in (lambda: session.edit(0, lambda draft: draft.toggle(2)),
                 lambda: session.submit(0)):
        with pytest.raises(SettingError, match='round 1 was answered already.*round 2 waits'):
            late()
    assert session.draft.feedback() == Feedback(1) and session.phase is Phase.JUDGING
    assert answers(session) == 1


def test_nothing_is_taken_while_paused(session):
    session.pause(True)
    for early in (lambda: session.edit(0, lambda draft: draft.toggle(2)),
                  lambda: session.submit(0)):
        with pytest.raises(SettingError, match='paused; press Continue'):
            early()
    assert session.draft.feedback() == Feedback(0) and session.phase is Phase.JUDGING
    session.pause(False)
    session.edit(0, lambda draft: draft.toggle(2))
    assert session.draft.feedback() == Feedback(0, (2,))


@pytest.mark.parametrize(('error', 'said', 'is_logged'), [
    (KeyError('z'), "KeyError: 'z'", True), (ZeroDivisionError(), 'ZeroDivisionError', True),
    (RuntimeError('sizes differ\nat line 3'), 'RuntimeError: sizes differ', True),
    (OSError(28, 'No space left on device'), '[Errno 28] No space left on device', True),
    (SettingError('too large; take less'), 'too large; take less', False)])
def test_any_error_stops_the_work_and_it_can_be_tried_again(session, monkeypatch, caplog, error,
                                                            said, is_logged):
    session.edit(0, lambda draft: draft.choose_best(1))
    session.submit(0)

    def fails(*arguments):
        raise error
    with monkeypatch.context() as patch:
        patch.setattr(HeroRun, '_learn_from', fails)
        session.work()
    assert (session.phase, session.problem) == (Phase.FAILED, said)
    assert ('Traceback' in caplog.text) == is_logged
    with pytest.raises(SettingError, match='no round waits'):
        session.submit(0)
    assert session.retry() and not session.retry()
    session.work()
    assert session.phase is Phase.JUDGING and session.asked.number == 1 and answers(session) == 1


def test_every_reward_is_in_the_chart():
    names, counts = reward_bars([-1.0, -0.3, 0.0, 0.05, 0.99, 1.0, 1.0 + 1e-6])
    assert names == ['-1.0', '-0.8', '-0.6', '-0.4', '-0.2', '0.0', '0.2', '0.4', '0.6', '0.8']
    assert counts == [1, 0, 0, 1, 0, 2, 0, 0, 0, 3]
