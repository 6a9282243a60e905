"""Table 3.3 of the dissertation: FetchPick at five noise levels, BC and DBC."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from adapt_learning.benchmarks.cells import Cell, cell_of
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.evaluate_job import SEED, EvaluateJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.train_job import TrainJob
from adapt_learning.data.files import write_atomically, write_json

LEVELS = (1.0, 1.25, 1.5, 1.75, 2.0)
POLICIES = ('bc', 'dbc')
EXPERTS = ('smooth', 'staged')
PRESETS = ('cpu', 'paper')
PUBLISHED = {'bc': (92.4, 91.6, 85.5, 77.6, 67.4), 'dbc': (99.5, 97.5, 91.5, 83.3, 73.5)}
"""Success [%] per level, dissertation table 3.3."""
_EXPERT_NOTES = {
    'smooth': 'Demonstrations of the default expert (no memory, smooth changes between stages).',
    'staged': 'Demonstrations in the manner of the published ones (stages with a memory, weak '
              'gripper commands).'}
_NOTE = """\
Success in percent: mean ± sample standard deviation over the seeds (each seed). *Wilson* is the
95 % interval of all episodes of all seeds pooled; it ignores that the episodes of one seed share
one network, so the spread of the seeds has to be read beside it. *DBC - BC* is the mean ± standard
deviation of the differences seed by seed. All seeds are trained on the
same demonstrations (level 1) and evaluated on the same episodes ({first}..{last}); the
demonstrations hold none of these, and the recipe was chosen on other ones. *Dissertation* is its
table 3.3: other demonstrations, another simulator version, networks and schedules of the `paper`
preset. What was done to choose the settings, and what did not help, is in dbc_experiments.md.
"""


@dataclass(frozen=True)
class Table33:
    """The table for one expert and one preset."""

    name: ClassVar[str] = 'table-3.3'

    preset: str = 'cpu'
    expert: str = 'smooth'
    seeds: tuple[int, ...] = (0, 1, 2)
    episodes: int = 100
    demonstrations: int = 303
    levels: tuple[float, ...] = LEVELS
    overrides: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Changed settings per policy (tests use tiny networks)."""

    @property
    def command(self) -> str:
        """Return the command line that makes this table."""
        return (f'adapt bench table-3.3 --preset {self.preset} --expert {self.expert} --seeds '
                f'{",".join(map(str, self.seeds))} --episodes {self.episodes}')

    def training(self, policy: str) -> TrainJob:
        """Return the training of a policy."""
        data = CollectJob('fetch_pick', self.demonstrations, self.expert)
        return TrainJob(policy, data, self.preset, self.seeds,
                        dict(self.overrides).get(policy, ()))

    def evaluation(self, policy: str, level: float) -> EvaluateJob:
        """Return the evaluation of a policy at a level."""
        return EvaluateJob(self.training(policy), level, self.episodes)

    def jobs(self) -> list[EvaluateJob]:
        """Return the jobs whose results are the cells."""
        return [self.evaluation(policy, level) for policy in POLICIES for level in self.levels]

    def variants(self) -> list['Table33']:
        """Return this table for every preset and expert: what may be stored beside it."""
        return [replace(self, preset=preset, expert=expert)
                for preset in PRESETS for expert in EXPERTS]

    def cells(self, place: Workplace) -> dict[tuple[str, float], Cell] | None:
        """Return the cells by policy and level; None unless all of them have their result."""
        cells = {(job.training.policy, job.noise_level): cell_of(job, place)
                 for job in self.jobs()}
        return None if None in cells.values() else cells


def write_table(table: Table33, place: Workplace) -> Path:
    """Write table-3.3.json and .md beside the results: every variant that is complete."""
    complete = [(variant, cells) for variant in table.variants()
                if (cells := variant.cells(place)) is not None]
    base = place.results.parent / table.name
    write_json(base.with_name(f'{base.name}.json'), {
        'table': table.name, 'published': {'levels': list(LEVELS), **{
            policy: list(values) for policy, values in PUBLISHED.items()}},
        'variants': [_as_dict(variant, cells, place) for variant, cells in complete]})
    text = '\n'.join(_markdown(table, complete, place))
    path = base.with_name(f'{base.name}.md')
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding='utf-8'))
    return path


def _as_dict(table: Table33, cells: dict, place: Workplace) -> dict[str, Any]:
    return {
        'command': table.command,
        'settings': {name: value for name, value in asdict(table).items() if name != 'overrides'},
        'trainings': {policy: {
            'command': table.training(policy).command, 'key': table.training(policy).key(place),
            'seconds': table.training(policy).result(place)['train_s']} for policy in POLICIES},
        'dataset': table.training('bc').data.stored(place)['result'],
        'cells': [{'policy': policy, 'noise_level': level,
                   'published': _published(policy, level), **cell.as_dict()}
                  for (policy, level), cell in cells.items()]}


def _markdown(table: Table33, complete: list, place: Workplace) -> Iterator[str]:
    yield '# FetchPick at five noise levels (dissertation table 3.3)\n'
    yield ('Made by `adapt bench table-3.3` from the files in table-3.3/; nothing is typed by '
           'hand.\n')
    yield _NOTE.format(first=SEED, last=SEED + table.episodes - 1)
    for variant, cells in complete:
        yield f'## Preset {variant.preset}, {variant.expert} expert\n'
        yield f'{_EXPERT_NOTES[variant.expert]} `{variant.command}`\n'
        yield ('| noise level | BC | Wilson | BC, dissertation | DBC | Wilson | DBC, dissertation '
               '| DBC - BC | dissertation |')
        yield '|---' * 9 + '|'
        for level in variant.levels:
            yield _row(level, cells)
        yield ''
        yield _facts(variant, place)
        yield ''


def _row(level: float, cells: dict[tuple[str, float], Cell]) -> str:
    bc, dbc = (cells[policy, level] for policy in POLICIES)
    published = [_published(policy, level) for policy in POLICIES]
    shown = ['-' if value is None else f'{value:.1f}' for value in published]
    gain = '-' if None in published else f'{published[1] - published[0]:+.1f}'
    parts = [f'{level:g}', str(bc), _wilson(bc), shown[0], str(dbc), _wilson(dbc), shown[1],
             str(dbc.gain(bc)), gain]
    return f'| {" | ".join(parts)} |'


def _wilson(cell: Cell) -> str:
    return f'{100 * cell.pooled.low:.1f}-{100 * cell.pooled.high:.1f}'


def _facts(table: Table33, place: Workplace) -> str:
    """Return one paragraph: data, time, machine."""
    data = table.training('bc').data.stored(place)
    trained = {policy: table.training(policy).stored(place) for policy in POLICIES}
    machine = trained['dbc']['provenance']
    times = ', '.join(f'{policy} {one["result"]["train_s"]:.0f} s'
                      for policy, one in trained.items())
    return (f'{data["result"]["episodes"]} demonstrations, {data["result"]["steps"]} pairs (hash '
            f'{data["result"]["dataset"]}). Training of {len(table.seeds)} stacked seeds, one core '
            f'each, other jobs beside it: {times}; {machine["cores"]} cores '
            f'({machine["processor"]}), torch {machine["packages"]["torch"]}; code '
            f'{machine["code_version"]}.')


def _published(policy: str, level: float) -> float | None:
    return PUBLISHED[policy][LEVELS.index(level)] if level in LEVELS else None
