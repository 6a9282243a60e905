"""`adapt doctor`: what works on this machine, what is missing, and the command that mends it."""

from typing import Annotated

import typer

from adapt_learning.cli.common import FAILED, JsonOption, check_json, console, verb, write_result


@verb
def doctor(
    render: Annotated[bool, typer.Option(help='Try to render a picture.')] = True,
    ros: Annotated[bool, typer.Option(help='Try a ROS publish and subscribe.')] = True,
    json: JsonOption = None,
) -> None:
    """Check versions, middleware, rendering, disk; exit code 1 if a needed thing is missing."""
    from rich.table import Table
    from rich.text import Text

    from adapt_learning.evaluation.doctor import MISSING, OK, examine
    check_json(json)
    findings = examine(render=render, ros=ros)
    missing = [finding for finding in findings if finding.state == MISSING]
    write_result(json, {
        'healthy': not missing,
        'findings': [{'name': f.name, 'state': f.state, 'detail': f.detail, 'mend': f.mend}
                     for f in findings]})
    table = Table(title='adapt doctor')
    for name in ('what', 'state', 'detail', 'mend with'):
        table.add_column(name, overflow='fold')
    for f in findings:
        colour = {OK: 'green', MISSING: 'red'}.get(f.state, 'yellow')
        table.add_row(f.name, Text(f.state, style=colour), f.detail, f.mend)
    out = console(json)
    out.print(table)
    if missing:
        out.print(f'{len(missing)} needed things are missing: '
                  + ', '.join(finding.name for finding in missing))
        raise typer.Exit(FAILED)
