"""Statistics of a column, as LeRobot's meta/stats.json has them."""

import numpy as np

QUANTILES = {'q01': 0.01, 'q10': 0.10, 'q50': 0.50, 'q90': 0.90, 'q99': 0.99}
NAMES = ('min', 'max', 'mean', 'std', 'count', *QUANTILES)


def column_stats(column: np.ndarray) -> dict[str, np.ndarray]:
    """
    Return min, max, mean, std, the quantiles (each float64 [k]) and count (int64 [1]) of [N, k].

    A column [N] counts as [N, 1]. Quantiles are exact (linear between neighbours). Values that
    are not finite are left out; a column without any finite value gives zeros, because JSON has
    no NaN.
    """
    values = np.asarray(column, dtype=np.float64).reshape(len(column), -1)
    finite = np.isfinite(values)
    if not finite.all():
        clean = [part[ok] if ok.any() else np.zeros(1)
                 for part, ok in zip(values.T, finite.T, strict=True)]
        parts = [column_stats(part) for part in clean]
        return {name: np.concatenate([part[name] for part in parts]) for name in NAMES
                if name != 'count'} | {'count': np.array([len(values)])}
    quantiles = np.quantile(values, list(QUANTILES.values()), axis=0)
    return {
        'min': values.min(axis=0), 'max': values.max(axis=0),
        'mean': values.mean(axis=0), 'std': values.std(axis=0),
        'count': np.array([len(values)]),
        **dict(zip(QUANTILES, quantiles, strict=True)),
    }
