"""`adapt inspect train` and `distil`: detectors, and a backbone that may be shipped."""

from pathlib import Path
from typing import Annotated

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

ResumeOption = Annotated[bool, typer.Option(
    '--resume', help='Go on with an interrupted run.')]
WeightsOption = Annotated[Path | None, typer.Option(
    help="The backbone's weights (.safetensors, or torchvision's .pth); default: those that ship "
    '(adapt_small), or download them.',
    show_default=False)]


@verb
def train(
    out: Annotated[Path, typer.Option(help='Folder of the new detector.')],
    sources: Annotated[list[Path] | None, typer.Option(
        help='Folder of a surface to learn from, laid out like MVTec-AD, or of such folders; '
        'repeatable.',
        show_default=False)] = None,
    target: Annotated[Path | None, typer.Option(
        help='Surface that the detector is for: it is left out of the sources.',
        show_default=False)] = None,
    detector: Annotated[str, typer.Option(
        help='fused, meta_comparer or nearest_patch (which learns nothing).')] = 'fused',
    backbone: Annotated[str, typer.Option(
        help='adapt_small, mobilenet_v2 or resnet18.')] = 'adapt_small',
    weights: WeightsOption = None,
    surfaces: Annotated[int, typer.Option(
        min=0, help='Procedural surfaces of each training family; 0: none.')] = 5,
    seed: Annotated[int, typer.Option(min=0, help='Same seed, same detector.')] = 0,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting, e.g. detector.comparer.mode=max or '
        'training.queries=8; repeatable.', show_default=False)] = None,
    resume: ResumeOption = False,
    json: JsonOption = None,
) -> None:
    """
    Train a detector on other surfaces than those it is for; `adapt inspect fit` does the rest.

    Learns to compare, from labels of whole pictures: good in train/good and test/good, defective in
    test/KIND. Log and checkpoint are in OUT.run. Ctrl-C saves; the same command with --resume goes
    on.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.trainers.train_detector import DetectorRequest, train_detector
    request = DetectorRequest(
        detector, backbone, out, weights, tuple(sources or ()), surfaces, tuple(set_ or ()), seed,
        target=target, resume=resume)
    with training_ends():
        done = train_detector(request)
    write_result(json, done)
    losses = done.get('last_losses', {})
    console(json).print(f'{out}: {detector} on {backbone}' + ''.join(
        f', {name} {value:.3f}' for name, value in losses.items()))


@verb
def distil(
    out: Annotated[Path, typer.Option(help='Folder of the new backbone.')],
    teacher: Annotated[str, typer.Option(
        help='Backbone whose features are learnt.')] = 'mobilenet_v2',
    weights: WeightsOption = None,
    surfaces: Annotated[int, typer.Option(
        min=1, help='Surfaces to draw of each family of the training half.')] = 12,
    photos: Annotated[Path | None, typer.Option(
        help='Folder of photographs, half of what is looked at; default: the two of scikit-learn.',
        show_default=False)] = None,
    seed: Annotated[int, typer.Option(min=0, help='Same seed, same surfaces.')] = 0,
    set_: Annotated[list[str] | None, typer.Option(
        '--set', metavar='KEY=VALUE', help='Change one setting, e.g. optimization.steps=5000; '
        'repeatable.', show_default=False)] = None,
    resume: ResumeOption = False,
    json: JsonOption = None,
) -> None:
    """
    Teach adapt_small the features of a larger backbone, on drawn surfaces and photographs.

    Log and checkpoint are in OUT.run. Ctrl-C saves; the same command with --resume goes on.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.trainers.distil_backbone import DistilRequest, distil_backbone
    request = DistilRequest(out, teacher, weights, surfaces, tuple(set_ or ()), seed, resume,
                            photos)
    with training_ends():
        done = distil_backbone(request)
    write_result(json, {'folder': str(out), **done})
    console(json).print(f'{out}: adapt_small, '
                        + ', '.join(f'{k} {v:.3f}' for k, v in done['last_losses'].items()))
