"""`adapt train`: demonstrations in, artifacts out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    passive_threads,
    training_ends,
    verb,
    write_result,
)
from adapt_learning.errors import SettingError


@verb
def train(
    policy: Annotated[str, typer.Argument(help='Name of the policy, e.g. dbc.')],
    data: Annotated[Path, typer.Option(help='Folder of the dataset.')],
    out: Annotated[Path, typer.Option(
        help='Folder of the artifact; with several seeds it gets one folder seed-N each.')],
    task: Annotated[str, typer.Option(
        help="Name of the task; default: that of the data's contract, also where there is no such "
             'task.', show_default=False)] = '',
    seeds: Annotated[str, typer.Option(help='Seeds, trained together: 0,1,2.')] = '0',
    preset: Annotated[str, typer.Option(help='cpu (minutes) or paper (as published).')] = 'cpu',
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting, e.g. network.width=128; '
        'repeatable.', show_default=False)] = None,
    resume: Annotated[bool, typer.Option(
        '--resume', help='Go on with an interrupted run.')] = False,
    overwrite: Annotated[bool, typer.Option(
        '--overwrite', help='Replace the artifact that stands there.')] = False,
    judge: Annotated[bool, typer.Option(
        '--judge', help='Train a diffusion model of the data, too, and tell how expert-like the '
        'actions on held-out states are; dbc has one of its own.')] = False,
    keep_every: Annotated[int, typer.Option(
        min=0, help='Keep an artifact after every so many updates, in OUT.run/step-N.')] = 0,
    json: JsonOption = None,
) -> None:
    """
    Train a policy; writes one artifact per seed, with ONNX model and card.

    Needs no simulator: a held-out tenth of the episodes gives the validation loss and, with a
    diffusion model, expert-likeness.

    Logs (log.jsonl, TensorBoard) and the checkpoint are in OUT.run beside the artifact. Ctrl-C
    saves; the same command with --resume goes on.
    """
    check_json(json)
    numbers = _seeds(seeds)
    passive_threads()
    from adapt_learning.trainers.train import TrainRequest
    from adapt_learning.trainers.train import train as run
    request = TrainRequest(
        policy, task, data, out, datetime.now(UTC).isoformat(timespec='seconds'), numbers, preset,
        tuple(set_ or ()), resume, overwrite, judge, keep_every)
    with training_ends():
        result = run(request)
    write_result(json, result)
    show = console(json).print
    for artifact in (*result.get('steps', ()), *result['artifacts']):
        show(f"{artifact['folder']}: seed {artifact['seed']}, held-out {_judged(artifact)}")
    show(f"trained in {result['train_s']:.0f} s on {result['device']}")


def _judged(artifact: dict[str, Any]) -> str:
    """Say what the held-out episodes tell about one artifact."""
    losses = ', '.join(f'{name.removesuffix("_validation_loss")} {value:.4g}'
                       for name, value in artifact.items() if name.endswith('_validation_loss'))
    unlike = artifact.get('held_out_unlikeness')
    return f'losses: {losses or "none"}' + (
        '' if unlike is None else f'; unlikeness {unlike:.3g} (the demonstrator: 1)')


def _seeds(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(','))
    except ValueError:
        raise SettingError(f"--seeds are whole numbers with commas, as in 0,1,2; got '{text}'"
                           ) from None
