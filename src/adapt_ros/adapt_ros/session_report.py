"""What a recording session says, and the note from which the next one goes on."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from adapt_msgs.msg import Outcome

from adapt_learning.errors import DatasetError
from adapt_ros.recording.about import recording_of
from adapt_ros.recording.folder import saved, to_trash

_OUTCOMES = {Outcome.UNKNOWN: 'unknown', Outcome.SUCCESS: 'success', Outcome.FAILURE: 'failure',
             Outcome.ABORTED: 'aborted'}
_JUDGED = ('success', 'failure')
_NOTE = 'recording_session.json'
_RECENT = 20


class SessionReport:
    """Lines for people, and how many starts were tried in this folder ('' : not noted)."""

    def __init__(self, episodes: int, folder: str, seed: int):
        self._episodes = episodes
        self._path = Path(folder).expanduser() / _NOTE if folder else None
        self._seed = seed
        self._counts: dict[str, int] = {}
        self._seconds: list[float] = []

    def line(self, result: Any, number: int, seconds: float, remark: str) -> str:
        """Return the line of a recording that took so long; `result` is RecordEpisode's."""
        outcome = int(result.outcome.value)
        word = _OUTCOMES.get(outcome, 'unknown') if result.saved else 'not saved'
        explains = not result.saved or outcome == Outcome.ABORTED
        self._counts[word] = self._counts.get(word, 0) + 1
        self._seconds = [*self._seconds, seconds][-_RECENT:]
        left = (self._episodes - number) * sum(self._seconds) / len(self._seconds)
        parts = [f'recording {number:>4}/{self._episodes}', f'{word:<9}', result.bag,
                 f'{result.duration:5.1f} s', f'{result.messages:>6} messages', remark,
                 result.text if explains else '', f'about {_duration(left)} left']
        return '\n    '.join(['  '.join(p for p in parts if p), *result.warnings])

    def summary(self, saved: int) -> str:
        """Return the last line."""
        counts = ', '.join(f'{n} {word}' for word, n in sorted(self._counts.items()))
        return f'{saved} recordings in the folder' + (f'; in this session {counts}' * bool(counts))

    def elsewhere(self, there: int) -> str:
        """Return what is wrong where the recorder, with so many recordings, has another folder."""
        if self._path is None or (counted := len(saved(self._path.parent))) == there:
            return ''
        return (f'the recorder has {there} recordings in its folder, and {self._path.parent} has '
                f'{counted}: it writes somewhere else; is it the recorder of another launch?')

    def tidy(self, only_success: bool) -> tuple[str, int]:
        """
        Look at what an earlier session left; return what to say, and how many do not count.

        Where only successes count, what was cut short goes to the trash: the session that was cut
        off could not do it. Failures that were kept stay and do not count. Where all count, the
        newest is looked at: it may have been cut short.
        """
        bags = saved(self._path.parent) if self._path is not None else []
        if not only_success:
            cut = [bag for bag in bags[-1:] if _outcome(bag) not in _JUDGED]
            return (f'the newest of them, {cut[0].name}, has no outcome: was it cut short? '
                    '~/delete_last takes it out' if cut else ''), 0
        outcomes = {bag: _outcome(bag) for bag in bags}
        cut = [bag for bag, outcome in outcomes.items() if outcome not in _JUDGED]
        for bag in cut:
            to_trash(bag)
        failed = sum(outcome == 'failure' for outcome in outcomes.values())
        parts = [f'cut short, so put into the trash: {", ".join(bag.name for bag in cut)}'
                 ] if cut else []
        parts += [f'{failed} of them failed and do not count'] if failed else []
        return '; '.join(parts), len(cut) + failed

    def tried(self, there: int) -> int:
        """Return how many starts were tried before; without a note, as many as `there` are."""
        if self._path is None:
            return there
        try:
            note = json.loads(self._path.read_text(encoding='utf-8'))
            if note['seed'] == self._seed:
                return int(note['tried'])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no session before this one, or one that was killed as it began
        return there

    def note(self, tried: int) -> str:
        """Write down how many starts were tried; returns why that failed, or ''."""
        if self._path is None:
            return ''
        part = self._path.with_suffix('.part')
        try:
            part.write_text(json.dumps({'seed': self._seed, 'tried': tried}) + '\n',
                            encoding='utf-8')
            part.replace(self._path)
        except OSError as error:
            with suppress(OSError):  # on a full disk the file is there, and empty
                part.unlink(missing_ok=True)
            return f'{self._path} cannot be written: {error}'
        return ''


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes} min {rest} s' if minutes else f'{rest} s'


def _outcome(bag: Path) -> str:
    """Return the outcome of a bag; '' for one that is none of ours or cannot be read."""
    try:
        found = recording_of(bag)
    except DatasetError:
        return ''
    return found.outcome if found else ''
