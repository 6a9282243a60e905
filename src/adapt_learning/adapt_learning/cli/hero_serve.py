"""`adapt hero serve`: a person answers a run of HERO in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import console, verb
from adapt_learning.cli.tables import passive_threads


@verb
def serve(
    run: Annotated[Path, typer.Argument(
        help='Folder of the run: a new one, or one to go on with.', show_default=False)],
    pipeline: Annotated[str | None, typer.Option(
        help="Model of a new run: a folder in diffusers' format, or a name on the hub.",
        show_default='models/small_diffusion')] = None,
    prompt: Annotated[str | None, typer.Option(
        help='What the pictures of a new run shall show.', show_default=False)] = None,
    preset: Annotated[str, typer.Option(help='Settings of a new run: cpu or paper.')] = 'cpu',
    seed: Annotated[int, typer.Option(min=0, help='Of a new run.')] = 0,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting of a new run, e.g. pictures=32; '
        'repeatable.', show_default=False)] = None,
    port: Annotated[int, typer.Option(
        min=1, max=65535, help='Of the page, on this machine.')] = 8765,
) -> None:
    """
    Serve the feedback page of a run on this machine; the link it prints may answer.

    Every click is kept at once: stop it with Ctrl-C (or by a crash) and the same command goes on.
    """
    passive_threads()
    from adapt_learning.generation.hero.new_run import open_or_create
    from adapt_learning.pages.hero_server import serve as serve_page
    from adapt_learning.pages.hero_session import HeroSession
    with open_or_create(run, pipeline, prompt, preset, seed, tuple(set_ or ())) as opened:
        say = console(None).print
        serve_page(HeroSession(opened), port,
                   lambda link: say(f'open {link} in a browser; Ctrl-C ends', soft_wrap=True))
