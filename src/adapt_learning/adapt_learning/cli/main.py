"""The `adapt` command."""

import typer

from adapt_learning.cli import (
    bench,
    collect,
    data,
    doctor,
    evaluate,
    expert,
    export,
    gait,
    hero,
    inspect,
    restore,
    train,
)

app = typer.Typer(
    name='adapt', no_args_is_help=True, pretty_exceptions_enable=False,
    context_settings={'help_option_names': ['-h', '--help']},
    help='Learning from demonstrations: collect, judge, restore, train, evaluate. '
         'Exit codes: 0 done, 1 failed, 2 your input, 130 interrupted.')

app.command('collect')(collect.collect)
app.command('restore')(restore.restore)
app.command('train')(train.train)
app.command('export')(export.export)
app.command('eval')(evaluate.evaluate)
app.command('expert')(expert.expert)
app.command('gait')(gait.gait)
app.command('doctor')(doctor.doctor)
app.add_typer(data.app, name='data')
app.add_typer(bench.app, name='bench')
app.add_typer(inspect.app, name='inspect')
app.add_typer(hero.app, name='hero')


def main() -> None:
    """Run the command line; exits with its code."""
    app(prog_name='adapt')


if __name__ == '__main__':
    main()
