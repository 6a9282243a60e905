"""Table 2.1 of the dissertation and what it leaves out: splits of MNIST, digits, rendered parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from adapt_learning.benchmarks.ac_gan_job import AcGanJob
from adapt_learning.benchmarks.decgan_jobs import DecGanJob, SplitJob
from adapt_learning.benchmarks.facts import facts
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.page import store_page, table
from adapt_learning.generation.decgan.ac_gan import AcGanConfig
from adapt_learning.trainers.report_decgan import measure_table
from adapt_learning.trainers.train_decgan import BACKBONE

TEXT, SWAP = 'dec-GAN, losses of the text', 'dec-GAN, preset swap'
PUBLISHED = MappingProxyType({
    'VAE-GAN': {'pose': (97.44, 'z'), 'identity': (96.94, 'z')},
    'UFDN': {'pose': None, 'identity': (94.31, 'z_c')},
    'dec-GAN': {'pose': (99.74, 'z_a'), 'identity': (98.59, 'z_c')}})
"""Accuracy [%] on CMU Multi-PIE and the code it was read from, dissertation table 2.1."""
PUBLISHED_SPEED = MappingProxyType({'smile': 26 / 6, 'pose': 89 / 13})
"""Minutes of AC-GAN by those of dec-GAN, dissertation 2.1.4."""
SETTINGS = MappingProxyType({
    'mnist': (),
    'digits': ('generator.optimization.steps=600', 'classifier.optimization.steps=400',
               'decomposition.optimization.steps=400'),
    'rendered': ('generator.optimization.steps=2000', 'generator.pixel_weight=10',
                 'generator.kl_weight=1e-4', 'classifier.optimization.steps=300',
                 'decomposition.optimization.steps=800')})
"""
Settings by set of pictures. Rendered pixels are grey, so their cross-entropy differs by little:
with the weights of black and white digits z holds nearly nothing.
"""
SWAP_SETTINGS = MappingProxyType({'rendered': ('decomposition.content_code=24',)})
"""More for the rows of the preset swap. Eight directions are too few for what a part looks like."""


@dataclass(frozen=True)
class Part:
    """One set of pictures and the attribute that is split off."""

    data: str
    attribute: str
    overrides: tuple[str, ...] = ()
    swap_overrides: tuple[str, ...] = ()
    """Of the preset swap, beside the others."""
    rival_config: AcGanConfig = AcGanConfig()
    seeds: int = 1
    """Of the preset swap, on one generator."""
    backbone: str = BACKBONE
    """Of the generator."""

    @property
    def rows(self) -> tuple[DecGanJob, ...]:
        """Return the trainings; all take the generator of the first."""
        text = DecGanJob(self.data, self.attribute, TEXT, self.overrides, backbone=self.backbone)
        stages = tuple(one for one in self.overrides
                       if not one.startswith(('network.', 'generator.')))
        return text, *(DecGanJob(
            self.data, self.attribute, SWAP if not seed else f'{SWAP}, seed {seed}',
            (*stages, *self.swap_overrides), text, self.backbone, 'swap', seed)
            for seed in range(self.seeds))

    @property
    def split(self) -> SplitJob:
        """Return the job that measures them."""
        return SplitJob(self.rows)

    @property
    def rival(self) -> AcGanJob:
        """Return the job that trains an AC-GAN to the level of the second row."""
        return AcGanJob(self.split, self.rows[1], self.rival_config)


@dataclass(frozen=True)
class Table21:
    """The sets of pictures that are tried."""

    name: ClassVar[str] = 'table-2.1'

    parts: tuple[Part, ...]

    def jobs(self) -> list[Job]:
        """Return the jobs whose results are the page."""
        return [job for part in self.parts for job in (part.split, part.rival)]


def table_2_1(mnist: Path | None) -> Table21:
    """Return the table; without MNIST's folder it has the pictures that need no download."""
    parts = [Part('digits', 'digit', SETTINGS['digits']),
             Part('digits', 'digit', SETTINGS['digits'], backbone='res_gan'),
             Part('rendered', 'view', SETTINGS['rendered'], SWAP_SETTINGS['rendered'])]
    if mnist is not None:
        parts.insert(0, Part(f'mnist:{mnist}', 'digit', SETTINGS['mnist'], seeds=2))
    return Table21(tuple(parts))


def write_table(made: Table21, place: Workplace) -> Path:
    """Write table-2.1.json and .md beside the results: every part that is complete."""
    parts = [(part, split['result'], split, part.rival.stored(place)) for part in made.parts
             if _begun(part, place) and (split := part.split.stored(place)) is not None]
    return store_page(place.results.parent, made.name, {
        'table': made.name, 'published': {name: dict(row) for name, row in PUBLISHED.items()},
        'published_speed': dict(PUBLISHED_SPEED),
        'parts': [{**result, 'commands': [row.command for row in part.rows],
                   'seconds': _seconds(part, place), 'ac_gan': rival and rival['result']}
                  for part, result, _, rival in parts]},
        '\n'.join(_markdown(parts, place)))


def _begun(part: Part, place: Workplace) -> bool:
    """Return whether there is any result: without one its pictures need not be read or drawn."""
    return any(place.results.glob(f'{part.split.kind}-{part.split.label}-*.json'))


def _seconds(part: Part, place: Workplace) -> dict[str, dict[str, float]]:
    return {row.title: row.result(place)['seconds'] for row in part.rows}


def _markdown(parts: list[tuple[Part, dict[str, Any], dict[str, Any], dict[str, Any] | None]],
              place: Workplace) -> Iterator[str]:
    yield from ('# Table 2.1: what z, z_c and z_a tell, and what swaps look like', '', _NOTE, '')
    for part, result, stored, rival in parts:
        kind = '' if part.backbone == BACKBONE else f', generator {part.backbone}'
        yield from (f'## {result["data"]}: {result["attribute"]}{kind}', '')
        yield from (*measure_table(result), '')
        yield _judges(result)
        yield ''
        for row in part.rows:
            picture = part.split.pictures(place, row)
            if picture.is_file():
                yield from (f'![{row.title}]({place.results.name}/{picture.name})', '')
        yield from (f'- `{row.command}`' for row in part.rows)
        yield ''
        yield from _speed(part, rival, place)
        yield facts([stored['provenance'], *(row.stored(place)['provenance'] for row in part.rows),
                     *([rival['provenance']] if rival else [])])
        yield ''
    yield from _published()


def _judges(result: dict[str, Any]) -> str:
    told = ', '.join(f'{name} {100 * value:.1f} % of {result["classes"][name]} classes'
                     for name, value in result['judge_accuracy'].items())
    return (f'{result["test_pictures"]} test pictures. The independent classifiers are right about '
            f'them: {told}.')


def _speed(part: Part, rival: dict[str, Any] | None, place: Workplace) -> Iterator[str]:
    if rival is None:
        return
    ours = part.rows[1].result(place)['seconds']
    spent, found = sum(ours.values()), rival['result']
    classes = part.split.result(place)['classes'][part.attribute]
    if max(look[2] for look in found['looks']) < 2 / classes:
        yield ('AC-GAN from scratch collapsed: what it drew was right no more often than by '
               'chance. Nothing follows for the time that one takes.')
        yield ''
        return
    reached = [
        ("the swaps' accuracy", found['seconds']['accuracy']),
        ("the swaps' accuracy and Frechet distance", found['seconds']['both'])]
    told = [f'{aim}: {seconds / spent:.2f} times as long' if seconds is not None
            else f'{aim}: not reached in {found["spent"] / spent:.1f} times as long'
            for aim, seconds in reached]
    yield (f'AC-GAN from scratch, beside classifier and encoders of the second row (processor '
           f'time): {"; ".join(told)}.')
    yield ''


def _published() -> Iterator[str]:
    yield from ('## Dissertation, CMU Multi-PIE', '')
    yield from table(('method', 'pose', 'identity'), (
        (name, *('-' if row[key] is None else f'{row[key][0]:.2f} ({row[key][1]})'
                 for key in ('pose', 'identity'))) for name, row in PUBLISHED.items()))
    yield (f'Five poses, 249 identities. AC-GAN took {PUBLISHED_SPEED["smile"]:.1f} (smile) and '
           f'{PUBLISHED_SPEED["pose"]:.1f} (pose) times as long as dec-GAN; to what level it was '
           'trained is not said.')
    yield ''


_NOTE = """\
Shares in percent. *A from z*: what a two-layer classifier tells of A from a code of test pictures;
it learnt on pictures to learn from. *A from z_c* with A the attribute is leakage: chance is best.
*swap*: of pairs of test pictures that differ in the attribute, drawn with the content of one and
the attribute of the other, what independent classifiers see. *content*: by how much a swap differs
from the rebuilt donor, as a share of what both rebuilt pictures differ; 0 where content does
nothing, so that a swap draws the donor. *L1*: mean difference of rebuilt pixels in 0..1.
*Frechet*: distance of swapped to real pictures in features of the independent classifier. *No
split* is z of the generator's own encoder: its L1 is that of the generator. *Linear discriminant*
projects that z, *moments of classes* asks the classifier as well; neither trains anything. In
grids of swaps columns have one content, rows one attribute; the diagonal is rebuilt.
"""
