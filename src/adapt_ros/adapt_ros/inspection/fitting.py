"""A recipe under way: frames are grabbed if that was asked, then a child process makes it."""

import json
import math
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adapt_learning.errors import PictureError, SettingError
from adapt_learning.inspection.calibration import check_rate
from adapt_learning.inspection.fit import MOST_REFERENCES, FitSettings
from adapt_learning.inspection.pictures import encode_png, list_pictures, to_rgb
from adapt_learning.inspection.recipe import check_name
from adapt_ros.child import Child
from adapt_ros.folders import inside
from adapt_ros.inspection.camera_feed import CameraFrame

_SAYS = 'adapt: '


@dataclass(frozen=True)
class FitRequest:
    """What a goal of FitRecipe or a call of AddRecipe asks for, checked."""

    name: str
    surface: str
    files: tuple[str, ...]
    """Whole paths; empty: grab."""
    grab: int
    settings: FitSettings
    overwrite: bool
    select: bool

    @classmethod
    def of(cls, goal: Any, references: str, false_reject: float, review_band: float) \
            -> 'FitRequest':
        """
        Check a goal or a request; SettingError or PictureError says what is wrong with it.

        `references` is the folder that files must lie in; the numbers stand for zeros.
        """
        check_name(goal.name)
        if bool(goal.files) == bool(goal.grab):
            raise SettingError('references come from files or from the camera (grab), from exactly '
                               f'one of them; got {len(goal.files)} files and grab {goal.grab}')
        if goal.grab > MOST_REFERENCES:
            raise SettingError(f'at most {MOST_REFERENCES} frames are grabbed; got {goal.grab}')
        if goal.files and not references:
            raise SettingError("parameter 'references' is needed to take references from files: "
                               'the folder in which they lie')
        rate = goal.false_reject or false_reject
        check_rate(rate)
        band = goal.review_band or review_band
        if not math.isfinite(band) or not 0.0 <= band <= 10.0:
            raise SettingError(f'review_band lies in 0..10; got {band}')
        files = tuple(str(inside(references, name, 'files')) for name in goal.files)
        _check_there(files)
        return cls(goal.name, goal.surface, files, int(goal.grab),
                   FitSettings(rate, band, goal.leave_out_odd, goal.any_size,
                               goal.fixed_orientation),
                   goal.overwrite, goal.select)


def _check_there(files: Sequence[str]) -> None:
    """Raise for what the child would refuse, but only after its long start."""
    for path in list_pictures(files) if files else ():
        if not path.exists():
            raise PictureError(f'{path} is not there; names are below the folder of references')


class Fitting:
    """One recipe that is being made."""

    def __init__(self, request: FitRequest, detector: Path, out: Path, begun_s: float):
        self.request = request
        self.begun_s = begun_s
        self.progress = ('waiting for frames' if request.grab else 'starting', 0, request.grab)
        self._detector, self._out = detector, out
        self._grabbed = 0
        self._folder: Path | None = None
        self._child: Child | None = None
        if not request.grab:
            self._start(request.files)

    @property
    def grabs(self) -> bool:
        """Return whether frames are still wanted."""
        return self._child is None

    def take(self, frame: CameraFrame) -> None:
        """Keep a frame as a reference; PictureError or OSError where that is not possible."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix='adapt-references-'))
        pixels = frame.pixels
        if pixels.ndim == 3:
            pixels = to_rgb(pixels)
        path = self._folder / f'live_{self._grabbed:03d}.png'
        path.write_bytes(encode_png(pixels))
        self._grabbed += 1
        self.progress = ('grabbing frames', self._grabbed, self.request.grab)
        if self._grabbed >= self.request.grab:
            self._start([str(self._folder)])

    def look(self) -> bool:
        """Read the progress; return whether the child has ended. Never waits."""
        if self._child is None:
            return False
        # Before the pipe is read: what the child said last is in it when it has ended.
        ended = self._child.code is not None
        found = self._child.progress()
        if found is not None:
            self.progress = (str(found['stage']), int(found.get('done', 0)),
                             int(found.get('total', 0)))
        return ended

    def failure(self) -> str:
        """Return why the ended child made no recipe, or ''."""
        code = self._child.code
        if code == 0 and self._child.result() is not None:
            return ''
        return why_it_failed(code, self._child.words)

    def close(self) -> None:
        """End the child, if it still runs, and forget the frames."""
        if self._child is not None:
            self._child.end(0.0)
            self._child.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, files: Sequence[str]) -> None:
        request = self.request
        self._child = Child([
            sys.executable, '-m', 'adapt_ros.inspection.fit_process', json.dumps({
                'detector': str(self._detector), 'files': list(files), 'out': str(self._out),
                'name': request.name, 'surface': request.surface, 'overwrite': request.overwrite,
                'settings': asdict(request.settings)})])


def why_it_failed(code: int, words: Sequence[str]) -> str:
    """Return one sentence on a child that failed: of its exit code and its last lines."""
    if code < 0:
        cause = ' (out of memory?)' if -code == signal.SIGKILL else ''
        return f'the recipe was not made: killed by signal {-code}{cause}; take fewer references'
    said = [line for line in words if line.startswith(_SAYS)] or list(words[-1:])
    return said[-1].removeprefix(_SAYS) if said else f'exit code {code}'


def refused_frame(error: PictureError | OSError) -> str:
    """Return why grabbing ended."""
    return f'a frame could not be kept as a reference: {error}'
