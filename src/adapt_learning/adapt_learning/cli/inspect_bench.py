"""`adapt inspect bench`: detectors against surfaces that they have not seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapt_learning.cli.common import JobsOption, JsonOption, check_json, passive_threads, verb
from adapt_learning.cli.tables import (
    CACHE,
    OUT,
    BackendOption,
    CacheOption,
    OutOption,
    finish,
    one_of,
    run_table,
    workplace,
)
from adapt_learning.errors import SettingError

if TYPE_CHECKING:
    from adapt_learning.benchmarks.inspect_bench import Contender, InspectBench
    from adapt_learning.benchmarks.inspect_domains import DomainSource

WeightsOption = Annotated[list[str] | None, typer.Option(
    '--weights', help='BACKBONE=FILE, or the FILE of --backbone; may be given for several.')]

_FIXED = ':fixed'
"""Behind a detector: references as they are."""


@verb
def bench(
    domains: Annotated[Path | None, typer.Option(
        help='Folder of surfaces in the layout of MVTec-AD.')] = None,
    held_out: Annotated[bool, typer.Option(
        '--held-out', help='Instead: a procedural surface of each held-out family.')] = False,
    detectors: Annotated[str, typer.Option(
        help='Detectors to train here, as in nearest_patch,meta_comparer:mobilenet_v2; :fixed '
        'behind one: its references are taken as they are.')] = '',
    detector: Annotated[list[str] | None, typer.Option(
        help='Folder of a detector, or name of a shipped one; may be given several times, and with '
        ':fixed, too. Default, '
        'without --detectors: surface_detector beside nearest_patch:adapt_small.')] = None,
    backbone: Annotated[str, typer.Option(
        help='Backbone of those of --detectors that name none.')] = 'mobilenet_v2',
    weights: WeightsOption = None,
    references: Annotated[str, typer.Option(
        help='Numbers of references, with commas; all: all good pictures.')] = '1,4,8,25',
    seeds: Annotated[int, typer.Option(min=1, help='Draws of references.')] = 3,
    pictures: Annotated[int, typer.Option(
        min=1, help='Most good, and most defective test pictures of a surface.')] = 80,
    false_reject: Annotated[float, typer.Option(
        help='Share of good parts that may be refused, above 0 and below 1.')] = 0.01,
    sources: Annotated[str, typer.Option(
        help='What is learnt from besides procedural surfaces: none, or others (of --domains).',
    )] = 'none',
    surfaces: Annotated[int, typer.Option(
        min=0, help='Procedural surfaces of each training family to learn from.')] = 5,
    changes: Annotated[list[str] | None, typer.Option(
        '--set', help='KEY=VALUE of those that learn, as in training.queries=16.')] = None,
    train_seed: Annotated[int, typer.Option(min=0, help='Seed of the trainings.')] = 0,
    name: Annotated[str, typer.Option(
        help='Of the page; default: inspection, inspection-held-out, or table-1.1 (MVTec-AD).',
    )] = '',
    jobs: JobsOption = None,
    backend: BackendOption = 'loky',
    out: OutOption = OUT,
    cache: CacheOption = CACHE,
    json: JsonOption = None,
) -> None:
    """
    Try detectors on surfaces that they have not seen, by the number of references.

    Leave one surface out: AUROC of pictures and pixels, AUPRO, F1 and false rejects.
    """
    check_json(json)
    passive_threads()
    from adapt_learning.benchmarks import inspect_bench as module
    from adapt_learning.benchmarks import inspect_page
    from adapt_learning.benchmarks.inspect_job import options_of
    from adapt_learning.inspection.detector import SHIPPED_DETECTOR
    if (domains is None) == (not held_out):
        raise SettingError('give either --domains DIR or --held-out')
    one_of('--sources', sources, module.SOURCES)
    if held_out and sources != 'none':
        raise SettingError('families that are held out are never learnt from: --held-out goes with '
                           '--sources none')
    if name and not name.replace('-', '').replace('_', '').isalnum():
        raise SettingError(f'--name is made of letters, digits, - and _; got {name}')
    files = weights_of(weights or [], backbone)
    targets = _targets(domains, pictures)
    counts = counts_of(references)
    if not detectors and not detector:
        detectors, detector = 'nearest_patch:adapt_small', [SHIPPED_DETECTOR]
    contenders = _contenders(targets, detectors, detector or [], backbone, files,
                             sources, surfaces, tuple(changes or ()), train_seed)
    made = module.InspectBench(
        targets, contenders, counts, seeds, pictures, false_reject,
        _distance(targets, backbone, files), '', '')
    what = '--held-out' if domains is None else f'--domains {domains.resolve().name}'
    made = _named(made, name, ' '.join((
        'adapt inspect bench', what,
        *dict.fromkeys(option for one in contenders
                       for option in options_of(one.detectors[0], one.turned)),
        f'--references {references} --seeds {seeds} --pictures {pictures} --false-reject '
        f'{false_reject:g}', *([f'--name {name}'] if name else []))))
    place = workplace(out / module.NAME, cache)
    run_table(made.name, made.jobs(), place, jobs, backend)
    finish(inspect_page.write_page(made, place), json)


def counts_of(text: str) -> tuple[int, ...]:
    """Return the numbers of an option like 1,4,all; 0 stands for all."""
    try:
        counts = tuple(0 if part.strip() == 'all' else int(part) for part in text.split(','))
    except ValueError:
        counts = ()
    if not counts or len(set(counts)) != len(counts) or min(counts) < 0 or (
            0 in counts and 'all' not in text):
        raise SettingError('--references are different numbers from 1 up, or all, with commas; got '
                           f'{text}')
    return counts


def weights_of(given: list[str], backbone: str) -> dict[str, Path]:
    """Return {backbone: file}; SettingError for two files of one, ArtifactError for none."""
    from adapt_learning import catalog
    from adapt_learning.benchmarks.inspect_detectors import weights_hash
    found: dict[str, Path] = {}
    for one in given:
        before, equals, after = one.partition('=')
        name, path = (before, Path(after)) if equals else (backbone, Path(one))
        catalog.load('backbone', name)
        if name in found:
            raise SettingError(f'--weights names {name} twice: {found[name]} and {path}')
        weights_hash(path.absolute())
        found[name] = path.absolute()
    return found


def _targets(domains: Path | None, pictures: int) -> tuple['DomainSource', ...]:
    from adapt_learning.benchmarks.inspect_domains import folder_domains, held_out_domains
    return held_out_domains(pictures) if domains is None else folder_domains(domains)


def _contenders(targets: tuple['DomainSource', ...], names: str, folders: list[str],
                backbone: str, files: dict[str, Path], sources: str, surfaces: int,
                changes: tuple[str, ...], seed: int) -> tuple['Contender', ...]:
    from adapt_learning import catalog
    from adapt_learning.benchmarks.inspect_bench import contender_of
    from adapt_learning.benchmarks.inspect_detectors import (
        DetectorJob,
        GivenDetector,
    )
    from adapt_learning.inspection.detector import detector_folder
    found = []
    for one in names.split(',') if names else ():
        one, turned = _as_asked(one.strip())
        name, _, own = one.partition(':')
        kind = catalog.load('detector', name)
        catalog.load('backbone', own or backbone)
        found.append(contender_of(DetectorJob(
            name, own or backbone, files.get(own or backbone), (), surfaces,
            changes if kind.learns() else (), seed), targets, sources, turned))
    for folder in folders:
        folder, turned = _as_asked(folder)
        found.append(contender_of(GivenDetector(detector_folder(folder).absolute()), targets,
                                  turned=turned))
    return tuple(found)


def _as_asked(detector: str) -> tuple[str, bool]:
    """Return a detector without :fixed, and whether its references are turned."""
    return detector.removesuffix(_FIXED), not detector.endswith(_FIXED)


def _distance(targets: tuple['DomainSource', ...], backbone: str, files: dict[str, Path]):
    """Return the job of the distances; None for one surface, or without a file of weights."""
    from adapt_learning import catalog
    from adapt_learning.benchmarks.domain_distance import DistanceJob
    from adapt_learning.detectors.backbone import weights_file
    chosen = next((one for one in (backbone, 'mobilenet_v2') if one in files), 'adapt_small')
    found = weights_file(catalog.load('backbone', chosen), files.get(chosen))
    if found is None or len(targets) < 2:
        return None
    return DistanceJob(targets, chosen, found)


def _named(made: 'InspectBench', name: str, command: str) -> 'InspectBench':
    from dataclasses import replace

    from adapt_learning.benchmarks import inspect_bench as module
    from adapt_learning.benchmarks.inspect_domains import SurfaceJob
    usual = (module.TABLE_1_1 if made.is_table_1_1 else
             module.HELD_OUT if isinstance(made.domains[0], SurfaceJob) else module.NAME)
    return replace(made, name=name or usual, command=command)
