"""`adapt data import` and `adapt data export`: data of other programs."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli.common import JsonOption, check_json, console, progress, verb, write_result

if TYPE_CHECKING:
    from adapt_learning.formats.convert import Imported


@verb
def import_(
    sources: Annotated[list[Path], typer.Argument(
        metavar='SOURCE...', help='Files or folders; bags may be several.')],
    out: Annotated[Path, typer.Option(help='Folder of the new dataset.')],
    format: Annotated[str, typer.Option(
        help='auto, bags, robomimic, minari, pt or lerobot.')] = 'auto',
    contract: Annotated[str | None, typer.Option(
        help='Contract (name or file); default: the one in the data, else one is derived.')] = None,
    map: Annotated[list[str] | None, typer.Option(
        metavar='OURS=THEIRS', help='Which array is which; repeatable. observation and action are '
                                    'the whole vectors.')] = None,
    rate_hz: Annotated[float | None, typer.Option(
        help='Rate, where the data do not say it.')] = None,
    task: Annotated[str, typer.Option(
        help='What was to be done, where the data do not say it.')] = '',
    videos: Annotated[bool, typer.Option(help='Keep the pictures of cameras.')] = True,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE',
        help='Setting of one format: mask (robomimic); namespace, episode_topic (bags).')] = None,
    json: JsonOption = None,
) -> None:
    """
    Bring data of other programs into a dataset folder (LeRobot v3.0); the input is only read.

    Nothing is written unless everything could be read.
    """
    from adapt_learning.formats.base import ReadOptions
    from adapt_learning.formats.convert import import_data
    from adapt_learning.frames import load_contract
    check_json(json)
    options = ReadOptions(
        contract=load_contract(contract) if contract else None, mapping=_pairs('--map', map),
        rate_hz=rate_hz, task=task, videos=videos, settings=_pairs('--set', set_))
    with ExitStack() as bars:
        shown: list = []

        def show(done: int, total: int | None) -> None:
            if total and not shown:  # known when the files are open
                shown.append(bars.enter_context(progress('import', total)))
            if shown:
                shown[0](done, '')
        made = import_data(sources, out, format, options, show)
    write_result(json, {
        'folder': str(out), 'hash': made.hash, 'format': made.format, 'episodes': made.episodes,
        'steps': made.steps, 'contract': made.contract.name, 'rate_hz': made.contract.rate_hz,
        'not_finite_rows': made.not_finite, 'notes': list(made.notes)} | dict(made.facts))
    _say(made, out, json)


@verb
def export(
    folder: Annotated[Path, typer.Argument(metavar='DIR', help='Folder of a dataset.')],
    format: Annotated[str, typer.Option(help='robomimic, minari, pt or lerobot.')],
    out: Annotated[Path, typer.Option(help='New file (robomimic, pt) or folder.')],
    contract: Annotated[str | None, typer.Option(
        help='Contract (name or file) of a dataset that another program wrote.')] = None,
    json: JsonOption = None,
) -> None:
    """Write a dataset in the form of another program; what that cannot hold is said."""
    from adapt_learning import catalog
    from adapt_learning.formats.convert import export_data
    from adapt_learning.frames import load_contract
    check_json(json)
    lost = list(catalog.load('format', format).cannot_hold)
    export_data(folder, out, format, load_contract(contract) if contract else None)
    write_result(json, {'out': str(out), 'format': format, 'lost': lost})
    console(json).print(f'{out} written' + (f'; this form cannot hold: {", ".join(lost)}'
                                            if lost else ''))


def _say(made: 'Imported', out: Path, json: str | None) -> None:
    screen = console(json)
    screen.print(f'{made.episodes} episodes, {made.steps} pairs in {out} (hash {made.hash}, '
                 f"contract '{made.contract.name}', {made.contract.rate_hz:g} Hz)")
    if timing := made.facts.get('timing'):
        screen.print(
            f'- {timing["frames"]} frames at {timing["true_rate_hz"]:.2f} Hz (contract '
            f'{timing["contract_rate_hz"]:g} Hz), {timing["missed"]} instants without a frame, '
            f'{timing["unanswered"]} frames without a command left out; longest gap '
            f'{timing["longest_gap_s"]:.3f} s, worst latency {timing["worst_latency_s"]:.3f} s')
    if made.not_finite:
        screen.print(f'- {made.not_finite} rows hold NaN or infinity; `adapt data report` says '
                     'where')
    for note in made.notes:
        screen.print(f'- {note}')


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    from adapt_learning.errors import SettingError
    found = {}
    for text in texts or ():
        key, equals, value = text.partition('=')
        if not equals or not key or not value:
            raise SettingError(f'{option} is written KEY=VALUE; got {text!r}')
        if key in found:
            raise SettingError(f'{option} gives {key!r} twice')
        found[key] = value
    return found
