"""`adapt collect`: demonstrations by the task's expert."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JobsOption,
    JsonOption,
    WorkFailed,
    check_json,
    console,
    progress,
    verb,
    write_result,
)


@verb
def collect(
    task: Annotated[str, typer.Argument(help='Name of the task, e.g. fetch_pick.')],
    episodes: Annotated[int, typer.Option(help='Successful episodes to keep.')],
    out: Annotated[Path, typer.Option(help='Folder of the new dataset.')],
    seed: Annotated[int, typer.Option(help='Same seed, same dataset.')] = 0,
    noise_level: Annotated[float, typer.Option(help='Spread of starts and goals.')] = 1.0,
    expert: Annotated[str, typer.Option(
        help="Which of the task's demonstrators; default: its first.")] = '',
    jobs: JobsOption = None,
    json: JsonOption = None,
) -> None:
    """
    Let the task's expert demonstrate; writes a LeRobotDataset v3.0 folder.

    Interrupted at any moment, the same command continues where it was.
    """
    from adapt_learning.evaluation.collect import CollectFailed, CollectPlan
    from adapt_learning.evaluation.collect import collect as run
    from adapt_learning.evaluation.workers import WorkerLost
    check_json(json)
    plan = CollectPlan(task, episodes, seed, noise_level, expert)
    try:
        with progress(f'collect {task}', episodes) as show:
            dataset = run(plan, out, jobs, lambda now: show(
                now.kept, _note(now.failed, now.resumed)))
    except (CollectFailed, WorkerLost) as error:
        raise WorkFailed(str(error)) from error
    failed, attempts = dataset.meta['failed'], dataset.meta['attempts']
    write_result(json, {'folder': str(out), 'hash': dataset.hash, 'episodes': len(dataset),
                        'steps': dataset.steps, **dataset.meta})
    console(json).print(
        f'{len(dataset)} episodes, {dataset.steps} pairs in {out} (hash {dataset.hash})'
        + (f'; the expert failed in {failed} of {attempts} attempts, these are not kept'
           if failed else ''))


def _note(failed: int, resumed: int) -> str:
    parts = [f'{failed} failed'] if failed else []
    parts += [f'{resumed} from before'] if resumed else []
    return ', '.join(parts)
