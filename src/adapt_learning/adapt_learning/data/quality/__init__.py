"""What is in a dataset, and which episodes deserve a second look.

`info` gives the facts, `report` the verdicts with reasons and advice. Checks of single episodes are
in `episode_checks`, those of the whole in `dataset_checks`, all limits in `config`.
"""

from adapt_learning.data.quality.config import QualityConfig
from adapt_learning.data.quality.findings import (
    BAD,
    LOOK,
    OK,
    SCHEMA,
    EpisodeReport,
    Finding,
    Report,
)
from adapt_learning.data.quality.info import info
from adapt_learning.data.quality.judge import report
from adapt_learning.data.quality.norms import Norms

__all__ = [
    'BAD',
    'EpisodeReport',
    'Finding',
    'LOOK',
    'Norms',
    'OK',
    'QualityConfig',
    'Report',
    'SCHEMA',
    'info',
    'report',
]
