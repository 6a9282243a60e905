"""How many pictures per second detectors judge, beside PatchCore on the same backbone.

Processor time of one thread, everybody in turns. PatchCore runs twice: in PyTorch, as it is
published, and exported to ONNX, as our detectors are; only the second is like with like.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.benchmarks.anomalib_patchcore import (
    BANK,
    NETWORK,
    NETWORKS,
    AnomalibPatchCore,
)
from adapt_learning.benchmarks.inference_time import inference_seconds
from adapt_learning.benchmarks.inspect_detectors import DetectorJob, GivenDetector
from adapt_learning.benchmarks.inspection_contenders import (
    ANOMALIB,
    DETECTOR,
    PATCHCORE,
    PATCHCORE_EXPORTED,
    Speeder,
    memory_kb,
    opened,
    write_bank,
)
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.machine import machine
from adapt_learning.benchmarks.page import store_page, table
from adapt_learning.inspection import Inspector
from adapt_learning.inspection.pictures import to_input
from adapt_learning.surfaces import Surface
from adapt_learning.trainers.provenance import code_version

NAME = 'inspection_speed'
SURFACE = 'granite'
REFERENCES = 8
_INPUT_PX = 256
_MEMORY_PICTURES = 8


def measure(place: Workplace, given: Sequence[Path], weights: Mapping[str, Path],
            pictures: int = 60, command: str = '',
            say: Callable[[str], None] = lambda text: None,
            anomalib: Path | None = None) -> dict[str, Any]:
    """
    Return speed, memory and size of every contender.

    `given`: folders of detectors; `weights`: {backbone: file}, each with nearest_patch (its own
    core-set, and PatchCore's share) and PatchCore; `anomalib`: a python that has it, whose
    PatchCore takes part. `pictures` are judged by everybody in turns.
    """
    surface = Surface(SURFACE, 0, _INPUT_PX)
    references = [surface.good(i) for i in range(REFERENCES)]
    views = [to_input(surface.good(REFERENCES + i), _INPUT_PX) for i in range(pictures)]
    with tempfile.TemporaryDirectory(dir=place.cache) as folder:
        contenders = [
            *(_detector(GivenDetector(path).title, path, references, Path(folder), i)
              for i, path in enumerate(given)),
            *(one for backbone, file in weights.items()
              for one in _of_backbone(place, backbone, file, references, Path(folder), say))]
        for backbone in _of_anomalib(weights, anomalib):
            say(f'core-set of anomalib, {backbone}')
            contenders.append(_anomalib(anomalib, backbone, references, Path(folder)))
        say('judging in turns')
        judges = [opened(one) for one in contenders]
        seconds = inference_seconds(judges, views)
        for one, judge in zip(contenders, judges, strict=True):
            if one.kind == ANOMALIB:
                judge.close()
        stored = Path(folder) / 'pictures.npy'
        np.save(stored, np.stack(views[:_MEMORY_PICTURES]))
        rows = []
        for one, each in zip(contenders, seconds, strict=True):
            say(f'memory of {one.title}')
            rows.append(_row(one, each, memory_kb(one, stored)))
    against = [i for i, one in enumerate(contenders) if one.kind != DETECTOR]
    for row, each in zip(rows, seconds, strict=True):
        row['times'] = {contenders[i].title: _times(seconds[i], each) for i in against}
    return {'command': command, 'surface': SURFACE, 'references': REFERENCES,
            'pictures': pictures, 'size_px': _INPUT_PX, 'rows': rows,
            'code_version': code_version(), **machine()}


def parts(weights: Mapping[str, Path], given: int, anomalib: Path | None = None) -> int:
    """Return how often `measure` calls `say`."""
    return 6 * len(weights) + 2 * len(_of_anomalib(weights, anomalib)) + given + 1


def write(result: dict[str, Any], folder: Path) -> Path:
    """Write inspection_speed.json and .md; return the latter."""
    return store_page(folder, NAME, result, '\n'.join(_markdown(result)) + '\n')


def _detector(title: str, model: Path, references: Sequence[np.ndarray], folder: Path,
              number: int, limit: int | None = None) -> Speeder:
    inspector = Inspector(model)
    bank = inspector.bank(references, **({} if limit is None else {'limit': limit}))
    return Speeder(title, DETECTOR, str(model),
                   write_bank(folder / f'bank-{model.name}-{number}.npz', bank.levels))


def _of_backbone(place: Workplace, backbone: str, weights: Path,
                 references: Sequence[np.ndarray], folder: Path,
                 say: Callable[[str], None]) -> list[Speeder]:
    import torch

    from adapt_learning import catalog
    from adapt_learning.benchmarks.patchcore import CORESET, PatchCore, fit
    from adapt_learning.detectors.backbone import load_weights
    from adapt_learning.trainers.export import to_onnx
    say(f'exporting for {backbone}')
    job = DetectorJob('nearest_patch', backbone, weights)
    if not job.has_product(place):
        job.run(place)
    network = catalog.load('backbone', backbone)()
    load_weights(network, weights)
    model = PatchCore(network, _INPUT_PX).eval()
    views = [to_input(picture, _INPUT_PX) for picture in references]
    rows = fit(model, views)
    bank = write_bank(folder / f'patchcore-{backbone}.npz', [rows])
    exported = folder / f'patchcore-{backbone}.onnx'
    exported.write_bytes(to_onnx(
        model, [torch.from_numpy(views[0])[None], torch.from_numpy(rows)], ['image', 'bank'],
        ['map', 'score'], (None, None)).SerializeToString())
    say(f'banks of {backbone}')
    detector = job.folder(place)
    return [
        _detector(job.title, detector, references, folder, 0),
        _detector(f'{job.title}, {CORESET:.0%} core-set', detector, references, folder, 1,
                  len(rows)),
        Speeder(f'PatchCore in PyTorch, {backbone}', PATCHCORE, str(weights), bank, backbone),
        Speeder(f'PatchCore exported, {backbone}', PATCHCORE_EXPORTED, str(exported), bank)]


def _of_anomalib(weights: Mapping[str, Path], anomalib: Path | None) -> list[str]:
    """Return the backbones that anomalib has as well."""
    return [name for name in weights if anomalib is not None and name in NETWORKS]


def _anomalib(python: Path, backbone: str, references: Sequence[np.ndarray],
              folder: Path) -> Speeder:
    folder = folder / f'anomalib-{backbone}'
    AnomalibPatchCore(python, backbone, folder, _INPUT_PX,
                      [to_input(picture, _INPUT_PX) for picture in references]).close()
    return Speeder(f'PatchCore of anomalib, {backbone}', ANOMALIB, str(folder / NETWORK),
                   str(folder / BANK), backbone, python=str(python))


def _row(one: Speeder, seconds: np.ndarray, memory: int) -> dict[str, Any]:
    low, median, high = np.quantile(seconds, (0.1, 0.5, 0.9))
    levels = one.bank_levels
    return {
        'title': one.title, 'pictures_per_s': round(1 / float(median), 2),
        'ms': {'median': round(1e3 * float(median), 2), 'p10': round(1e3 * float(low), 2),
               'p90': round(1e3 * float(high), 2)},
        'memory_mb': round(memory / 1024, 1), 'file_bytes': one.file_bytes,
        'bank_bytes': sum(level.nbytes for level in levels),
        'bank_rows': [len(level) for level in levels]}


def _times(theirs: np.ndarray, ours: np.ndarray) -> dict[str, float]:
    """Return how many times as fast as the other, picture by picture: median, 10 and 90 %."""
    low, median, high = np.quantile(theirs / ours, (0.1, 0.5, 0.9))
    return {'median': round(float(median), 2), 'p10': round(float(low), 2),
            'p90': round(float(high), 2)}


def _markdown(result: dict[str, Any]):
    size, against = result['size_px'], list(result['rows'][0]['times'])
    yield '# Speed of inspection\n'
    yield f'Made by `{result["command"]}`; nothing is typed by hand.\n'
    yield (f'{result["pictures"]} pictures of {size} x {size} pixels, recipe of '
           f'{result["references"]} references (a drawn surface, {result["surface"]}). Processor '
           'time of one thread, everybody in turns; *times* is the median of the ratios picture '
           'by picture (10..90 %), above 1 where the row is faster. Memory: how much a process '
           'grows from an interpreter with numpy to its peak while it judges; file: the model '
           'without the bank.\n')
    yield ('PatchCore is written here, plainly, as published (the two coarser levels of the '
           'backbone, core-set of 10 %, re-weighting of eq. 7, smoothed map). *In PyTorch* is how '
           'it is published, *exported* runs in onnxruntime like our detectors, which is like '
           'with like. *Of anomalib*: its own, in PyTorch and a process of its own, with the '
           "same levels of timm's network of that name and weights drawn at random.\n")
    titles = ['detector', 'pictures/s', 'ms (10..90 %)', *(f'times {one}' for one in against),
              'bank rows', 'bank [kB]', 'memory [MB]', 'file [kB]']
    yield from table(titles, (_shown(row, against) for row in result['rows']))
    packages = result['packages']
    yield (f'{result["cores"]} cores ({result["processor"]}), torch {packages["torch"]}, '
           f'onnxruntime {packages["onnxruntime"]}; code {result["code_version"]}.')


def _shown(row: dict[str, Any], against: Sequence[str]) -> list[str]:
    ms = row['ms']
    return [
        row['title'], f'{row["pictures_per_s"]:.1f}',
        f'{ms["median"]:.1f} ({ms["p10"]:.1f}..{ms["p90"]:.1f})',
        *('{median:.2f} ({p10:.2f}..{p90:.2f})'.format(**row['times'][one]) for one in against),
        ', '.join(map(str, row['bank_rows'])), f'{row["bank_bytes"] / 1e3:.0f}',
        f'{row["memory_mb"]:.0f}', f'{row["file_bytes"] / 1e3:.0f}']
