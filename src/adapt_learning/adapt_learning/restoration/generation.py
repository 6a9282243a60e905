"""Generation (dissertation table 3.6): the suspected value is thrown away and drawn anew."""

from dataclasses import dataclass

import torch
from torch import Tensor

from adapt_learning.restoration.diffusion_restorer import (
    DiffusionRestorer,
    DiffusionRestorerConfig,
)


@dataclass(frozen=True)
class GenerationConfig(DiffusionRestorerConfig):
    """Settings of the variant."""

    threshold: int = 0


class GenerationRestorer(DiffusionRestorer):
    """Draw x_T from a standard normal and denoise it under the condition."""

    Config = GenerationConfig

    def levels(self, values: Tensor, condition: Tensor) -> Tensor:
        """Return T for every value, int64 [B]."""
        return torch.full((len(values),), self.noising.steps)

    def begin(self, values: Tensor, level: Tensor, generator: torch.Generator) -> Tensor:
        """Return noise [B, D]; nothing of the values is used."""
        return torch.randn(values.shape, generator=generator)
