"""What happened in the rounds before: a chart of good ones, rewards of the last, sentences."""

from collections.abc import Sequence

import numpy as np
from nicegui import ui

from adapt_learning.generation.hero.facts import RoundFacts

_BINS = 10


def show_history(history: list[RoundFacts]) -> None:
    """Draw what the rounds gave, the last one first; a hint while there is none."""
    ui.label('Rounds').classes('font-bold')
    if not history:
        ui.label('The first round is judged now.').classes('text-sm')
        return
    ui.echart(_bars([str(x.round + 1) for x in history], [x.good for x in history],
                    'good pictures per round', '#2e7d32')).classes('w-full h-40').mark('good-chart')
    last = history[-1]
    if last.rewards:
        ui.echart(_bars(*reward_bars(last.rewards), f'rewards in round {last.round + 1}', '#1565c0')
                  ).classes('w-full h-40').mark('reward-chart')
    for facts in reversed(history):
        with ui.expansion(f'Round {facts.round + 1}: {facts.good} good, {facts.bad} bad',
                          value=facts is last).classes('w-full').props('dense'):
            ui.label(facts.explanation).classes('text-sm')


def reward_bars(rewards: Sequence[float]) -> tuple[list[str], list[int]]:
    """Return where each bar begins, and how many rewards, cosines in -1..1, are in it."""
    # Rounding makes cosines of a little more than 1.
    counts, edges = np.histogram(np.clip(rewards, -1, 1), bins=_BINS, range=(-1, 1))
    return [f'{x:.1f}' for x in edges[:-1]], counts.tolist()


def _bars(names: list[str], values: list[float], title: str, color: str) -> dict:
    return {
        'animation': False,
        'title': {'text': title, 'textStyle': {'fontSize': 12}, 'left': 'center'},
        'grid': {'left': 32, 'right': 8, 'top': 28, 'bottom': 22},
        'xAxis': {'type': 'category', 'data': names},
        'yAxis': {'type': 'value', 'minInterval': 1},
        'series': [{'type': 'bar', 'data': values, 'itemStyle': {'color': color}}],
    }
