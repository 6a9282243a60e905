"""What data must be like to be learnt from; said before anything is written."""

from pathlib import Path

import numpy as np

from adapt_learning.artifacts.store import interface_differences
from adapt_learning.data import Dataset
from adapt_learning.errors import CatalogError, DatasetError
from adapt_learning.frames import Contract

_TOLERANCE = 1e-3
"""Of the box, relative: data went through float32 and units of devices."""
_SPOILT = ('pollution', 'restoration')
"""Lineage of data in which actions beyond the box are expected."""
_LISTED = 4


def check_fits(dataset: Dataset, folder: Path, task: str, contract: Contract) -> None:
    """Raise CatalogError that names the entries in which the data differ from the task."""
    if dataset.contract.interface_hash == contract.interface_hash:
        return
    differences = interface_differences(dataset.contract.model_dump(mode='json'), contract,
                                        ('data', 'task'))
    raise CatalogError(
        f"the data in {folder} speak the contract '{dataset.contract.name}', which does not fit "
        f"the task '{task}': give data of this task, or leave --task out. They differ in:\n  "
        + '\n  '.join(differences))


def check_episodes(dataset: Dataset, folder: Path, fraction: float) -> None:
    """Raise DatasetError where there is nothing to learn from, or nothing to hold out."""
    if not dataset.steps:
        raise DatasetError(f'{folder} has no pairs to learn from: collect some first')
    if fraction > 0 and len(dataset) < 2:
        raise DatasetError(
            f'{folder} has 1 episode, and 2 are needed to hold one out; collect more, or train '
            'without validation: --set run.validation_fraction=0')


def check_box(dataset: Dataset, folder: Path, allowed: bool) -> None:
    """
    Raise DatasetError where an action is beyond what its contract lets out.

    Data that were polluted on purpose, or restored, may hold such actions.
    """
    if allowed or any(word in dataset.meta for word in _SPOILT):
        return
    action = np.abs(dataset.pairs()[1])
    beyond = action > action_box(dataset.contract) * (1 + _TOLERANCE)
    if not beyond.any():
        return
    labels, box = dataset.contract.action_spec.labels, action_box(dataset.contract)
    said = [f'{labels[i]} up to {action[:, i].max():g} where {box[i]:g} is allowed'
            for i in np.flatnonzero(beyond.any(axis=0))]
    more = f' and {len(said) - _LISTED} more' if len(said) > _LISTED else ''
    rows = beyond.any(axis=1)
    raise DatasetError(
        f'{rows.sum()} of {len(rows)} actions in {folder} are outside the box of the contract '
        f"'{dataset.contract.name}' ({', '.join(said[:_LISTED])}{more}; first in "
        f'{_place(dataset, int(rows.argmax()))}); probably a wrong unit or scale: import them '
        'again with the right contract, or train on them as they are: --set run.outside_box=true')


def action_box(contract: Contract) -> np.ndarray:
    """Return the largest magnitude of every element of the action vector [A]."""
    return np.concatenate([np.full(f.size, f.limit / abs(f.scale)) for f in contract.action])


def _place(dataset: Dataset, row: int) -> str:
    for index, episode in enumerate(dataset):
        if row < len(episode):
            return f'episode {index}, row {row}'
        row -= len(episode)
    raise IndexError(row)
