"""The facts of a dataset, without a judgement."""

from typing import Any

import numpy as np

from adapt_learning.data.dataset import Dataset


def info(dataset: Dataset) -> dict[str, Any]:
    """Return the facts of a dataset, machine-readable."""
    observation, action = dataset.pairs()
    contract = dataset.contract
    outcomes = [episode.success for episode in dataset]
    steps = [len(episode) for episode in dataset]
    return {
        'contract': contract.name, 'contract_hash': contract.hash, 'hash': dataset.hash,
        'episodes': len(dataset), 'steps': dataset.steps, 'rate_hz': contract.rate_hz,
        'duration_s': float(sum(e.timestamp_s[-1] - e.timestamp_s[0] for e in dataset)),
        'steps_min': min(steps), 'steps_median': float(np.median(steps)), 'steps_max': max(steps),
        'succeeded': outcomes.count(True), 'failed': outcomes.count(False),
        'outcome_unknown': outcomes.count(None),
        'tasks': sorted({episode.task for episode in dataset}),
        'noise_levels': sorted({e.noise_level for e in dataset if e.noise_level is not None}),
        'extra_columns': sorted(dataset.episodes[0].extras),
        'not_finite': list(dataset.not_finite()),
        'observation': _columns(observation, contract.observation_spec.labels),
        'action': _columns(action, contract.action_spec.labels),
        'lineage': dict(dataset.meta),
    }


def _columns(values: np.ndarray, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    result = []
    for label, column in zip(labels, values.T, strict=True):
        finite = column[np.isfinite(column)].astype(np.float64)
        numbers = ({'min': finite.min(), 'mean': finite.mean(), 'max': finite.max(),
                    'std': finite.std()} if finite.size else
                   dict.fromkeys(('min', 'mean', 'max', 'std')))
        result.append({'name': label} | {
            key: None if value is None else float(value) for key, value in numbers.items()})
    return result
