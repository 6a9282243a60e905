"""Autoencoder and Local Outlier Factor together: the filter of dissertation section 3.2.3.

The autoencoder learns features of all values of a side; the Local Outlier Factor of the features
then suspects what is lonelier than its neighbours. Rare values that are needed (the closing of the
gripper) have rare neighbours and are not suspected for being rare.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from adapt_learning.restoration.autoencoder import (
    AutoencoderConfig,
    trained_autoencoder,
    varying,
)
from adapt_learning.restoration.base import Filter, Progress, Side
from adapt_learning.restoration.lof import LocalOutlierConfig, outlier_factors

_SHARE_OF_TRAINING = 0.8


@dataclass(frozen=True)
class AutoencoderLofConfig:
    """Settings of both parts."""

    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    """Its bottleneck 0 means here: as many features as there are elements that vary."""
    lof: LocalOutlierConfig = field(default_factory=LocalOutlierConfig)


class AutoencoderLofFilter(Filter):
    """Scores by the Local Outlier Factor of the autoencoder's features."""

    Config = AutoencoderLofConfig

    def scores(self, side: Side, seed: int, progress: Progress) -> np.ndarray:
        """Return the factor of every row, float64 [N]; about 1 inside of a cluster."""
        values = varying(side.values)
        if values.shape[1] == 0:
            return np.ones(len(values))
        config = self.config.autoencoder
        if not config.bottleneck:
            # A narrower one squeezes polluted values onto clean ones: measured in
            # benchmarks/dmdr_detection.md.
            config = replace(config, bottleneck=values.shape[1])
        module = trained_autoencoder(
            values, config, seed,
            lambda share, text: progress(share * _SHARE_OF_TRAINING, text))
        features = module.features(values)
        spread = features.std(0)
        features = features / np.where(spread > 0, spread, 1)
        return outlier_factors(features, self.config.lof, seed, lambda share, text: progress(
            _SHARE_OF_TRAINING + share * (1 - _SHARE_OF_TRAINING), text))
