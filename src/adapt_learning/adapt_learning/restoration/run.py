"""From a dataset folder to a restored dataset folder: the function behind `adapt restore`.

The input is only read. Finished stages lie in OUT.work beside the output until that is there, so a
restoration that was killed or cancelled goes on where it was; the output appears whole, at the end.
"""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.numpy

from adapt_learning.data.dataset import SOURCE_EPISODE, Dataset
from adapt_learning.data.files import own_folder, write_atomically
from adapt_learning.data.outputs import check_output, check_outside
from adapt_learning.data.reader import FolderIndex, load_dataset
from adapt_learning.data.videos import take_over
from adapt_learning.data.writer import save_dataset
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.restoration.config import RestorationConfig
from adapt_learning.restoration.pipeline import STAGES, RestorationResult, restore_dataset
from adapt_learning.restoration.stages import Arrays, StageProgress, Store

_MARK = 'adapt-restoration.txt'
_WRITE = 'write'


@dataclass(frozen=True)
class RestoreRequest:
    """What `adapt restore` was asked for."""

    input: Path
    """Folder of a dataset; never touched."""
    output: Path | None
    """Folder of the new dataset, made absolute; None with `dry_run`."""
    config: RestorationConfig = field(default_factory=RestorationConfig)
    seed: int = 0
    dry_run: bool = False
    """Only judge."""

    def __post_init__(self):
        if not 0 <= self.seed < 2**63:
            raise SettingError(f'seed is not negative and below 2^63; got {self.seed}')
        if self.output is None:
            if not self.dry_run:
                raise SettingError('a restoration needs the folder of the new dataset')
            return
        check_outside(self.output, self.input, 'the new dataset')
        object.__setattr__(self, 'output', Path(os.path.abspath(self.output)))

    @property
    def work_folder(self) -> Path | None:
        """Return where finished stages are kept."""
        return self.output and self.output.with_name(f'{self.output.name}.work')


@dataclass(frozen=True)
class Restoration:
    """What a restoration of a folder came to."""

    request: RestoreRequest
    input: Dataset
    result: RestorationResult
    seconds: float
    note: str = ''
    """What became of the pictures, where there are any that were not taken over."""

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        result, written = self.result, not self.request.dry_run
        return {
            'input': str(self.request.input), 'input_hash': self.input.hash,
            'output': str(self.request.output) if written else None,
            'hash': result.dataset.hash if written else None,
            'counts': result.counts if written else {'pairs': self.input.steps},
            'estimates': result.estimates, 'needed': result.needed, 'text': result.text,
            'config': self.request.config.values(), 'seed': self.request.seed,
            'seconds': round(self.seconds, 2), 'note': self.note}


def restore_folder(request: RestoreRequest,
                   progress: Callable[[StageProgress], None] = lambda now: None,
                   should_stop: Callable[[], bool] = lambda: False) -> Restoration:
    """
    Restore a folder into a new one, or only judge it.

    Raises UserError for what the user can mend, before anything is written where it can be told,
    Cancelled where `should_stop` said so, OSError where the disk is full; the same call goes on.
    """
    began_s, note = time.monotonic(), ''
    if not request.dry_run:
        check_output(request.output)
        _check_own(request.work_folder)
    dataset = load_dataset(request.input, allow_not_finite=True)

    def work(store: Store | None) -> RestorationResult:
        return restore_dataset(
            dataset, request.config, request.seed, progress=progress, should_stop=should_stop,
            store=store, judge_only=request.dry_run, source=request.input.resolve().name)

    if request.dry_run:
        result = work(None)
    else:
        folder = request.work_folder
        with own_folder(folder):
            (folder / _MARK).write_text('Finished stages of `adapt restore`; may be removed.\n',
                                        encoding='utf-8')
            result = work(FolderStore(folder))
            progress(StageProgress(_WRITE, len(STAGES), len(STAGES), 0.99, None, ''))
            videos, note = take_over(
                FolderIndex.read(request.input), [len(one) for one in result.dataset],
                [int(one.extras[SOURCE_EPISODE][0]) for one in result.dataset])
            save_dataset(request.output, result.dataset, videos)
            shutil.rmtree(folder)
    return Restoration(request, dataset, result, time.monotonic() - began_s, note)


class FolderStore:
    """Keeps the arrays of finished stages in files; one that is damaged counts as missing."""

    def __init__(self, folder: Path):
        self.folder = folder

    def get(self, name: str) -> Arrays | None:
        """Return the arrays of a file, or None."""
        try:
            return safetensors.numpy.load_file(self._path(name))
        except (FileNotFoundError, safetensors.SafetensorError):
            return None

    def put(self, name: str, arrays: Arrays) -> None:
        """Write a file, whole or not at all."""
        content = safetensors.numpy.save({key: _contiguous(a) for key, a in arrays.items()})
        write_atomically(self._path(name), lambda temporary: temporary.write_bytes(content))

    def _path(self, name: str) -> Path:
        return self.folder / f'{name}.safetensors'


def _contiguous(array):
    # safetensors writes the memory as it lies and would not notice a transposed array.
    return array.copy(order='C')


def _check_own(folder: Path) -> None:
    foreign = (any(folder.iterdir()) and not (folder / _MARK).is_file() if folder.is_dir()
               else os.path.lexists(folder))
    if foreign:
        raise DatasetError(f'{folder} is where the stages of this restoration would go, and it is '
                           'not the folder of a restoration: give the output another name')
