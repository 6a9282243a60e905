"""Demonstrations by the task's expert: parallel, repeatable, resumable."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from adapt_learning.data import Dataset, DatasetWriter, load_dataset, save_dataset
from adapt_learning.data.files import empty_folder, own_folder, read_json, write_json
from adapt_learning.data.outputs import check_output
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.evaluation.rollout import ExpertController, Rollout, rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.evaluation.workers import run_in_order
from adapt_learning.frames import Contract
from adapt_learning.tasks.base import Task

_BATCH = 20
"""Episodes between two flushes: what a kill can cost."""


class CollectFailed(RuntimeError):
    """The expert fails too often to collect what was asked for."""


@dataclass(frozen=True)
class CollectPlan:
    """What is to be collected; the same plan gives the same dataset, bit by bit."""

    task: str
    episodes: int
    """Successful episodes to keep."""
    seed: int
    noise_level: float = 1.0
    expert: str = ''
    """Name of the task's demonstrator; empty: its default one."""

    def __post_init__(self):
        if self.episodes < 1:
            raise SettingError(f'episodes is at least 1; got {self.episodes}')
        if not 0 <= self.seed < 2**63:
            raise SettingError(f'seed is 0 or above and below 2^63; got {self.seed}')

    @property
    def command(self) -> str:
        """Return the command line that collects this (without --out)."""
        return (f'adapt collect {self.task} --episodes {self.episodes} --seed {self.seed} '
                f'--noise-level {self.noise_level:g}'
                + (f' --expert {self.expert}' if self.expert else ''))

    @property
    def most_attempts(self) -> int:
        """Return after how many attempts collecting is given up."""
        return 4 * self.episodes + 20

    def episode_seed(self, attempt: int) -> int:
        """
        Return the seed of an attempt; it depends on (seed, attempt) alone.

        Mixed, not added: otherwise seed 0 and seed 1 would share all episodes but one.
        """
        return int(np.random.SeedSequence([self.seed, attempt]).generate_state(1)[0])


@dataclass(frozen=True)
class CollectProgress:
    """Where collecting stands."""

    kept: int
    failed: int
    resumed: int
    """How many of the kept ones an earlier, interrupted run had made."""


def collect(plan: CollectPlan, out: str | Path, jobs: int | None = None,
            progress: Callable[[CollectProgress], None] | None = None,
            setup: Callable[[], Task] | None = None) -> Dataset:
    """
    Collect successful demonstrations into the folder `out` and return them.

    Interrupted at any moment (Ctrl-C, kill -9), the same call continues from `<out>.part`; `out`
    itself appears at the end, whole. Failed episodes are not kept; `meta` of the dataset counts
    them. `setup` makes the task (default: from the catalogue).

    Raises DatasetError where `out` is filled or `<out>.part` is of another plan, CollectFailed
    where the expert hardly ever succeeds.
    """
    out = check_output(out)
    part = out.with_name(f'{out.name}.part')
    setup = setup or partial(make_task, plan.task)
    task = setup()
    try:
        task.reset(seed=0, options={'noise_level': plan.noise_level})  # says it if out of range
        contract = task.contract
        expert = plan.expert or next(iter(getattr(task, 'experts', {'': None})))
        demonstrator = type(task.expert(plan.expert)).__name__
    finally:
        task.close()
    with own_folder(part):
        writer = _begin(plan, part, contract)
        attempts = _fill(writer, plan, setup, jobs, progress or (lambda _: None))
        writer.finish()
        collected = load_dataset(part)
        dataset = Dataset(collected.episodes, contract, {
            'command': plan.command, **asdict(plan), 'expert': expert, 'expert_class': demonstrator,
            'attempts': attempts, 'failed': attempts - len(collected)})
        save_dataset(out, dataset)
        shutil.rmtree(part)
    return dataset


def _begin(plan: CollectPlan, part: Path, contract: Contract) -> DatasetWriter:
    """Open `<out>.part`, new or of an interrupted run of the same plan."""
    plan_file = part / 'plan.json'
    wanted = asdict(plan) | {'contract_hash': contract.hash}
    if not plan_file.is_file():
        empty_folder(part)  # killed before it had begun
        writer = DatasetWriter(part, contract)
        write_json(plan_file, wanted)
        return writer
    found = read_json(plan_file)
    different = [f'{key} {found.get(key)} (now {wanted[key]})' for key in wanted
                 if found.get(key) != wanted[key]]
    if different:
        raise DatasetError(f'{part} holds an interrupted collection with other settings: '
                           f'{", ".join(different)}; finish it with those, or remove it')
    return DatasetWriter.resume(part)


def _fill(writer: DatasetWriter, plan: CollectPlan, setup: Callable[[], Task], jobs: int | None,
          progress: Callable[[CollectProgress], None]) -> int:
    """Add episodes until there are enough; returns the number of attempts."""
    kept = resumed = writer.episodes
    attempt = _next_attempt(writer, plan)
    if kept >= plan.episodes:
        return attempt
    try:
        with run_in_order(jobs, partial(_demonstrator, setup, plan.expert), _demonstrate,
                          _attempts(plan, attempt)) as results:
            for result in results:
                attempt += 1
                if result.success:
                    writer.add(result.episode)
                    kept += 1
                    if kept % _BATCH == 0:
                        writer.flush()
                progress(CollectProgress(kept, attempt - kept, resumed))
                if kept == plan.episodes:
                    return attempt
    finally:
        writer.flush()  # after Ctrl-C, too: nothing that was made is lost
    raise CollectFailed(
        f'the expert of {plan.task} succeeded in only {kept} of {attempt} episodes at noise level '
        f'{plan.noise_level}; {plan.episodes} were asked for: use a lower --noise-level')


def _attempts(plan: CollectPlan, first: int) -> Iterator[tuple[int, float]]:
    return ((plan.episode_seed(i), plan.noise_level) for i in range(first, plan.most_attempts))


def _next_attempt(writer: DatasetWriter, plan: CollectPlan) -> int:
    """Return the attempt after the last kept one, found again by its seed."""
    if not writer.episodes:
        return 0
    last = load_dataset(writer.folder).episodes[-1].seed
    return 1 + next(i for i in count() if plan.episode_seed(i) == last)


def _demonstrator(setup: Callable[[], Task], expert: str) -> tuple[Task, ExpertController]:
    task = setup()
    return task, ExpertController(task.expert(expert))


def _demonstrate(state: tuple[Task, ExpertController], start: tuple[int, float]) -> Rollout:
    return rollout(*state, *start)
