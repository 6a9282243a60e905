"""`adapt hero run`: one prompt, one evaluator, some rounds of pictures."""

from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli import hero_options as options
from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    passive_threads,
    verb,
    write_result,
)
from adapt_learning.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapt_learning.generation.hero.feedback import Evaluator
    from adapt_learning.generation.hero.run import HeroRun


@verb
def run(
    prompt: options.PromptOption,
    out: options.OutOption,
    pipeline: options.PipelineArgument = '',
    evaluator: Annotated[str, typer.Option(
        help='terminal (you), or simulated:RULE.')] = 'terminal',
    preset: options.PresetOption = 'cpu',
    feedback: options.FeedbackOption = None,
    error_rate: Annotated[float, typer.Option(
        min=0, max=0.49, help='Share of labels that a simulated evaluator turns over.')] = 0.0,
    seed: options.SeedOption = 0,
    set_: options.SetOption = None,
    resume: Annotated[bool, typer.Option('--resume', help='Go on with an interrupted run.')
                      ] = False,
    json: JsonOption = None,
) -> None:
    """
    Tune a text-to-image model by feedback on its own pictures (HERO, dissertation 2.2).

    Every answer is on disk before it is used. Ctrl-C at any time; the same command with --resume
    goes on.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.stacked.progress import ProgressReport
    from adapt_learning.trainers.tune_generator import TuneRequest, tune
    make = _maker(evaluator, error_rate, seed)
    request = TuneRequest(options.present(pipeline), prompt, out, preset, tuple(set_ or ()), seed,
                          feedback, evaluator, error_rate, resume)
    show, table = ProgressReport(), console(json)
    stage = ['']

    def progress(name: str, done: int, steps: int) -> None:
        if name != stage[0] or done == 1:
            stage[0] = name
            show.start(name, done - 1, steps)
        show.update(done, '')

    try:
        made = tune(request, make, progress, lambda facts: table.print(
            f'round {facts.round}: {facts.good} good, {facts.bad} bad; {facts.explanation}'))
    finally:
        show.close()
    write_result(json, {'folder': str(out), **made})
    table.print(f'{out}: {len(made["rounds"])} rounds; adapt hero sample {out} makes pictures')


def _maker(name: str, error_rate: float, seed: int) -> 'Callable[[HeroRun], Evaluator]':
    """Return what makes the evaluator of a run; SettingError or CatalogError for a wrong name."""
    kind, _, rule = name.partition(':')
    if kind == 'terminal' and not rule:
        from adapt_learning.generation.hero.terminal import TerminalEvaluator
        return lambda run: TerminalEvaluator(run.folder, lambda question: typer.prompt(
            question, default='', show_default=False), typer.echo)
    if kind != 'simulated' or not rule:
        raise SettingError(f"--evaluator is terminal or simulated:RULE; got '{name}'")
    from adapt_learning import catalog
    from adapt_learning.generation.small.simulated import SimulatedEvaluator
    made = SimulatedEvaluator(catalog.load('evaluator', rule)(), error_rate, seed)
    return lambda run: made
