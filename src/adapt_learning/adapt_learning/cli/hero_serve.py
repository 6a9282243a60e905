"""`adapt hero serve`: a person answers a run of HERO in the browser."""

from dataclasses import replace
from typing import Annotated

import typer

from adapt_learning.cli import hero_options as options
from adapt_learning.cli.common import console, passive_threads, verb


@verb
def serve(
    prompt: options.PromptOption,
    out: options.OutOption,
    pipeline: options.PipelineArgument = '',
    preset: options.PresetOption = 'cpu',
    feedback: options.FeedbackOption = None,
    seed: options.SeedOption = 0,
    set_: options.SetOption = None,
    port: Annotated[int, typer.Option(
        min=1, max=65535, help='Of the page, on this machine.')] = 8765,
) -> None:
    """
    Tune a text-to-image model by clicks in the browser: serves a page, and prints its link.

    Every click is kept at once. Stop it with Ctrl-C, or by a crash: the same command goes on.
    """
    passive_threads()
    from adapt_learning.pages.hero_server import check_free
    from adapt_learning.pages.hero_server import serve as serve_page
    from adapt_learning.pages.hero_session import HeroSession
    from adapt_learning.trainers.tune_generator import TuneRequest, finish, open_run
    check_free(port)
    request = TuneRequest(options.present(pipeline), prompt, out, preset, tuple(set_ or ()), seed,
                          feedback, verb='serve')
    request = replace(request, resume=request.run_folder.exists())
    show = console()
    with open_run(request) as run:
        serve_page(HeroSession(run, lambda: finish(run, request)), port,
                   lambda link: show.print(f'open {link} in a browser; Ctrl-C ends'))
