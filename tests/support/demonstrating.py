"""Episodes of demonstrators, and what must hold of those that policies learn from."""

import numpy as np
import pytest


def run(task, expert, seed, level=1.0):
    """Return (success, steps, instants) of an episode of an expert."""
    task.reset(seed=seed, options={'noise_level': level})
    expert.reset(seed)
    instants = []
    while True:
        raw = task.raw()
        action = expert.act(raw)
        instants.append((raw, action))
        _, _, terminated, truncated, info = task.step(action)
        if terminated or truncated:
            return info['is_success'], task.steps, instants


def check_no_memory(task):
    """Check that the default expert is a function of the instant, and changes nothing in it."""
    used = task.expert()
    success, _, instants = run(task, used, 1)
    assert success
    for raw, action in reversed(instants):
        before = {key: value.copy() for key, value in raw.items()}
        np.testing.assert_array_equal(used.act(raw), action)
        np.testing.assert_array_equal(task.expert().act(raw), action)
        assert all((raw[key] == before[key]).all() for key in raw)


def largest_change(task, seed):
    """Return the largest change of an action from one step to the next."""
    actions = np.array([action for _, action in run(task, task.expert(), seed)[2]])
    return abs(np.diff(actions, axis=0)).max()


def check_spread(task, seeds, commands, rel, convert=None):
    """
    Check the spread that a task states against demonstrations of its default expert.

    `commands(action)` are the commands by key; `convert` has a function per raw value whose spread
    is not its own.
    """
    instants = [one for seed in seeds for one in run(task, task.expert(), seed)[2]]
    check_spread_of(task, instants, commands, rel, convert)


def check_spread_of(task, instants, commands, rel, convert=None):
    """Check the spread that a task states against instants of episodes that were run already."""
    values = {}
    for raw, action in instants:
        for key, value in (raw | commands(action)).items():
            values.setdefault(key, []).append((convert or {}).get(key, np.asarray)(value))
    assert set(values) == set(task.spec_.spread)
    for key, rows in values.items():
        rms = np.sqrt(np.var(rows, axis=0).mean())
        assert rms == pytest.approx(task.spec_.spread[key], rel=rel), key
