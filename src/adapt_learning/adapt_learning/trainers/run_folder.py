"""Run a training of a detector so that it can be killed at any time and taken up again."""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapt_learning.errors import SettingError
from adapt_learning.stacked.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from adapt_learning.stacked.interrupt import stop_switch
from adapt_learning.stacked.logs import RunLog
from adapt_learning.stacked.loop import TrainingDiverged, TrainingInterrupted
from adapt_learning.stacked.progress import ProgressReport
from adapt_learning.stacked.training import Training

_EVERY_S = 30.0
_TELL_EVERY = 20


def run_training(make: Callable[[], Training], folder: Path, stage: str,
                 identity: Mapping[str, Any], resume: bool,
                 progress: ProgressReport | None = None,
                 settings: str = 'training.optimization') -> dict[str, float]:
    """
    Make all updates of a training; return the mean losses of the last report.

    `make` is called when the folder is known to be in order. The folder keeps checkpoint and log;
    the caller removes the checkpoint when the result is stored; `settings` is where those of the
    optimiser are. Raises SettingError where a run of other settings stands there,
    TrainingInterrupted after Ctrl-C, TrainingDiverged for a loss that is not finite.
    """
    checkpoint = open_folder(folder, RunLog.FILE, resume)
    if checkpoint is not None:
        refuse_other_run(checkpoint.facts['identity'], identity, folder)
    training = make()
    steps = training.optimization.steps
    told: dict[str, float] = {}
    if checkpoint is not None:
        training.restore(checkpoint)
        told = checkpoint.facts['told']
        RunLog.cut(folder, (stage,), stage, training.step)
    # Also before the first update: a run folder without a checkpoint could not be taken up.
    _save(folder, training, identity, told)
    show = progress or ProgressReport()
    show.start(stage, training.step, steps)
    saved_s, sums, count = time.monotonic(), {}, 0
    try:
        with (stop_switch() as should_stop,
              (folder / RunLog.FILE).open('a', encoding='utf-8') as log):
            while training.step < steps:
                parts = training.update()
                if not all(value == value and abs(value) < float('inf')
                           for value in parts.values()):
                    raise TrainingDiverged(
                        f'{stage}: the loss is no finite number any more after {training.step} '
                        f'updates ({parts}); begin again with a smaller learning rate, e.g. '
                        f'--set {settings}.learning_rate='
                        f'{training.optimization.learning_rate / 3:g}')
                sums = {name: sums.get(name, 0.0) + value for name, value in parts.items()}
                count += 1
                if training.step % _TELL_EVERY == 0 or training.step == steps:
                    told = {name: value / count for name, value in sums.items()}
                    log.write(json.dumps({'stage': stage, 'step': training.step, **told}) + '\n')
                    sums, count = {}, 0
                    show.update(training.step, ' '.join(f'{k} {v:.3f}' for k, v in told.items()))
                    # Between two reports, so that no update is missing in a mean.
                    # At the end, too: a further stage may be what is interrupted.
                    if (time.monotonic() - saved_s > _EVERY_S or should_stop()
                            or training.step == steps):
                        _save(folder, training, identity, told)
                        saved_s = time.monotonic()
                    if should_stop() and training.step < steps:
                        raise TrainingInterrupted(
                            f'interrupted after {training.step} of {steps} updates; the same '
                            'command with --resume goes on from there')
    finally:
        show.close()
    return told


def open_folder(folder: Path, mark: str, resume: bool) -> Checkpoint | None:
    """
    Return the checkpoint to go on from, or None in a folder that is made new.

    A folder with a file named `mark` is that of a run, which may be removed when it is finished.
    """
    checkpoint = load_checkpoint(folder)
    if resume:
        if checkpoint is None:
            raise SettingError(f'there is no checkpoint in {folder} to resume from; train without '
                               '--resume')
        return checkpoint
    if checkpoint is not None:
        raise SettingError(f'{folder} holds an unfinished run; go on with --resume, or remove the '
                           'folder to begin again')
    if folder.exists():
        if not (folder / mark).is_file():
            raise SettingError(f'{folder} is where the logs of this run would go, and it is not '
                               'the folder of a run: give --out another name')
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return None


def refuse_other_run(began: Mapping[str, Any], identity: Mapping[str, Any], folder: Path) -> None:
    """Raise SettingError unless a run began with what must be the same for it to go on."""
    different = [f'{key}: run {began.get(key)}, command {value}'
                 for key, value in identity.items() if began.get(key) != value]
    if different:
        raise SettingError(f'the run in {folder} was started with other settings; repeat its '
                           'command, or remove the folder to begin again:\n  '
                           + '\n  '.join(different))


def _save(folder: Path, training: Training, identity: Mapping[str, Any],
          told: Mapping[str, float]) -> None:
    state = training.checkpoint()
    save_checkpoint(folder, Checkpoint(
        {**state.facts, 'identity': dict(identity), 'told': dict(told)}, state.tensors))
