"""`adapt inspect`: surfaces and their defects."""

import typer

from adapt_learning.cli import inspect_surfaces

app = typer.Typer(no_args_is_help=True, help='Inspect surfaces.')
app.command('surfaces')(inspect_surfaces.surfaces)
