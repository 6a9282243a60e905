"""Every task, policy, ... by name: one line each. Importing this file imports none of them.

To add a member: write its file and its test, then its line here. A name is resolved to a class
only when it is asked for, so a robot that runs a policy never loads a trainer. Other packages bring
tasks of their own by entry points of the group `adapt_learning.tasks`.
"""

import difflib
import importlib
import importlib.util
from pathlib import Path
from types import MappingProxyType

from adapt_learning.errors import CatalogError

TASKS = MappingProxyType({
    'fetch_pick': 'adapt_learning.tasks.fetch_pick:FetchPick',
    'fetch_push': 'adapt_learning.tasks.fetch_push:FetchPush',
    'maze': 'adapt_learning.tasks.maze:Maze',
    'cheetah': 'adapt_learning.tasks.cheetah:Cheetah',
    'walker': 'adapt_learning.tasks.walker:Walker',
    'ant_reach': 'adapt_learning.tasks.ant_reach:AntReach',
    'hand_rotate': 'adapt_learning.tasks.hand_rotate:HandRotate',
})

POLICIES = MappingProxyType({
    'bc': 'adapt_learning.policies.bc:BehavioralCloning',
    'dbc': 'adapt_learning.policies.dbc:DiffusionBehavioralCloning',
    'ensemble_bc': 'adapt_learning.policies.ensemble_bc:EnsembleBehavioralCloning',
    'bcnd': 'adapt_learning.policies.bcnd:NoisyDemonstrationsCloning',
    'implicit_bc': 'adapt_learning.policies.implicit_bc:ImplicitBehavioralCloning',
    'diffusion_policy': 'adapt_learning.policies.diffusion_policy:DiffusionPolicy',
    'flow_matching': 'adapt_learning.policies.flow_matching:FlowMatching',
})

FILTERS = MappingProxyType({
    'random': 'adapt_learning.restoration.random_filter:RandomFilter',
    'ae': 'adapt_learning.restoration.autoencoder:AutoencoderFilter',
    'lof': 'adapt_learning.restoration.lof:LocalOutlierFilter',
    'ae_lof': 'adapt_learning.restoration.ae_lof:AutoencoderLofFilter',
    'trajectory': 'adapt_learning.restoration.trajectory_filter:TrajectoryFilter',
})

RESTORERS = MappingProxyType({
    'diffusion': 'adapt_learning.restoration.diffusion_restorer:DiffusionRestorer',
    'no_predictor': 'adapt_learning.restoration.no_predictor:NoPredictorRestorer',
    'no_threshold': 'adapt_learning.restoration.no_threshold:NoThresholdRestorer',
    'generation': 'adapt_learning.restoration.generation:GenerationRestorer',
    'random_forest': 'adapt_learning.restoration.random_forest:RandomForestRestorer',
})

FORMATS = MappingProxyType({
    'robomimic': 'adapt_learning.formats.robomimic:Robomimic',
    'minari': 'adapt_learning.formats.minari:Minari',
    'pt': 'adapt_learning.formats.pt:Pt',
    'lerobot': 'adapt_learning.formats.lerobot:LeRobot',
})

BACKENDS = MappingProxyType({
    'loky': 'adapt_learning.benchmarks.backends:LokyBackend',
    'ray': 'adapt_learning.benchmarks.ray_backend:RayBackend',
})

BACKBONES = MappingProxyType({
    'adapt_small': 'adapt_learning.detectors.adapt_small:AdaptSmall',
    'mobilenet_v2': 'adapt_learning.detectors.mobilenet_v2:MobileNetV2',
    'resnet18': 'adapt_learning.detectors.resnet18:ResNet18',
})

DETECTORS = MappingProxyType({
    'nearest_patch': 'adapt_learning.detectors.nearest_patch:NearestPatch',
    'meta_comparer': 'adapt_learning.detectors.meta_comparer:MetaComparer',
    'fused': 'adapt_learning.detectors.fused:Fused',
})

LEARNERS = MappingProxyType({
    'hero': 'adapt_learning.generation.hero.hero_learner:HeroLearner',
    'd3po': 'adapt_learning.generation.hero.d3po_learner:D3poLearner',
    'supervised': 'adapt_learning.generation.hero.supervised_learner:SupervisedLearner',
})

GENERATORS = MappingProxyType({
    'vae_gan': 'adapt_learning.generation.decgan.vae_gan:VaeGan',
    'res_gan': 'adapt_learning.generation.decgan.res_gan:ResGan',
})

IMAGE_SETS = MappingProxyType({
    'digits': 'adapt_learning.generation.decgan.digits:Digits',
    'mnist': 'adapt_learning.generation.decgan.mnist:Mnist',
    'rendered': 'adapt_learning.generation.decgan.rendered:Rendered',
})

EVALUATORS = MappingProxyType({
    'two_green_circles': 'adapt_learning.generation.small.rules.two_green_circles:TwoGreenCircles',
    'blue_ring_yellow_circle':
        'adapt_learning.generation.small.rules.blue_ring_yellow_circle:BlueRingYellowCircle',
    'red_circle_above_blue_square':
        'adapt_learning.generation.small.rules.red_circle_above_blue_square:'
        'RedCircleAboveBlueSquare',
    'holed_wood': 'adapt_learning.generation.small.rules.holed_wood:HoledWood',
})

_KINDS = {'task': TASKS, 'policy': POLICIES, 'filter': FILTERS, 'restorer': RESTORERS,
          'format': FORMATS, 'backend': BACKENDS, 'backbone': BACKBONES, 'detector': DETECTORS,
          'learner': LEARNERS, 'evaluator': EVALUATORS, 'generator': GENERATORS,
          'image set': IMAGE_SETS}


_GROUPS = MappingProxyType({'task': 'adapt_learning.tasks'})
"""Kinds of which other packages may bring members, and the group of their entry points."""


def names(kind: str) -> tuple[str, ...]:
    """Return the names of all members of a kind ('task', 'policy', 'filter', ...), ours first."""
    ours = _KINDS[kind]
    return (*ours, *sorted(_brought(kind).keys() - ours.keys()))


def load(kind: str, name: str) -> type:
    """Return the class of a member; CatalogError lists what there is and the nearest name."""
    members = _KINDS[kind]
    if name in members:
        module, attribute = members[name].split(':')
        return getattr(importlib.import_module(module), attribute)
    brought = _brought(kind)
    if name not in brought:
        allowed = names(kind)
        close = difflib.get_close_matches(name, allowed, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ''
        raise CatalogError(f"there is no {kind} '{name}'; allowed: {', '.join(allowed)}.{hint}")
    entry = brought[name]
    try:
        return entry.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise CatalogError(f"the {kind} '{name}' of the package {entry.dist.name} cannot be loaded "
                           f'from {entry.value}: {error}; mend that package') from error


def folder_of_others(kind: str, name: str) -> Path | None:
    """Return the folder of a member that another package brings; None where none does."""
    entry = None if name in _KINDS[kind] else _brought(kind).get(name)
    if entry is None:
        return None
    try:
        spec = importlib.util.find_spec(entry.module)  # looks, and imports no more than its parent
    except ImportError:
        return None
    return Path(spec.origin).parent if spec and spec.origin else None


def _brought(kind: str) -> dict:
    """Return {name: entry point} of what other packages bring."""
    if kind not in _GROUPS:
        return {}
    # Here: it takes longer to import than all of this file, and most programs never ask.
    from importlib.metadata import entry_points
    return {entry.name: entry for entry in entry_points(group=_GROUPS[kind])}
