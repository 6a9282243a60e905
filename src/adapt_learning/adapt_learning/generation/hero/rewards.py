"""Rewards of a round: how similar each picture is to what the evaluator liked (eq. 2.10)."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

_LEAST_NORM = 1e-8
"""delta of eq. 2.10."""


@dataclass(frozen=True)
class Liked:
    """The latents of a round by what was said of them."""

    latents: Tensor
    """All of the round, [N, C, h, w]."""
    is_good: Tensor
    """bool [N]."""
    best: Tensor | None
    """Latent of the best picture so far, [C, h, w]; it may be of an earlier round."""


class Reward(ABC):
    """Gives every picture of a round a number; only differences within the round count."""

    embeds = True
    """Whether the embedding is trained for it."""

    @abstractmethod
    def __call__(self, liked: Liked, represent: Callable[[Tensor], Tensor]) -> Tensor:
        """Return rewards float32 [N]; `represent` is E, latents -> [N, D]."""


class SimilarityToBest(Reward):
    """HERO: cosine to the best picture; without one, to the mean of the good ones."""

    def __call__(self, liked: Liked, represent: Callable[[Tensor], Tensor]) -> Tensor:
        """Return eq. 2.10."""
        if liked.best is None:
            return SimilarityToPositives()(liked, represent)
        return _cosine(represent(liked.latents), represent(liked.best[None])[0])


class SimilarityToPositives(Reward):
    """HERO-positives: cosine to the mean representation of all good pictures and the best."""

    def __call__(self, liked: Liked, represent: Callable[[Tensor], Tensor]) -> Tensor:
        """Return eq. 2.10 with the mean in the place of the best."""
        return _cosine(represent(liked.latents), represent(_positives(liked)).mean(0))


class NoEmbedding(Reward):
    """HERO-noEmbed: cosine of the latents themselves to the mean of the good ones."""

    embeds = False

    def __call__(self, liked: Liked, represent: Callable[[Tensor], Tensor]) -> Tensor:
        """Return eq. 2.10 without E."""
        return _cosine(liked.latents.flatten(1), _positives(liked).flatten(1).mean(0))


class Binary(Reward):
    """HERO-binary: 1 for good pictures, 0 for bad ones."""

    embeds = False

    def __call__(self, liked: Liked, represent: Callable[[Tensor], Tensor]) -> Tensor:
        """Return the labels."""
        return liked.is_good.float()


REWARDS = {'best': SimilarityToBest, 'positives': SimilarityToPositives, 'no_embed': NoEmbedding,
           'binary': Binary}


def advantages(rewards: Tensor, bound: float) -> Tensor:
    """Return (r - mean) / std of rewards [N], within -bound..bound; zeros where all are equal."""
    spread = rewards.std(unbiased=False)
    if spread < _LEAST_NORM:
        return torch.zeros_like(rewards)
    return ((rewards - rewards.mean()) / spread).clamp(-bound, bound)


def _positives(liked: Liked) -> Tensor:
    good = liked.latents[liked.is_good]
    return good if liked.best is None else torch.cat([good, liked.best[None]])


def _cosine(rows: Tensor, one: Tensor) -> Tensor:
    """Return the cosines [N] between rows [N, D] and one [D]."""
    return rows @ one / (rows.norm(dim=-1) * one.norm()).clamp_min(_LEAST_NORM)
