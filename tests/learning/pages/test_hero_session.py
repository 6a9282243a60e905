"""What the feedback page says of its work, without a page."""

import time
from types import SimpleNamespace

import pytest

from adapt_learning.pages import hero_session
from adapt_learning.pages.hero_session import HeroSession


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


def test_every_step_is_shown():
    session = HeroSession(None, lambda: None)
    before = session.version
    session._tell('sampling', 1, 2)
    assert session.version == before + 1 and time.monotonic() > session._stage_began
