"""All checks on all episodes and on the whole."""

from adapt_learning.data.dataset import Dataset
from adapt_learning.data.quality.advice import advice, summary
from adapt_learning.data.quality.config import QualityConfig
from adapt_learning.data.quality.dataset_checks import DATASET_CHECKS
from adapt_learning.data.quality.episode_checks import CHECKS
from adapt_learning.data.quality.findings import EpisodeReport, Report
from adapt_learning.data.quality.norms import Norms
from adapt_learning.errors import DatasetError


def report(dataset: Dataset, config: QualityConfig | None = None,
           norms: Norms | None = None) -> Report:
    """
    Check every episode; load the dataset with `allow_not_finite`, so that NaN is seen too.

    `norms` are measured here unless the caller has them already. Raises DatasetError where there
    is no episode.
    """
    if not len(dataset):
        raise DatasetError('a report needs at least one episode; the dataset has none')
    norms = norms or Norms.of(dataset, config or QualityConfig())
    episodes = tuple(
        EpisodeReport(number, len(episode), episode.success,
                      tuple(check(number, episode, norms) for check in CHECKS))
        for number, episode in enumerate(dataset))
    findings = tuple(check(dataset, norms) for check in DATASET_CHECKS)
    return Report(episodes, findings, summary(episodes, findings), advice(episodes, findings))
