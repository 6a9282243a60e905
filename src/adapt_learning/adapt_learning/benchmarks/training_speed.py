"""
How fast DBC is trained: pairs per second beside a plain float32 loop of the same sizes.

Seconds are processor time of one thread, and the contestants take turns, so other programs on the
machine and its changing clock do not decide. Both stages count, each with as many pairs.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.machine import machine
from adapt_learning.benchmarks.page import store_page
from adapt_learning.benchmarks.plain_dbc import PlainDbc
from adapt_learning.data import Dataset, load_dataset
from adapt_learning.evaluation.intervals import success_rate
from adapt_learning.evaluation.rollout import rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import Frame
from adapt_learning.policies.base import Normalizers, Policy
from adapt_learning.policies.dbc import (
    DiffusionBehavioralCloning,
    DiffusionBehavioralCloningConfig,
)
from adapt_learning.stacked.precision import compute_dtype, name_of
from adapt_learning.stacked.short_training import train
from adapt_learning.trainers.presets import resolve
from adapt_learning.trainers.provenance import code_version

NAME = 'training_speed'
_TASK, _EXPERT = 'fetch_pick', 'smooth'
_STACK = 5
_LEVEL, _FIRST = 1.25, 1000


@dataclass(frozen=True)
class Sizes:
    """What is trained."""

    title: str
    preset: str
    overrides: tuple[str, ...] = ()


SIZES = (
    Sizes('preset cpu (256 wide)', 'cpu'),
    Sizes('published sizes (750 and 1024 wide), as published: float32', 'paper'),
    Sizes('published sizes, precision auto', 'paper', (
        'optimization.precision=auto', 'diffusion.optimization.precision=auto')),
)


def measure(place: Workplace, updates: int = 640, rounds: int = 5, seeds: int = 3,
            episodes: int = 100, sizes: tuple[Sizes, ...] = SIZES,
            say: Callable[[str], None] = lambda text: None,
            demonstrations: int = 303) -> dict[str, Any]:
    """
    Return pairs/s of all contestants per size, and the success of what they train in preset cpu.

    `updates` per stage and round; `seeds` trainings to the end, each evaluated in `episodes`.
    """
    torch.set_num_threads(1)
    say('collecting')
    job = CollectJob(_TASK, demonstrations, _EXPERT)
    if not job.has_product(place):
        job.run(place)
    training = load_dataset(job.folder(place)).split(0.1, 0)[0]
    peaks = {name: _peak_flops(dtype) for name, dtype in (
        ('float32', torch.float32), ('bf16', torch.bfloat16))}
    rows = [_row(size, training, updates, rounds, peaks, say) for size in sizes]
    command = (f'adapt bench training-speed --updates {updates} --rounds {rounds} --seeds {seeds} '
               f'--episodes {episodes}')
    return {'command': command, 'task': _TASK, 'pairs': training.steps, 'threads': 1,
            'updates': updates, 'rounds': rounds,
            'peak_gflops': {name: round(peak / 1e9, 1) for name, peak in peaks.items()},
            'rows': rows, 'success': _success(training, seeds, episodes, sizes[0], say),
            'code_version': code_version(), **machine()}


def parts(rounds: int, seeds: int, sizes: tuple[Sizes, ...] = SIZES) -> int:
    """Return how often `measure` calls `say`."""
    return 1 + 3 * (rounds + 1) * len(sizes) + 6 * seeds


def write(result: dict[str, Any], folder: Path) -> Path:
    """Write training_speed.json and .md; return the latter."""
    return store_page(folder, NAME, result, '\n'.join(_markdown(result)) + '\n')


def _row(size: Sizes, training: Dataset, updates: int, rounds: int,
         peaks: dict[str, float], say: Callable[[str], None]) -> dict[str, Any]:
    config, _ = _resolved(size.preset, (
        *size.overrides, f'optimization.steps={updates}',
        f'diffusion.optimization.steps={updates}'))
    contestants = {
        'plain': partial(_train_plain, config, training, 0, updates),
        'single': partial(_train_ours, config, training, (0,)),
        'stacked': partial(_train_ours, config, training, tuple(range(_STACK)))}
    spent: dict[str, list[float]] = {name: [] for name in contestants}
    for i in range(rounds + 1):
        for name, run in contestants.items():
            say(f'{size.title}: {name}, round {i} of {rounds}')
            began_s = time.process_time()
            run()
            if i:  # the first round warms the caches up
                spent[name].append(time.process_time() - began_s)
    pairs = {name: 2 * updates * config.optimization.batch * (_STACK if name == 'stacked' else 1)
             for name in contestants}
    speed = {name: pairs[name] / median(times) for name, times in spent.items()}
    precision = name_of(compute_dtype(config.optimization.precision, torch.device('cpu')))
    flops = flops_per_pair(config, training.contract.observation_spec.size,
                           training.contract.action_spec.size)
    return {
        'sizes': size.title, 'preset': size.preset, 'set': list(size.overrides),
        'precision': precision, 'pairs_per_s': {k: round(v) for k, v in speed.items()},
        'single_to_plain': _ratio(spent['plain'], spent['single']),
        'stacked_to_plain': _ratio(spent['plain'], spent['stacked'], _STACK),
        'stacked_to_separate': _ratio(spent['stacked'], spent['single'], 1 / _STACK),
        'share_of_peak': {
            'plain': round(speed['plain'] * flops / peaks['float32'], 3),
            **{name: round(speed[name] * flops / peaks[precision], 3)
               for name in ('single', 'stacked')}}}


def _ratio(upper: list[float], lower: list[float], factor: float = 1.0) -> dict[str, float]:
    """Return the median ratio of the rounds, with the lowest and the highest."""
    ratios = [factor * a / b for a, b in zip(upper, lower, strict=True)]
    return {name: round(value, 2) for name, value in (
        ('median', median(ratios)), ('low', min(ratios)), ('high', max(ratios)))}


def _train_plain(config: DiffusionBehavioralCloningConfig, training: Dataset, seed: int,
                 updates: int | None = None) -> tuple[PlainDbc, Normalizers]:
    observation, action = training.pairs()
    normalizers = Normalizers.fit(config.normalization, observation, action)
    plain = PlainDbc(config, torch.from_numpy(normalizers.observation.normalize(observation)),
                     torch.from_numpy(normalizers.action.normalize(action)), seed)
    plain.train_diffusion(updates)
    plain.train_policy(updates)
    return plain, normalizers


def _train_ours(config: DiffusionBehavioralCloningConfig, training: Dataset,
                seeds: tuple[int, ...]) -> Policy:
    observation, action = training.pairs()
    policy = DiffusionBehavioralCloning(
        config, observation.shape[1], action.shape[1],
        Normalizers.fit(config.normalization, observation, action), seeds)
    pairs = policy.prepare(torch.from_numpy(observation), torch.from_numpy(action))
    train(policy, pairs, None, lambda share, text: None)
    return policy.eval()


def _success(training: Dataset, seeds: int, episodes: int, size: Sizes,
             say: Callable[[str], None]) -> dict[str, Any]:
    """Train to the end and evaluate: the plain loop, float32 and the preset's precision."""
    counts: dict[str, list[int]] = {'plain': [], 'float32': [], 'auto': []}
    for seed in range(seeds):
        config, _ = _resolved(size.preset, size.overrides)
        say(f'plain loop, seed {seed}')
        plain, normalizers = _train_plain(config, training, seed)
        counts['plain'].append(_successes(partial(_act_plain, plain, normalizers), episodes, say))
        for precision in ('float32', 'auto'):
            say(f'{precision}, seed {seed}')
            config, _ = _resolved(size.preset, (
                *size.overrides, f'optimization.precision={precision}',
                f'diffusion.optimization.precision={precision}'))
            policy = _train_ours(config, training, (seed,))
            counts[precision].append(_successes(policy.act, episodes, say))
    rates = {name: success_rate(sum(found), episodes * len(found))
             for name, found in counts.items() if found}
    return {'noise_level': _LEVEL, 'episodes': episodes, 'seeds': seeds, **{
        name: {'successes': counts[name], 'rate': round(100 * rate.rate, 1),
               'wilson': [round(100 * rate.low, 1), round(100 * rate.high, 1)]}
        for name, rate in rates.items()}}


def _act_plain(plain: PlainDbc, normalizers: Normalizers,
               observation: torch.Tensor) -> torch.Tensor:
    scaled = torch.from_numpy(normalizers.observation.normalize(observation.numpy()))
    return torch.from_numpy(normalizers.action.denormalize(plain.policy(scaled).numpy()))


def _successes(act: Callable[[torch.Tensor], torch.Tensor], episodes: int,
               say: Callable[[str], None]) -> int:
    say(f'{episodes} episodes')
    task = make_task(_TASK)
    try:
        return sum(rollout(task, _Acting(act), _FIRST + i, _LEVEL).success
                   for i in range(episodes))
    finally:
        task.close()


class _Acting:
    """Lets a function observation [1, S] -> action [1, A] act."""

    stop_text = ''

    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor]):
        self._act = act

    def begin(self, seed: int) -> None:
        """Begin an episode (nothing to remember)."""

    def act(self, frame: Frame, raw: dict) -> Any:
        """Return the action [A]."""
        with torch.no_grad():
            return self._act(torch.from_numpy(frame.vector)[None])[0].numpy()


def flops_per_pair(config: DiffusionBehavioralCloningConfig, observation: int,
                   action: int) -> float:
    """
    Return the operations of the matmuls, per pair of one of the two stages (their mean).

    A layer costs 2 in out forwards, as much for the gradient of its weights and as much for that
    of its input, which the first layer does not need unless it is passed on. In the second stage
    the frozen diffusion model runs forwards twice and passes the gradient on once.
    """
    def forward(inputs: int, width: int, depth: int, outputs: int) -> tuple[int, int]:
        first = 2 * inputs * width
        return first + 2 * width * (width * (depth - 1) + outputs), first

    shape = config.diffusion.network
    denoiser, first = forward(observation + action, shape.width, shape.depth,
                              observation + action)
    policy, policy_first = forward(observation, config.network.width, config.network.depth,
                                   action)
    learning = 3 * denoiser - first + 3 * policy - policy_first
    return (learning + 3 * denoiser) / 2


def _peak_flops(dtype: torch.dtype, size: int = 1536, repeats: int = 5) -> float:
    """Return operations per second of a large matmul on one thread: the best of some."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    best_s = float('inf')
    for _ in range(repeats + 1):
        began_s = time.process_time()
        torch.mm(a, b)
        best_s = min(best_s, time.process_time() - began_s)
    return 2 * size ** 3 / best_s


def _resolved(preset: str, overrides: tuple[str, ...]):
    return resolve(DiffusionBehavioralCloningConfig, _TASK, 'dbc', preset, overrides)


def _markdown(result: dict[str, Any]):
    peaks = result['peak_gflops']
    yield '# Speed of training DBC\n'
    yield (f'`{result["command"]}`; FetchPick, {result["pairs"]} pairs, one thread, '
           f'{result["processor"]}, torch {result["packages"]["torch"]}. Both stages, '
           f'{result["updates"]} updates each per round, {result["rounds"]} rounds in turns; '
           'median (lowest-highest) ratio of processor times. *Plain*: float32, one network, '
           'DataLoader, `torch.optim` (benchmarks/plain_dbc.py). Peak of a large matmul: '
           f'{peaks["float32"]} GFLOP/s in float32, {peaks["bf16"]} in bf16; the share counts '
           'matmuls only, against the peak of the precision in use.\n')
    yield ('| sizes | precision | plain pairs/s | ours pairs/s | ours / plain | five seeds stacked '
           '/ plain | five stacked: time / five separate | share of peak: plain, ours, stacked |')
    yield '|---' * 8 + '|'
    for row in result['rows']:
        shares = ', '.join(f'{100 * row["share_of_peak"][name]:.0f} %'
                           for name in ('plain', 'single', 'stacked'))
        yield (f'| {row["sizes"]} | {row["precision"]} | {row["pairs_per_s"]["plain"]} '
               f'| {row["pairs_per_s"]["single"]} | {_shown(row["single_to_plain"])} '
               f'| {_shown(row["stacked_to_plain"])} | {_shown(row["stacked_to_separate"])} '
               f'| {shares} |')
    success = result['success']
    if not success['seeds']:
        return
    yield (f'\nTrained to the end in preset cpu, {success["seeds"]} seeds, {success["episodes"]} '
           f'episodes each at level {success["noise_level"]}; 95 % Wilson interval of all:\n')
    yield '| trained by | successes per seed | success % | interval |'
    yield '|---' * 4 + '|'
    for name, title in (('plain', 'plain loop'), ('float32', 'ours, float32'),
                        ('auto', 'ours, precision auto')):
        one = success[name]
        yield (f'| {title} | {"/".join(map(str, one["successes"]))} | {one["rate"]} '
               f'| {one["wilson"][0]}-{one["wilson"][1]} |')


def _shown(ratio: dict[str, float]) -> str:
    return f'{ratio["median"]:.2f} ({ratio["low"]:.2f}-{ratio["high"]:.2f})'
