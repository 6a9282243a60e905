"""`adapt data corrupt`: pollute good demonstrations on purpose."""

from pathlib import Path
from typing import Annotated

import typer

from adapt_learning.cli.common import (
    JsonOption,
    check_json,
    console,
    verb,
    write_result,
)


@verb
def corrupt(
    folder: Annotated[Path, typer.Argument(help='Folder of a clean dataset.')],
    kind: Annotated[str, typer.Option(
        help='gaussian, dropout, spike, stuck, bias, shift, jitter or latency.')],
    out: Annotated[Path, typer.Option(help='Folder of the polluted dataset.')],
    p: Annotated[float, typer.Option(help='Share of the rows of each side that is spoilt.')] = 0.2,
    sigma: Annotated[float, typer.Option(
        help='Size of the noise, in standard deviations of each element.')] = 1.0,
    seed: Annotated[int, typer.Option(help='Same seed, same pollution.')] = 0,
    sides: Annotated[str, typer.Option(
        help='What is polluted: state, action or state,action.')] = 'state,action',
    json: JsonOption = None,
) -> None:
    """
    Write a polluted copy that also says which rows are polluted.

    For experiments: what a filter finds and a restorer mends can be compared with the truth.
    """
    from adapt_learning.data import load_dataset, save_dataset
    from adapt_learning.data.outputs import check_output
    from adapt_learning.data.pollution import column
    from adapt_learning.data.pollution import corrupt as run
    from adapt_learning.data.reader import FolderIndex
    from adapt_learning.data.videos import take_over
    check_json(json)
    check_output(out, [folder])
    chosen = tuple(side.strip() for side in sides.split(',') if side.strip())
    dataset = run(load_dataset(folder), kind, p, sigma, seed, chosen)
    videos, note = take_over(FolderIndex.read(folder), [len(episode) for episode in dataset])
    save_dataset(out, dataset, videos)
    shares = {side: sum(int(e.extras[column(side)].sum()) for e in dataset) / dataset.steps
              for side in ('state', 'action')}
    write_result(json, {'folder': str(out), 'hash': dataset.hash, 'pairs': dataset.steps,
                        'note': note, 'polluted': shares, **dataset.meta['pollution']})
    console(json).print(
        f'{dataset.steps} pairs in {out}: {shares["state"]:.1%} of the states and '
        f'{shares["action"]:.1%} of the actions are polluted ({kind}, hash {dataset.hash})')
    if note:
        console(json).print(f'- {note}')
