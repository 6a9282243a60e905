"""What pictures of a fine-tuned generator are worth to `adapt inspect`: an arm per training set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from adapt_learning.benchmarks.generated_surface import GeneratedSurfaceJob
from adapt_learning.benchmarks.hero_job import HeroJob
from adapt_learning.benchmarks.inspect_bench import Contender, Draws, InspectBench, Results
from adapt_learning.benchmarks.inspect_detectors import DetectorJob
from adapt_learning.benchmarks.inspect_domains import DomainSource
from adapt_learning.benchmarks.inspect_page import shown
from adapt_learning.benchmarks.job import Job, Workplace
from adapt_learning.benchmarks.page import store_page, table
from adapt_learning.errors import SettingError
from adapt_learning.surfaces import training_families

NAME = 'hero-inspection'
RULE = 'holed_wood'
_NOTE = """\
An inspection engineer (the hidden rule `{rule}`, without errors) answered for pictures of
`{prompt}`, as in [hero.md](hero.md). Then {count} new pictures of it, and {count} of `{good}` from
the pretrained model, the same in all arms, are one further surface that the meta-comparer of a
`{detector}` detector learns from. Labels are what the prompts say: nobody sorts them. *Drawn
surfaces*: how many procedural surfaces it learns from beside. Image AUROC at {references}
references; trainings per arm: {trainings}, draws of references per training: {draws} (the same in
all arms), test pictures of a surface: at most {pictures} good and as many defective. *Against*:
difference to the arm named. Intervals: 95 % t, over trainings and draws.
"""


class Arm(NamedTuple):
    """A training set."""

    title: str
    drawn: bool
    """Whether there are procedural surfaces."""
    method: str | None
    """Of `adapt bench hero`, whose pictures are learnt from; None: no pictures."""
    against: str


ARMS = {
    'drawn': Arm('drawn surfaces alone', True, None, ''),
    'drawn_pretrained': Arm('with pictures of the pretrained generator', True, 'pretrained',
                            'drawn'),
    'drawn_hero': Arm('with pictures after HERO', True, 'hero', 'drawn'),
    'pretrained': Arm('pictures of the pretrained generator alone', False, 'pretrained', ''),
    'hero': Arm('pictures after HERO alone', False, 'hero', 'pretrained'),
}


@dataclass(frozen=True)
class ArmDetectorJob(DetectorJob):
    """A detector of an arm; it says by which command it is made."""

    arm: str = 'drawn'

    @property
    def label(self) -> str:
        """Return e.g. hero_arm-drawn_hero-0."""
        return f'hero_arm-{self.arm}-{self.seed}'

    @property
    def tried_by(self) -> str:
        """Return the command that trains and tries it."""
        return f'adapt bench {NAME}'

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options of that command that it follows from."""
        return (f'--arms {self.arm}', f'--trainings {self.seed + 1}',
                *(f'--set {one}' for one in self.overrides))


@dataclass(frozen=True)
class HeroInspection:
    """Arms by trainings, tried on surfaces."""

    pipeline: Path
    weights: Path
    """Of the backbone adapt_small."""
    domains: tuple[DomainSource, ...]
    arms: tuple[str, ...] = tuple(ARMS)
    trainings: int = 2
    surfaces: int = 1
    """Procedural surfaces per training family."""
    count: int = 100
    """Generated pictures of each kind."""
    references: int = 8
    draws: int = 2
    pictures: int = 40
    overrides: tuple[str, ...] = ()
    """Of detector and training."""
    hero_overrides: tuple[str, ...] = ()
    good_prompt: str = 'wood without defect'
    command: str = f'adapt bench {NAME}'

    def __post_init__(self):
        unknown = [name for name in self.arms if name not in ARMS]
        if unknown or self.trainings < 1:
            raise SettingError(f'arms are {", ".join(ARMS)}, with at least one training each; got '
                               f'{", ".join(self.arms)} and {self.trainings}')

    def generated(self, method: str) -> GeneratedSurfaceJob:
        """Return the pictures of a method."""
        return GeneratedSurfaceJob(
            HeroJob(self.pipeline, RULE, method, 0, overrides=self.hero_overrides),
            self.good_prompt, self.count)

    def detector(self, name: str, training: int) -> ArmDetectorJob:
        """Return a detector of an arm."""
        arm = ARMS[name]
        return ArmDetectorJob(
            'fused', 'adapt_small', self.weights,
            () if arm.method is None else (self.generated(arm.method),),
            self.surfaces if arm.drawn else 0, self.overrides, training, arm=name)

    @property
    def bench(self) -> InspectBench:
        """Return who is tried on what: a line per arm and training."""
        return InspectBench(self.domains, tuple(
            Contender(_line(name, training), (self.detector(name, training),) * len(self.domains))
            for name in self.arms for training in range(self.trainings)),
            (self.references,), self.draws, self.pictures, name=NAME, command=self.command)

    def jobs(self) -> list[Job]:
        """Return all jobs."""
        return self.bench.jobs()


def auroc(found: Results, table_: HeroInspection, name: str, domain: str = '') -> Draws | None:
    """Return image AUROC of an arm, over trainings and draws: of a surface, or the mean of all."""
    values: list[float] = []
    for training in range(table_.trainings):
        line, count = _line(name, training), table_.references
        draws = (found.measure(line, domain, count, 'image_auroc') if domain else
                 found.mean(line, count, 'image_auroc'))
        if draws is None:
            return None
        values += draws.values
    return Draws(tuple(values))


def write_page(table_: HeroInspection, place: Workplace) -> Path:
    """Write the page and its JSON from all results that are there; return the page."""
    full = replace(table_, arms=tuple(ARMS))
    found = Results(full.bench, place)
    labels = {method: one['result'] for method in ('pretrained', 'hero')
              if (one := full.generated(method).stored(place)) is not None}
    means = {name: each for name in ARMS if (each := auroc(found, full, name)) is not None}
    values: dict[str, Any] = {
        'table': NAME, 'command': full.command, 'trainings': full.trainings, 'draws': full.draws,
        'references': full.references, 'generated': labels,
        'arms': {name: {
            'mean': mean.as_dict(),
            'surfaces': {one.name: auroc(found, full, name, one.name).as_dict()
                         for one in full.domains}} for name, mean in means.items()}}
    return store_page(place.results.parent, NAME, values,
                      '\n'.join(_markdown(full, found, labels, means)))


def _markdown(full: HeroInspection, found: Results, labels: dict[str, Any],
              means: dict[str, Draws]) -> Iterator[str]:
    yield '# What pictures of a fine-tuned generator are worth to inspection\n'
    yield f'Made by `{full.command}` from the files in {NAME}/; nothing is typed by hand.\n'
    yield _NOTE.format(
        rule=RULE, prompt=full.generated('hero').hero.judge.prompt, good=full.good_prompt,
        count=full.count, detector='fused', references=full.references,
        trainings=full.trainings, draws=full.draws, pictures=full.pictures)
    yield '## What the pictures show\n'
    yield from table(('generator', 'defect seen where it was asked for', 'seen where not'), (
        [method, f'{one["defects_seen"]} of {one["count"]}',
         f'{one["defects_seen_on_good"]} of {one["count"]}'] for method, one in labels.items()))
    yield '## Image AUROC\n'
    yield from table(
        ('learns from', 'drawn surfaces', *(one.name for one in full.domains), 'mean', 'against'),
        ([ARMS[name].title, str(_drawn_surfaces(full, name)),
          *(shown(auroc(found, full, name, one.name)) for one in full.domains), shown(mean),
          _against(means, name)] for name, mean in means.items()))


def _drawn_surfaces(full: HeroInspection, name: str) -> int:
    return full.surfaces * len(training_families()) if ARMS[name].drawn else 0


def _against(means: dict[str, Draws], name: str) -> str:
    other = ARMS[name].against
    if other not in means:
        return '-'
    return f'{shown(means[name].minus(means[other]), sign=True)} ({ARMS[other].title})'


def _line(name: str, training: int) -> str:
    return f'{name} {training}'
