"""Smooth demonstrations whose action is a function of the state, and their pollution."""

from dataclasses import dataclass, replace

import numpy as np

from adapt_learning.data import Dataset, Episode
from adapt_learning.frames import load_contract

FAST = tuple(f'restorer_settings.training.{change}' for change in (
    'denoiser.width=64', 'predictor.width=64',
    *(f'{part}_optimization.{change}' for part in ('denoiser', 'predictor') for change in (
        'steps=400', 'batch=64', 'learning_rate=5e-3', 'ema_decay=0.98', 'warmup_steps=20'))))
"""Settings with which the networks learn in a second what these demonstrations need."""


@dataclass(frozen=True)
class Demonstrations:
    """The same demonstrations, clean and polluted."""

    clean: Dataset
    noisy: Dataset
    polluted: tuple[np.ndarray, np.ndarray]
    """Which states and which actions of `noisy` are polluted, bool [N] each."""


def make(episodes=16, length=40, share=0.2, seed=0, **changes) -> Demonstrations:
    """Return demonstrations of fetch_pick's contract (16 states, 4 actions)."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(1).normal(size=(3, 16))
    act = np.random.default_rng(2).normal(size=(3, 4))
    made = []
    for number in range(episodes):
        phase = np.linspace(0, np.pi, length)[:, None] + rng.uniform(0, 0.5)
        hidden = np.hstack([np.sin(phase), np.cos(phase), rng.uniform(-1, 1) + 0 * phase])
        made.append(Episode(hidden @ mix, np.tanh(hidden @ act), np.arange(length) * 0.04,
                            np.zeros(length), success=True, seed=number, task='pick',
                            extras={'operator': np.full(length, number)}))
    clean = Dataset(tuple(made), load_contract('fetch_pick'), {'made_by': 'a test'})
    pairs = clean.pairs()
    masks, values = [], []
    for part in pairs:
        mask = rng.random(len(part)) < share
        noise = rng.normal(size=part.shape) * part.std(axis=0)
        masks.append(mask)
        values.append(np.where(mask[:, None], part + noise, part))
    return Demonstrations(clean, with_values(clean, *values), tuple(masks))


def with_values(dataset, observation, action) -> Dataset:
    """Return a dataset with other observations and actions [N, D]."""
    episodes, first = [], 0
    for episode in dataset:
        rows = slice(first, first + len(episode))
        episodes.append(replace(episode, observation=observation[rows], action=action[rows]))
        first += len(episode)
    return replace(dataset, episodes=tuple(episodes))
