"""Restoration without t_thres (dissertation table 3.6): every suspected value is denoised."""

from dataclasses import dataclass

from adapt_learning.restoration.diffusion_restorer import (
    DiffusionRestorer,
    DiffusionRestorerConfig,
)


@dataclass(frozen=True)
class NoThresholdConfig(DiffusionRestorerConfig):
    """Settings of the variant."""

    threshold: int = 0


class NoThresholdRestorer(DiffusionRestorer):
    """Denoise from t*, however small it is; only t* = 0 leaves a value as it is."""

    Config = NoThresholdConfig
