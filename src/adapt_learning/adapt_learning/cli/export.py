"""`adapt export`: a trained policy once more, with other settings of its inference."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import JsonOption, check_json, console, verb, write_result


@verb
def export(
    artifact: Annotated[Path, typer.Argument(help='Folder of a trained policy.')],
    out: Annotated[Path, typer.Option(help='Folder of the new artifact.')],
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting of inference, e.g. '
        'inference_steps=5; repeatable.', show_default=False)] = None,
    overwrite: Annotated[bool, typer.Option(
        '--overwrite', help='Replace the artifact that stands there.')] = False,
    json: JsonOption = None,
) -> None:
    """
    Export a trained policy again with other settings of its inference; the weights stay.

    Which settings those are the policy says: steps, sampler, noise, executed actions of a chunk.
    """
    check_json(json)
    from adapt_learning.trainers.derive import derive
    made = derive(artifact, out, tuple(set_ or ()), overwrite)
    chunk = made.manifest.chunk or {'length': 1, 'executed': 1}
    write_result(json, {'folder': str(out), 'config': dict(made.manifest.config), 'chunk': chunk})
    console(json).print(f'{out}: {made.manifest.name} with '
                        f'{", ".join(set_ or ()) or "the settings it had"}')
