"""
How expert-like the actions of a policy are on held-out states: judged without a simulator.

The judge is a diffusion model of the demonstrated pairs (dissertation eq. 3.2). A policy that has
none of its own is trained with one beside it, which it never sees.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adapt_learning.data import Dataset
from adapt_learning.policies.base import Batch, Policy
from adapt_learning.policies.dbc import DiffusionBehavioralCloning, DiffusionStage
from adapt_learning.stacked.stage import Stage
from adapt_learning.trainers.presets import resolve

PAIRS = 2048
"""So many held-out pairs, spread evenly, are judged."""
_PREFIX = 'judge.'
"""Begins the overrides that are settings of the judge."""
_PRESETS_OF = 'dbc'
"""Whose presets have the settings of a diffusion model of pairs."""


class Judge(DiffusionBehavioralCloning):
    """The diffusion models of DBC alone; the policy beside them is not trained."""

    def stages(self) -> tuple[Stage, ...]:
        """Return the diffusion model's stage."""
        return (_JudgeStage(self),)


class _JudgeStage(DiffusionStage):
    name = 'judge'

    def samples(self, training: Batch) -> Batch:
        """Return the pairs; of the chunks of a policy that plans some only their first action."""
        return self._first(training)

    def score(self, batch: Batch) -> Tensor:
        """Return L_diff on held-out pairs [K]."""
        return super().score(self._first(batch))

    def _first(self, batch: Batch) -> Batch:
        return replace(batch, action=batch.action[..., :self.policy.action_size])


class Judged(nn.Module):
    """K policies and their K judges, as one thing to train: so a run is resumed as a whole."""

    def __init__(self, policy: Policy, judge: Judge):
        super().__init__()
        self.policy, self.judge = policy, judge
        self.seeds = policy.seeds

    def stages(self) -> tuple[Stage, ...]:
        """Return the policy's stages and the judge's."""
        return (*self.policy.stages(), *self.judge.stages())


def split_overrides(overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the overrides of the judge, without their prefix, and the others."""
    return ([word.removeprefix(_PREFIX) for word in overrides if word.startswith(_PREFIX)],
            [word for word in overrides if not word.startswith(_PREFIX)])


def judge_config(task: str, preset: str, overrides: Sequence[str]) -> Any:
    """Return the settings of a judge; SettingError names unknown ones with what is allowed."""
    return resolve(Judge.Config, task, _PRESETS_OF, preset, overrides)[0]


def held_out_pairs(dataset: Dataset) -> tuple[Tensor, Tensor] | None:
    """Return raw observations [N, S] and actions [N, A], N <= PAIRS; None where there are none."""
    if not dataset.steps:
        return None
    rows = np.linspace(0, dataset.steps - 1, min(PAIRS, dataset.steps)).astype(int)
    observation, action = (torch.from_numpy(x[rows]) for x in dataset.pairs())
    return observation, action


def unlikeness(score: nn.Module, policy: Policy, pairs: Sequence[Tensor]) -> float:
    """
    Return how much less expert-like a policy (K = 1) acts than the demonstrator did.

    `score` maps (observation, action) to noise-prediction errors [N]. On each held-out state the
    error of the policy's action is divided by that of the demonstrated one; the result is the
    geometric mean, which no single outlier rules. 1 means as expert-like as the demonstrations.
    """
    observation, action = pairs
    with torch.no_grad():
        acted = policy.act(observation)
        # Of a chunk the action that would be executed on this state.
        chosen = score(observation, acted if acted.dim() == action.dim() else acted[:, 0])
        shown = score(observation, action)
    tiny = torch.finfo(torch.float32).tiny
    return float((chosen.clamp_min(tiny).log() - shown.clamp_min(tiny).log()).mean().exp())
