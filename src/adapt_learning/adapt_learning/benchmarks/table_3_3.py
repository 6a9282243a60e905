"""Table 3.3 of the dissertation: FetchPick at five noise levels, BC, its rivals and DBC."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from adapt_learning.benchmarks.cells import Cell, cell_of
from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.evaluate_job import SEED, EvaluateJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.page import store_page
from adapt_learning.benchmarks.train_job import TrainJob

LEVELS = (1.0, 1.25, 1.5, 1.75, 2.0)
POLICIES = MappingProxyType({
    'bc': 'BC', 'implicit_bc': 'Implicit BC', 'diffusion_policy': 'Diffusion policy', 'dbc': 'DBC',
    'flow_matching': 'Flow matching'})
"""Rows with their titles; flow matching is not in the dissertation."""
EXPERTS = ('smooth', 'staged')
PRESETS = ('cpu', 'paper')
PUBLISHED = MappingProxyType({
    'bc': (92.4, 91.6, 85.5, 77.6, 67.4), 'implicit_bc': (83.1, 69.4, 51.6, 36.5, 23.6),
    'diffusion_policy': (90.0, 83.9, 72.3, 64.1, 58.2), 'dbc': (99.5, 97.5, 91.5, 83.3, 73.5)})
"""Success [%] per level, dissertation table 3.3."""
_EXPERT_NOTES = {
    'smooth': 'Demonstrations of the default expert (no memory, smooth changes between stages).',
    'staged': 'Demonstrations in the manner of the published ones (stages with a memory, weak '
              'gripper commands).'}
_NOTE = """\
Success in percent: mean ± sample standard deviation over the seeds (each seed) and the 95 % Wilson
interval of all episodes of all seeds pooled; it ignores that the episodes of one seed share
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
    policies: tuple[str, ...] = tuple(POLICIES)
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
        return [self.evaluation(policy, level) for policy in self.policies for level in self.levels]

    def variants(self) -> list['Table33']:
        """Return this table for every preset and expert: what may be stored beside it."""
        return [replace(self, preset=preset, expert=expert)
                for preset in PRESETS for expert in EXPERTS]

    def cells(self, place: Workplace) -> dict[str, dict[float, Cell]]:
        """Return the cells by policy and level; of policies that have a result at every level."""
        found = {policy: {level: cell_of(self.evaluation(policy, level), place)
                          for level in self.levels} for policy in self.policies}
        return {policy: row for policy, row in found.items() if None not in row.values()}


def write_table(table: Table33, place: Workplace) -> Path:
    """Write table-3.3.json and .md beside the results: every row that is complete."""
    there = [(variant, cells) for variant in table.variants() if (cells := variant.cells(place))]
    return store_page(place.results.parent, table.name, {
        'table': table.name, 'published': {'levels': list(LEVELS), **{
            policy: list(values) for policy, values in PUBLISHED.items()}},
        'variants': [_as_dict(variant, cells, place) for variant, cells in there]},
        '\n'.join(_markdown(table, there, place)))


def _as_dict(table: Table33, cells: dict[str, dict[float, Cell]],
             place: Workplace) -> dict[str, Any]:
    return {
        'command': table.command,
        'settings': {name: value for name, value in asdict(table).items() if name != 'overrides'},
        'trainings': {policy: {
            'command': table.training(policy).command, 'key': table.training(policy).key(place),
            'seconds': table.training(policy).result(place)['train_s']} for policy in cells},
        'dataset': table.training('bc').data.stored(place)['result'],
        'cells': [{'policy': policy, 'noise_level': level,
                   'published': _published(policy, level), **cell.as_dict()}
                  for policy, row in cells.items() for level, cell in row.items()]}


def _markdown(table: Table33, there: list, place: Workplace) -> Iterator[str]:
    yield '# FetchPick at five noise levels (dissertation table 3.3)\n'
    yield ('Made by `adapt bench table-3.3` from the files in table-3.3/; nothing is typed by '
           'hand.\n')
    yield _NOTE.format(first=SEED, last=SEED + table.episodes - 1)
    for variant, cells in there:
        yield f'## Preset {variant.preset}, {variant.expert} expert\n'
        yield f'{_EXPERT_NOTES[variant.expert]} `{variant.command}`\n'
        yield f'| noise level | {" | ".join(f"{level:g}" for level in variant.levels)} |'
        yield '|---' * (1 + len(variant.levels)) + '|'
        for policy, row in cells.items():
            yield _line(POLICIES[policy], [f'{cell}, {_wilson(cell)}' for cell in row.values()])
            if policy in PUBLISHED:
                yield _line(f'{POLICIES[policy]}, dissertation', [
                    '-' if value is None else f'{value:.1f}'
                    for value in (_published(policy, level) for level in variant.levels)])
        if {'bc', 'dbc'} <= set(cells):
            yield from _gains(variant, cells)
        yield ''
        yield _facts(variant, cells, place)
        yield ''


def _gains(table: Table33, cells: dict[str, dict[float, Cell]]) -> Iterator[str]:
    yield _line('DBC - BC', [str(cells['dbc'][level].gain(cells['bc'][level]))
                             for level in table.levels])
    both = [(_published('bc', level), _published('dbc', level)) for level in table.levels]
    yield _line('DBC - BC, dissertation', [
        '-' if None in pair else f'{pair[1] - pair[0]:+.1f}' for pair in both])


def _line(title: str, parts: list[str]) -> str:
    return f'| {" | ".join([title, *parts])} |'


def _wilson(cell: Cell) -> str:
    return f'{100 * cell.pooled.low:.1f}-{100 * cell.pooled.high:.1f}'


def _facts(table: Table33, cells: dict[str, dict[float, Cell]], place: Workplace) -> str:
    """Return one paragraph: data, time, machine."""
    data = table.training('bc').data.stored(place)
    trained = {policy: table.training(policy).stored(place) for policy in cells}
    machine = next(reversed(trained.values()))['provenance']
    times = ', '.join(f'{POLICIES[policy]} {one["result"]["train_s"]:.0f} s (code '
                      f'{one["provenance"]["code_version"]})' for policy, one in trained.items())
    return (f'{data["result"]["episodes"]} demonstrations, {data["result"]["steps"]} pairs (hash '
            f'{data["result"]["dataset"]}). Training of {len(table.seeds)} stacked seeds, one core '
            f'each, other jobs beside it: {times}; {machine["cores"]} cores '
            f'({machine["processor"]}), torch {machine["packages"]["torch"]}.')


def _published(policy: str, level: float) -> float | None:
    if policy not in PUBLISHED or level not in LEVELS:
        return None
    return PUBLISHED[policy][LEVELS.index(level)]
