"""`adapt hero`: generators that are tuned by what people say of their pictures."""

import typer

from adapt_learning.cli import hero_pretrain, hero_run, hero_sample, hero_serve

app = typer.Typer(no_args_is_help=True, help='Tune generators of pictures by feedback.')
app.command('pretrain')(hero_pretrain.pretrain)
app.command('run')(hero_run.run)
app.command('sample')(hero_sample.sample)
app.command('serve')(hero_serve.serve)
