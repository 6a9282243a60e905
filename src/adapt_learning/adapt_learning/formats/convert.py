"""
Foreign data -> a dataset folder, and a dataset folder -> foreign data.

Both ways walk one demonstration at a time, and what they write appears at the end, whole.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning import catalog
from adapt_learning.data import DatasetFolder, DatasetWriter
from adapt_learning.data.files import empty_folder, own_folder, publish_folder
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.formats.base import Format, ReadOptions, Source
from adapt_learning.formats.columns import ASSUMED_HZ, Columns, derived_contract
from adapt_learning.frames import Contract

IMPORTERS = 'adapt_learning.importers'
"""Entry points of formats that other packages bring: name -> a Format that can only be read."""


@dataclass(frozen=True)
class Imported:
    """What an import made."""

    folder: Path
    hash: str
    episodes: int
    steps: int
    contract: Contract
    format: str
    not_finite: int
    """Rows with NaN or infinity; they are kept as they came."""
    notes: tuple[str, ...]
    facts: Mapping[str, Any]


def readable() -> tuple[str, ...]:
    """Return the names of all formats that can be read here."""
    # Ours first: to look at a file, nothing of ROS has to be loaded then.
    return (*catalog.names('format'), *(entry.name for entry in entry_points(group=IMPORTERS)))


def format_named(name: str) -> type[Format]:
    """Return a format; CatalogError lists what there is."""
    for entry in entry_points(group=IMPORTERS):
        if entry.name == name:
            return entry.load()
    return catalog.load('format', name)


def recognised(path: Path) -> str:
    """Return the name of the format of a file or folder; DatasetError where it is none."""
    if not path.exists():
        raise DatasetError(f'{path} does not exist')
    for name in readable():
        if format_named(name).recognises(path):
            return name
    more = '' if len(readable()) > len(catalog.names('format')) else (
        '; bags need the ROS side, run this in a sourced workspace')
    raise DatasetError(f'{path} is none of the known formats ({", ".join(readable())}){more}; name '
                       'it with --format to see what is wrong with it')


def import_data(paths: Sequence[Path], out: Path, name: str = 'auto',
                options: ReadOptions | None = None,
                show: Callable[[int, int | None], None] = lambda done, total: None) -> Imported:
    """
    Read foreign data and write a dataset folder.

    `show(done, total)` is told the number of demonstrations. Raises DatasetError or SettingError
    with nothing left in `out`.
    """
    options = options or ReadOptions()
    out = check_output(out, paths)
    if options.rate_hz is not None and not 0 < options.rate_hz <= 1000:
        raise SettingError(f'--rate-hz lies in 0..1000 Hz; got {options.rate_hz:g}')
    if name == 'auto':
        name = recognised(paths[0])
    form = format_named(name)
    if odd := sorted(set(options.settings) - set(form.settings)):
        raise SettingError(f'--set gives {odd}; the format {name} knows '
                           f'{", ".join(form.settings) or "none"}')
    with _temporary(out) as folder, form.open(paths, options) as source:
        result = _copy(source, folder, name, paths, options, show)
        publish_folder(folder, out)
    return replace(result, folder=out)


def export_data(folder: Path, target: Path, name: str, contract: Contract | None = None) -> None:
    """Write a dataset folder as a foreign file or folder; errors leave nothing behind."""
    target = check_output(target, [folder], empty_folder=False)
    form = catalog.load('format', name)
    dataset = DatasetFolder(folder, contract)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(target) as box:
        made = box / target.name
        form.write(dataset, made)
        made.replace(target)


def _copy(source: Source, folder: Path, name: str, paths: Sequence[Path], options: ReadOptions,
          show: Callable[[int, int | None], None]) -> Imported:
    contract = options.contract or source.contract or derived_contract(source, options)
    if options.rate_hz is not None and options.rate_hz != contract.rate_hz:
        # Not model_copy: it would keep the hashes that the contract has remembered.
        contract = Contract.model_validate(contract.model_dump() | {'rate_hz': options.rate_hz})
    mapping = options.mapping
    derived = options.contract is None and source.contract is None
    if derived:
        _say_derived(source, contract, options)
        mapping = _as_derived(contract, source, options.mapping)
    elif source.rate_hz not in (None, contract.rate_hz) and options.rate_hz is None:
        source.notes.append(f"the data say {source.rate_hz:g} Hz, the contract '{contract.name}' "
                            f'says {contract.rate_hz:g} Hz; rows are kept as they are')
    columns = Columns(source, contract, mapping, by_key=derived)
    writer, not_finite, count = DatasetWriter(folder, contract), 0, 0
    for count, demonstration in enumerate(source.demonstrations(), 1):
        try:
            if demonstration.videos and source.rate_hz != contract.rate_hz:
                raise DatasetError(f'its pictures are at {source.rate_hz} Hz and the contract says '
                                   f'{contract.rate_hz:g} Hz; import without them (--no-videos)')
            episode = columns.episode(demonstration, options.task)
            writer.add(episode, demonstration.videos)
        except DatasetError as error:
            raise DatasetError(f'{source.name}: demonstration {demonstration.name}: {error}'
                               ) from error
        if not episode.is_finite:
            not_finite += int((~np.isfinite(episode.observation).all(axis=1)
                               | ~np.isfinite(episode.action).all(axis=1)).sum())
        show(count, source.count)
    if not count:
        raise DatasetError(f'{source.name} has no demonstrations to import'
                           + ''.join(f'; {note}' for note in source.notes))
    facts = source.facts()
    origin = {'format': name, 'sources': [path.absolute().name for path in paths],
              'notes': source.notes} | facts
    content = writer.seal(dict(source.meta) | {'import': origin})
    return Imported(folder, content, writer.episodes, writer.frames, contract, name, not_finite,
                    tuple(source.notes), facts)


def _say_derived(source: Source, contract: Contract, options: ReadOptions) -> None:
    source.notes.append(f"no contract was given, so one was derived ('{contract.name}', "
                        f'{contract.observation_spec.size} observations, '
                        f'{contract.action_spec.size} actions)')
    if options.rate_hz is None and source.rate_hz is None:
        source.notes.append(f'the data do not say their rate; {ASSUMED_HZ:g} Hz was assumed, '
                            '--rate-hz says otherwise')


def _as_derived(contract: Contract, source: Source, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return {key of the derived contract: their name}; the order is that of the derivation."""
    found = {}
    for kind, have in (('observation', source.observation), ('action', source.action)):
        chosen = [name for name in mapping.values() if name in have] or list(have)
        features = getattr(contract, kind)
        found |= {f.key: name for f, name in zip(features, chosen, strict=True)}
    return found


@contextmanager
def _temporary(target: Path):
    """Give an empty folder beside `target`, gone at the end unless it was renamed."""
    folder = target.with_name(f'.{target.name}.writing')
    with own_folder(folder):
        try:
            empty_folder(folder)  # of a run that was killed
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
