"""The card: what an artifact is, for people. Made from the manifest and nothing else."""

from collections.abc import Mapping
from typing import Any

from adapt_learning.artifacts.manifest import Manifest


def render_card(manifest: Manifest) -> str:
    """Return card.md: what, data, commands, metrics with intervals, limits, licence."""
    m = manifest
    parts = [
        f'# {m.title or f"{m.name} for {m.task}"}',
        _facts(m),
        '## Data\n' + _data(m),
        '## Made by\n```\n' + '\n'.join(m.commands or ('(not recorded)',)) + '\n```',
        '## Metrics\n' + _metrics(m.metrics),
        '## Limits\n' + _limits(m),
        f'## Licence\n{m.licence}',
    ]
    return '\n\n'.join(parts) + '\n'


def _facts(m: Manifest) -> str:
    rows = [('kind', m.kind), ('name', m.name), ('task', m.task), ('version', m.version),
            ('seed', m.seed), ('code', m.code_version), ('made', m.created),
            ('contract', f"{m.contract.get('name', '?')} {m.contract_hash}"),
            ('interface', m.interface_hash)]
    return '| | |\n|---|---|\n' + '\n'.join(f'| {key} | {value} |' for key, value in rows)


def _data(m: Manifest) -> str:
    lines = [f'- hash {m.dataset_hash}']
    lines += [f'- {key}: {value}' for key, value in m.dataset.items()
              if not isinstance(value, Mapping)]
    return '\n'.join([*lines, *_lineage(m.dataset)])


def _lineage(dataset: Mapping[str, Any]) -> list[str]:
    """Say what was done to the demonstrations after they were made."""
    lines = []
    pollution, restoration = dataset.get('pollution'), dataset.get('restoration')
    if isinstance(pollution, Mapping):
        said = ' '.join(f'--{key} {pollution[key]}' for key in ('kind', 'p', 'sigma', 'seed')
                        if key in pollution)
        lines.append(f'- polluted on purpose: adapt data corrupt {said}')
    if isinstance(restoration, Mapping):
        config = restoration.get('config', {})
        chosen = ', '.join(f'{key} {"auto" if config[key] is None else config[key]}' for key in (
            'filter', 'restorer', 'clean_share', 'context', 'both_polluted') if key in config)
        lines.append(f'- restored: adapt restore --seed {restoration.get("seed", "?")} ({chosen}): '
                     f'{restoration.get("text", "")}')
    return lines


def _metrics(metrics: Mapping[str, Any]) -> str:
    """Numbers with `<name>_low` and `<name>_high` beside them are written with their interval."""
    lines = []
    for key, value in metrics.items():
        if isinstance(value, Mapping):
            lines.append(f'- {key}: ' + ', '.join(_lines(value)))
        elif not _is_bound(key, metrics):
            lines.append(f'- {_one(key, value, metrics)}')
    return '\n'.join(lines) or 'None recorded.'


def _lines(metrics: Mapping[str, Any]) -> list[str]:
    return [_one(key, value, metrics) for key, value in metrics.items()
            if not isinstance(value, Mapping | list | tuple) and not _is_bound(key, metrics)]


def _one(key: str, value: Any, metrics: Mapping[str, Any]) -> str:
    low, high = _bounds(key, metrics)
    text = f'{value:.4g}' if isinstance(value, float) else str(value)
    if low is None:
        return f'{key} {text}'
    return f'{key} {text} (95 % interval {metrics[low]:.4g}..{metrics[high]:.4g})'


def _bounds(key: str, metrics: Mapping[str, Any]) -> tuple[str | None, str | None]:
    for low, high in ((f'{key}_low', f'{key}_high'), ('ci_low', 'ci_high')):
        named = low.startswith(key) or key == 'success_rate'
        if named and low in metrics and high in metrics:
            return low, high
    return None, None


def _is_bound(key: str, metrics: Mapping[str, Any]) -> bool:
    return key.endswith(('_low', '_high')) and any(
        key in _bounds(other, metrics) for other in metrics)


def _limits(m: Manifest) -> str:
    lines = [
        '- Knows the situations of its demonstrations; outside of them it may do anything. Keep '
        "the contract's limits and the watchdogs on.",
        '- Runs only behind a contract with the interface above (order, sizes, units, scales, '
        'rate).',
    ]
    if m.chunk:
        lines.append(f'- Predicts {m.chunk["length"]} actions at once and executes '
                     f'{m.chunk["executed"]} of them before it looks again.')
    if m.likeness:
        lines.append(
            f"- Expert-likeness: warns above {m.likeness['warn']:.4g}, stops above "
            f"{m.likeness['stop']:.4g} (running mean over {m.likeness['window']} ticks), "
            'calibrated on held-out demonstrations.')
    else:
        lines.append('- Has no expert-likeness detector: nothing tells when it is lost.')
    return '\n'.join(lines)
