"""Writes the measurement of efficiency as JSON and as a page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapt_learning.benchmarks.efficiency import AS_PUBLISHED, DBC, EXPORTED_100, IN_TORCH, NAME
from adapt_learning.benchmarks.page import store_page

AIM = 40.0
PUBLISHED_RATIO = DBC.published / AS_PUBLISHED.published
_NOTE = """\
{episodes} episodes of Maze per row, the same for all; one process, one thread, one simulation.
Everybody takes turns, episode by episode and call by call; seconds are processor time of that
thread. *episodes/s*: physics, runner and limits included. A policy that fails runs to the limit of
400 steps, so *steps/s* is what compares policies of different success. *latency*: the policy alone,
median and 90 % of {calls} calls. *times DBC*: how many times as long as DBC it takes, per step
(geometric mean over the episodes with its 95 % t interval), per episode and in latency. Rows with
PyTorch act without onnxruntime, as published code does; all others are what `adapt train` exports.
*Dissertation*: episodes per second on an RTX 3080 Ti; DBC there is {published:.1f} times as fast as
its diffusion policy.
"""


def write_page(result: dict[str, Any], folder: Path) -> Path:
    """Write efficiency.json and .md; returns the page."""
    return store_page(folder, NAME, result, '\n'.join(_markdown(result)))


def _markdown(result: dict[str, Any]) -> Iterator[str]:
    yield '# Inference efficiency in Maze (dissertation section 3.1.5)\n'
    yield f'Made by `{result["command"]}`; nothing is typed by hand.\n'
    yield _NOTE.format(episodes=result['episodes'], calls=result['calls'],
                       published=PUBLISHED_RATIO)
    yield ('| policy | episodes/s | steps/s | successes | mean steps | latency [ms] | times DBC, '
           'per step | per episode | latency | dissertation |')
    yield '|---' * 10 + '|'
    for one in result['contenders']:
        yield _row(one, result['ratios'][one['title']])
    yield ''
    yield _verdict(result)
    yield (f'\n{result["cores"]} cores ({result["processor"]}), torch '
           f'{result["packages"]["torch"]}, onnxruntime {result["packages"]["onnxruntime"]}; code '
           f'{result["code_version"]}.\n')


def _row(one: dict[str, Any], ratio: dict[str, Any]) -> str:
    ends, latency = ratio['steps_interval'], one['latency_ms']
    published = one['published_episodes_per_second']
    interval = '' if ends is None else f' ({ends[0]:.2f}..{ends[1]:.2f})'
    return ' | '.join((
        f'| {one["title"]}', f'{one["episodes_per_second"]:.2f}', f'{one["steps_per_second"]:.0f}',
        str(one['successes']), f'{one["mean_steps"]:.0f}',
        f'{latency["median"]:.3f}, {latency["p90"]:.3f}', f'{ratio["steps"]:.2f}{interval}',
        f'{ratio["episodes"]:.1f}', f'{ratio["latency"]:.1f}',
        f'{"-" if published is None else published} |'))


def _verdict(result: dict[str, Any]) -> str:
    ratios = result['ratios']
    ratio = ratios[AS_PUBLISHED.title]
    said = 'reached' if ratio['steps'] >= AIM else 'not reached'
    pairs = [(f'both in PyTorch {ratio["steps"] / ratios[title]["steps"]:.1f} times'
              if title == IN_TORCH.title else f'both exported {ratios[title]["steps"]:.1f} times')
             for title in (IN_TORCH.title, EXPORTED_100.title) if title in ratios]
    return (f'DBC as it is deployed against the diffusion policy as published: '
            f'{ratio["steps"]:.1f} times per step, {ratio["episodes"]:.1f} per episode '
            f'(dissertation {PUBLISHED_RATIO:.1f}). The aim of {AIM:.0f} times per step is {said}. '
            f'Like with like, 100 steps: {", ".join(pairs)}.')
