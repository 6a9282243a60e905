"""`adapt bench fig-3.4` and `adapt bench efficiency`: what is measured without a table of jobs."""

from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JobsOption,
    JsonOption,
    check_json,
    console,
    passive_threads,
    progress,
    verb,
    write_result,
)
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    BackendOption,
    CacheOption,
    OutOption,
    PresetOption,
    StackOption,
    finish,
    one_of,
    run_table,
    seeds_of,
    workplace,
)


@verb
def fig_3_4(
    seeds: StackOption = '0,1,2',
    episodes: Annotated[int, typer.Option(min=1, help='Episodes per seed.')] = 20,
    preset: PresetOption = 'cpu',
    out: OutOption = OUT,
    json: JsonOption = None,
) -> None:
    """
    Manifold overfitting as a picture: BC, the diffusion model's loss alone and DBC on a spiral.

    Writes fig-3.4.png and fig-3.4.json with the numbers behind it.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import fig_3_4 as module
    from adapt_learning.benchmarks.fig_3_4_picture import write_figure
    from adapt_learning.evaluation.simulation import prepare
    one_of('--preset', preset, module.PRESETS)
    experiment = module.Experiment(seeds_of(seeds), episodes=episodes, preset=preset)
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    prepare()
    with progress(f'{module.NAME} [%]', 100) as show:
        outcome = module.run(experiment, lambda share, note: show(round(100 * share), note))
    path = write_figure(outcome, out)
    write_result(json, module.numbers(outcome))
    shown = console(json)
    for name, measures in module.numbers(outcome)['learners'].items():
        shown.print(f'{name}: {measures["mean_deviation_m"]["mean"]:.3f} m from the script, '
                    f'{measures["far_actions_percent"]["mean"]:.1f} % of the actions far from '
                    'its four')
    shown.print(f'written to {path} and {path.with_suffix(".json").name}')


@verb
def efficiency(
    episodes: Annotated[int, typer.Option(min=2, help='Episodes per policy.')] = 20,
    preset: PresetOption = 'cpu',
    seeds: Annotated[str, typer.Option(
        help='Seeds of the trainings, as for table-3.2; the first one is measured.')] = '0,1,2',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Episodes of maze per second and latency of all policies, in turns in one process.

    Uses the trainings of table-3.2 --extras for maze, and makes those that are missing.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import efficiency as module
    from adapt_learning.benchmarks.efficiency_page import write_page
    from adapt_learning.benchmarks.table_3_2 import NAME, PRESETS, Table32
    one_of('--preset', preset, PRESETS)
    table = Table32((module.TASK,), seeds_of(seeds), preset=preset)
    measured = module.Efficiency(episodes, table=table)
    place = workplace(out / NAME, cache)
    run_table(module.NAME, measured.jobs(), place, jobs, backend)
    with progress(module.NAME, episodes) as show:
        result = module.measure(measured, place, show)
    finish(write_page(result, out.absolute()), json)
