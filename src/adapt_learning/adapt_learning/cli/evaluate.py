"""`adapt eval`: how often a policy succeeds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli.common import (
    JobsOption,
    JsonOption,
    WorkFailed,
    check_json,
    console,
    progress,
    say_error,
    verb,
    write_result,
)
from adapt_learning.errors import CatalogError

if TYPE_CHECKING:
    from adapt_learning.evaluation.evaluate import Evaluation


@verb
def evaluate(
    artifact: Annotated[Path, typer.Argument(help='Folder of a trained policy.')],
    episodes: Annotated[int, typer.Option(help='Number of episodes.')] = 100,
    noise_level: Annotated[float, typer.Option(help='Spread of starts and goals.')] = 1.25,
    seed: Annotated[int, typer.Option(help='Episode i starts from seed + i.')] = 1000,
    task: Annotated[str | None, typer.Option(
        help='Task to run in; default: the one the policy was trained for.')] = None,
    video: Annotated[Path | None, typer.Option(help='Film the first episodes (mp4).')] = None,
    video_episodes: Annotated[int, typer.Option(min=1, help='How many to film.')] = 3,
    picture: Annotated[Path | None, typer.Option(
        help='Draw trajectories, latency and expert-likeness of the first episodes (png).')] = None,
    card: Annotated[bool, typer.Option(
        '--card', help="Write the result into the artifact's manifest and card.")] = False,
    jobs: JobsOption = None,
    json: JsonOption = None,
) -> None:
    """
    Run a policy in simulation and count; success comes with its 95 % Wilson interval.

    The same seed gives the same episodes, one by one, here and through ROS in lockstep.
    """
    from adapt_learning.evaluation.evaluate import evaluate as run
    from adapt_learning.evaluation.workers import WorkerLost
    check_json(json)
    task = task or _task_of(artifact)
    successes = 0

    def count(result) -> None:
        nonlocal successes, done
        done += 1
        successes += result.success
        show(done, f'{successes} succeeded')

    done = 0
    try:
        with progress(f'eval {task}', episodes) as show:
            result = run(artifact, task, episodes=episodes, noise_level=noise_level, seed=seed,
                         jobs=jobs, progress=count)
    except WorkerLost as error:
        raise WorkFailed(str(error)) from error
    write_result(json, result.as_dict())
    _print(result, json)
    if card:
        _into_card(artifact, result)
    _pictures(artifact, result, video, min(video_episodes, episodes), picture)


def _task_of(artifact: Path) -> str:
    """Return the task that a policy was trained for; CatalogError where there is no such task."""
    from adapt_learning import catalog
    from adapt_learning.evaluation.evaluate import task_of
    task = task_of(artifact)
    if task not in catalog.names('task'):
        raise CatalogError(
            f"an evaluation needs a task, and there is no task '{task}' to run {artifact} in; what "
            'was measured on held-out episodes stands in its card.md. Give --task of a task with '
            'the same contract, or add one (docs/how-to/add_a_task.md); there are '
            f'{", ".join(catalog.names("task"))}')
    return task


def _into_card(artifact: Path, result: 'Evaluation') -> None:
    """Add the numbers and the command that made them to the artifact."""
    from adapt_learning.artifacts import add_metrics
    facts = result.as_dict()
    kept = ('success_rate', 'ci_low', 'ci_high', 'episodes', 'mean_steps')
    first, last = result.seed, result.seed + len(result.results) - 1
    key = f'{result.task} at noise level {result.noise_level:g}, seeds {first}..{last}'
    add_metrics(artifact, {key: {name: facts[name] for name in kept}}, (
        f'adapt eval {artifact.name} --episodes {len(result.results)} '
        f'--noise-level {result.noise_level:g} --seed {result.seed} --card',))


def _print(result: 'Evaluation', json: str | None) -> None:
    from rich.table import Table
    facts = result.as_dict()
    table = Table(title=f'{result.policy} in {result.task}', show_header=False)
    rows = {
        'success (95 % Wilson)': str(result.rate),
        'noise level, seeds': f'{result.noise_level:g}, {result.seed}..'
                              f'{result.seed + len(result.results) - 1}',
        'mean steps': f'{facts["mean_steps"]:.1f}',
        'mean return': f'{facts["mean_return"]:.2f}',
        'episodes per second': f'{facts["episodes_per_second"]:.1f}',
    }
    likeness = [r.likeness_mean for r in result.results if r.likeness_mean is not None]
    if likeness:
        rows['expert-likeness (1 warns)'] = f'{sum(likeness) / len(likeness):.2f}'
    failed = [str(r.seed) for r in result.results if not r.success]
    if failed:
        more = f' and {len(failed) - 12} more' if len(failed) > 12 else ''
        rows['failed seeds'] = ', '.join(failed[:12]) + more
    for stop in sorted({r.stop for r in result.results if r.stop}):
        rows['stopped'] = f'{stop} ({sum(r.stop == stop for r in result.results)} x)'
    for name, value in rows.items():
        table.add_row(name, value)
    console(json).print(table)


def _pictures(artifact: Path, result: 'Evaluation', video: Path | None, episodes: int,
              picture: Path | None) -> None:
    """Film and draw the first episodes; a machine that cannot render still has its numbers."""
    if video is None and picture is None:
        return
    from adapt_learning.evaluation.film import film
    problems = film(artifact, result, episodes, video, picture)
    for problem in problems:
        say_error(problem)
    if problems:
        raise typer.Exit(1)
