"""Presets: one YAML per task and policy, `config/train/<task>_<policy>.yaml`.

A task that another package brings has them beside its module, or none: then `cpu` has the defaults.

A file holds the presets by name; a preset holds only what differs from the defaults of the
configuration classes, plus `run` (settings of the run itself).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapt_learning import catalog
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import from_values, with_overrides

FOLDER = Path(__file__).parent.parent / 'train_configs'
"""Installed with the package; in the repository a link to config/train."""


@dataclass(frozen=True)
class RunConfig:
    """Settings of a run that are not the policy's."""

    validation_fraction: float = 0.1
    """Share of the episodes that is held out, to validate and to calibrate the detector."""
    split_seed: int = 0
    """Which episodes are held out; the same for all seeds."""
    checkpoint_every_s: float = 30.0
    threads: int = 1
    """
    Threads of the matmuls; 0: one per core. Up to width 256 the matmuls are so short that waking
    a second thread costs what it brings, and next to other busy programs it costs more. The
    numbers may depend on it in the last digit.
    """
    outside_box: bool = False
    """Whether actions beyond the limits of the contract are learnt, too, instead of refused."""

    def __post_init__(self):
        if not 0 <= self.validation_fraction < 1:
            raise SettingError('validation_fraction lies in 0..1 (without 1); got '
                               f'{self.validation_fraction}')
        if self.checkpoint_every_s <= 0 or self.threads < 0:
            raise SettingError('checkpoint_every_s is above 0 and threads not negative; got '
                               f'{self.checkpoint_every_s} and {self.threads}')


def resolve(kind: type, task: str, policy: str, preset: str,
            overrides: Iterable[str]) -> tuple[Any, RunConfig]:
    """
    Return the settings of a policy (`kind` is its Config) and of the run.

    Order: defaults, preset, overrides. SettingError names unknown presets and keys with what is
    allowed.
    """
    values = with_overrides(_preset(task, policy, preset), overrides)
    run = from_values(RunConfig, values.pop('run', {}), 'run')
    return from_values(kind, values), run


def preset_names(task: str, policy: str) -> tuple[str, ...]:
    """Return the presets that a task has for a policy."""
    return tuple(_read(task, policy))


def _preset(task: str, policy: str, preset: str) -> dict[str, Any]:
    presets = _read(task, policy)
    if preset not in presets:
        raise SettingError(f"there is no preset '{preset}' of {policy} for {task}; allowed: "
                           f"{', '.join(presets)}")
    return presets[preset] or {}


def _read(task: str, policy: str) -> dict[str, Any]:
    others = catalog.folder_of_others('task', task)
    path = (others or FOLDER) / f'{task}_{policy}.yaml'
    if not path.is_file():
        if others or task not in catalog.names('task'):
            # Of data without a task, or of a task of others: the defaults of the classes.
            return {'cpu': {}}
        known = ', '.join(sorted(p.stem for p in FOLDER.glob('*.yaml')))
        raise SettingError(f'there are no presets of {policy} for {task} ({path.name}); there are '
                           f'{known}')
    return yaml.safe_load(path.read_text(encoding='utf-8'))
