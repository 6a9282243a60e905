"""Captions of scenes and surfaces; as captions of the web, they are not always right.

A model that learns from them knows what words mean, and does not always do what they say: that
leaves something to learn from feedback.
"""

from dataclasses import dataclass

import numpy as np

from adapt_learning.errors import SettingError
from adapt_learning.generation.small.scenes import COLOURS, RELATIONS, SHAPES, Scene

COUNTS = ('one', 'two', 'three')
_OPPOSITE = {'above': 'below', 'below': 'above', 'left of': 'right of', 'right of': 'left of'}


@dataclass(frozen=True)
class CaptionConfig:
    """How often captions are wrong or say little; shares of the captions that could say it."""

    wrong_count: float = 0.4
    """Another number."""
    wrong_relation: float = 0.3
    """The opposite relation."""
    swapped_colours: float = 0.3
    """Of two things each has the other's colour."""
    wrong_shape: float = 0.1
    """The first thing is called by another shape."""
    no_relation: float = 0.15
    """'and' where a relation could stand."""
    no_count: float = 0.1
    """'some' instead of a number."""
    background: float = 0.3
    """The background is told, rightly."""
    wrong_defect: float = 0.35
    """Of a surface: a defect is not told, or one is told that is not there."""

    def __post_init__(self):
        for name, value in vars(self).items():
            if not 0 <= value <= 1:
                raise SettingError(f'{name} is a share in 0..1; got {value}')


def scene_caption(scene: Scene, rng: np.random.Generator, config: CaptionConfig) -> str:
    """Return a caption of a scene, right or wrong by chance."""
    things = list(scene.things)
    shapes = [thing.shape for thing in things]
    colours = [thing.colour for thing in things]
    if rng.random() < config.wrong_shape:
        other = str(rng.choice([shape for shape in SHAPES if shape not in shapes]))
        shapes = [other if shape == shapes[0] else shape for shape in shapes]
    if scene.relation is None:
        text = _counted(len(things), colours[0], shapes[0], rng, config)
    else:
        if rng.random() < config.swapped_colours:
            colours.reverse()
        text = _related(scene.relation, colours, shapes, rng, config)
    if rng.random() < config.background:
        text += f' on a {scene.background} background'
    return text


def surface_caption(family: str, defect: str | None, rng: np.random.Generator,
                    config: CaptionConfig, defects: tuple[str, ...]) -> str:
    """Return a caption of a surface, e.g. `brushed metal with a scratch`."""
    if rng.random() < config.wrong_defect:
        defect = str(rng.choice(defects)) if defect is None else None
    end = f'with a {defect}' if defect else 'without defect'
    return f'{family.replace("_", " ")} {end}'


def vocabulary(families: tuple[str, ...], defects: tuple[str, ...]) -> tuple[str, ...]:
    """Return all words that captions may have."""
    words = {'a', 'and', 'some', 'on', 'background', 'with', 'without', 'defect', 'of',
             *COUNTS, *COLOURS, *SHAPES, *(f'{shape}s' for shape in SHAPES),
             'dark', 'light', 'grey', 'striped', *defects}
    for phrase in (*RELATIONS, *families):
        words.update(phrase.replace('_', ' ').split())
    return tuple(sorted(words))


def _counted(count: int, colour: str, shape: str, rng: np.random.Generator,
             config: CaptionConfig) -> str:
    if rng.random() < config.wrong_count:
        count = int(rng.choice([other for other in (1, 2, 3) if other != count]))
    if count == 1:
        return f'{rng.choice(("a", "one"))} {colour} {shape}'
    number = 'some' if rng.random() < config.no_count else COUNTS[count - 1]
    return f'{number} {colour} {shape}s'


def _related(relation: str, colours: list[str], shapes: list[str], rng: np.random.Generator,
             config: CaptionConfig) -> str:
    named = [f'a {colour} {shape}' for colour, shape in zip(colours, shapes, strict=True)]
    if rng.random() < config.wrong_relation:
        relation = _OPPOSITE[relation]
    if rng.random() < 0.5:  # the same, told from the other side
        named.reverse()
        relation = _OPPOSITE[relation]
    word = 'and' if rng.random() < config.no_relation else relation
    return f'{named[0]} {word} {named[1]}'
