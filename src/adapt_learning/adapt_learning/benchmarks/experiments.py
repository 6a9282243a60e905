"""Experiments: a YAML list of trainings that differ in settings, as one table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from adapt_learning.benchmarks.cells import Cell, cell_of
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.evaluate_job import EvaluateJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.page import store_page
from adapt_learning.benchmarks.train_job import TrainJob
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import from_values

_NOTE = """\
Success in percent: mean ± sample standard deviation over the seeds (each seed). *gain* is against
the first row of the table that has the same seeds, mean ± standard deviation of the differences
seed by seed. With three seeds, a gain that is not several times that deviation is noise. *train s*
is wall time of all seeds together, stacked, on one core that other programs used, too.
"""


@dataclass(frozen=True)
class Experiment:
    """One row: a training and where it is evaluated."""

    name: str
    policy: str
    group: str = ''
    """Rows of one group stand in one table, to be compared with its first."""
    task: str = 'fetch_pick'
    expert: str = 'smooth'
    demonstrations: int = 303
    data_seed: int = 0
    preset: str = 'cpu'
    seeds: tuple[int, ...] = (0, 1, 2)
    set: tuple[str, ...] = ()
    levels: tuple[float, ...] = (1.25, 1.75)
    episodes: int = 100
    seed: int = 1000
    """Of the first episode of the evaluation."""

    def __post_init__(self):
        if not re.fullmatch(r'[\w.-]+', self.name):
            raise SettingError('name, which becomes part of file names, is made of letters, digits '
                               f"and - _ . only; got '{self.name}'")

    @property
    def training(self) -> TrainJob:
        """Return the training."""
        data = CollectJob(self.task, self.demonstrations, self.expert, self.data_seed)
        return TrainJob(self.policy, data, self.preset, self.seeds, self.set, self.name)

    def jobs(self) -> list[EvaluateJob]:
        """Return the evaluations."""
        return [EvaluateJob(self.training, level, self.episodes, self.seed)
                for level in self.levels]


@dataclass(frozen=True)
class Experiments:
    """All rows of a file, and what was concluded from them."""

    file: Path
    title: str
    conclusion: str
    rows: tuple[Experiment, ...]

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        file = self.file.name if self.file.is_absolute() else self.file
        return f'adapt bench experiments {file}'

    def jobs(self, only: str = '') -> list[EvaluateJob]:
        """Return the jobs whose results are the cells of rows with `only` in their name."""
        return [job for row in self.rows if only in row.name for job in row.jobs()]


def read_experiments(file: Path) -> Experiments:
    """
    Read a file of experiments; SettingError says what is wrong with it.

    Keys: title, conclusion, defaults (of all rows), groups: {name: {defaults, rows: [...]}}.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding='utf-8'))
        groups = content['groups']
        rows = tuple(
            from_values(Experiment, {'group': group, **content.get('defaults', {}),
                                     **values.get('defaults', {}), **row}, f'{group}: row {i}')
            for group, values in groups.items() for i, row in enumerate(values['rows'], 1))
    except OSError as error:
        raise SettingError(f'{file} cannot be read: {error.strerror}') from error
    except yaml.YAMLError as error:
        raise SettingError(f'{file} is no YAML: {error}') from error
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingError(f'{file} is no file of experiments ({error!r}); its keys are title, '
                           'conclusion, defaults, groups: {name: {defaults, rows: [...]}}'
                           ) from error
    names = [row.name for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingError(f'{file}: every row has a name of its own; twice: {", ".join(twice)}')
    return Experiments(file, str(content.get('title', file.stem)),
                       str(content.get('conclusion', '')), rows)


def write_experiments(table: Experiments, place: Workplace) -> Path:
    """Write <file>.json and <file>.md beside the results: every row that is complete."""
    complete = []
    for row in table.rows:
        cells = {job.noise_level: cell_of(job, place) for job in row.jobs()}
        if None not in cells.values():
            complete.append((row, cells))
    return store_page(place.results.parent, table.file.stem, {
        'title': table.title, 'command': table.command,
        'conclusion': table.conclusion,
        'rows': [_as_dict(row, cells, place) for row, cells in complete]},
        '\n'.join(_markdown(table, complete, place)))


def _as_dict(row: Experiment, cells: dict[float, Cell], place: Workplace) -> dict[str, Any]:
    training = row.training
    return {
        'name': row.name, 'group': row.group, 'policy': row.policy, 'expert': row.expert,
        'demonstrations': row.demonstrations, 'preset': row.preset, 'set': list(row.set),
        'commands': [training.data.command, training.command, row.jobs()[0].command],
        'key': training.key(place), 'train_s': training.result(place)['train_s'],
        'cells': [{'noise_level': level, 'episode_seed': row.seed, **cell.as_dict()}
                  for level, cell in cells.items()]}


def _markdown(table: Experiments, complete: list, place: Workplace) -> Iterator[str]:
    yield f'# {table.title}\n'
    yield f'Made by `{table.command}`; rows that have no results yet are left out.\n'
    yield _NOTE
    yield table.conclusion
    groups: dict[str, list] = {}
    for row, cells in complete:
        groups.setdefault(row.group, []).append((row, cells))
    for group, rows in groups.items():
        levels = sorted({level for _, cells in rows for level in cells})
        yield f'## {group}\n'
        head = ['run', 'changed settings']
        for level in levels:
            head += [f'success at {level:g}', 'gain']
        head.append('train s')
        yield f'| {" | ".join(head)} |'
        yield '|---' * len(head) + '|'
        baselines: dict[tuple[int, ...], tuple[Experiment, dict]] = {}
        for row, cells in rows:
            first, baseline = baselines.setdefault(row.seeds, (row, cells))
            changes = '<br>'.join(f'`{change}`' for change in row.set) or '-'
            shown = []
            for level in levels:
                same = row is not first and level in baseline and level in cells
                shown.append(str(cells[level]) if level in cells else '-')
                shown.append(str(cells[level].gain(baseline[level])) if same else '-')
            seconds = f'{row.training.result(place)["train_s"]:.0f}'
            yield f'| {" | ".join([row.name, changes, *shown, seconds])} |'
        yield ''
