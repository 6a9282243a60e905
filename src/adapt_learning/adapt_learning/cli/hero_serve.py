"""`adapt hero serve`: a person answers a run of HERO in the browser."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import console, verb
from adapt_learning.cli.tables import passive_threads


@verb
def serve(
    pipeline: Annotated[str, typer.Argument(
        help="Folder of a pipeline in diffusers' format, or its name on the hub.")],
    prompt: Annotated[str, typer.Option(help='What the pictures shall show.')],
    out: Annotated[Path, typer.Option(help='Folder of the artifact; the run is in OUT.run.')],
    preset: Annotated[str, typer.Option(
        help='cpu (minutes with a small model) or paper (as published).')] = 'cpu',
    feedback: Annotated[int | None, typer.Option(
        min=1, help='Answers in all; default: 512, in 8 rounds.', show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, help='Same seed and answers, same run.')] = 0,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting, e.g. pictures=32; repeatable.',
        show_default=False)] = None,
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
    request = TuneRequest(pipeline, prompt, out, preset, tuple(set_ or ()), seed, feedback,
                          verb='serve')
    request = replace(request, resume=request.run_folder.exists())
    show = console()
    with open_run(request) as run:
        serve_page(HeroSession(run, lambda: finish(run, request)), port,
                   lambda link: show.print(f'open {link} in a browser; Ctrl-C ends'))
