"""`adapt inspect`: recipes, verdicts, surfaces to try them on, and how good detectors are."""

import typer

from adapt_learning.cli import inspect_bench, inspect_recipes, inspect_surfaces, inspect_training

app = typer.Typer(no_args_is_help=True, help='Inspect surfaces.')
app.command('fit')(inspect_recipes.fit)
app.command('score')(inspect_recipes.score)
app.command('calibrate')(inspect_recipes.calibrate)
app.command('surfaces')(inspect_surfaces.surfaces)
app.command('train')(inspect_training.train)
app.command('distil')(inspect_training.distil)
app.command('bench')(inspect_bench.bench)
