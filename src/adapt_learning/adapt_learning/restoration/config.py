"""Settings of a restoration, with presets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from adapt_learning import catalog
from adapt_learning.errors import SettingError
from adapt_learning.stacked.config import from_values, one_of, to_values, with_overrides

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType({
    'dmdr': MappingProxyType({}),
    'published': MappingProxyType({
        'find_faults': False, 'filter_settings': {'lof': {'resolution': 0.0}},
        'restorer_settings': {'training': {'scale': 'diffused'}}}),
    'trajectory': MappingProxyType({
        'filter': 'trajectory', 'clean_share': 'auto', 'context': 2, 'both_polluted': 'restore',
        'restorer_settings': {'draw': 'mean'}}),
})
"""
dmdr: the pipeline of the dissertation, with what experiments taught us (docs/explanation/dmdr.md).
published: the same where its text is plain, to the letter. trajectory: ours, with neighbours in
time.
"""

_PARTS = ('filter', 'restorer')


@dataclass(frozen=True)
class RestorationConfig:
    """What is judged, learnt and restored, and how; the defaults are those of preset dmdr."""

    filter: str = 'ae_lof'
    """Who judges how suspicious a value is (`catalog.FILTERS`)."""
    restorer: str = 'diffusion'
    """Who restores (`catalog.RESTORERS`)."""
    clean_share: float | None = 0.5
    """Share of the values of each side that is called clean; None ('auto'): estimated."""
    both_polluted: str = 'drop'
    """Pairs with both sides suspected: drop, as published, or restore from their neighbours."""
    find_faults: bool = True
    """Take drop-outs and exact copies for missing values, before a filter is asked."""
    context: int = 0
    """Rows before and after, of the same episode, that belong to the condition; 0: published."""
    least_clean_pairs: int = 256
    """Fewer clean pairs are refused: nothing could be learnt from them."""
    most_clean_pairs: int = 200_000
    """Clean pairs that a restorer learns from, at most; memory stays bounded."""
    filter_settings: Any = None
    """The filter's Config."""
    restorer_settings: Any = None
    """The restorer's Config."""

    def __post_init__(self):
        one_of('both_polluted', self.both_polluted, ('drop', 'restore'))
        if self.clean_share is not None and not 0 < self.clean_share < 1:
            raise SettingError("clean_share lies in 0..1 (without both) or is 'auto'; got "
                               f'{self.clean_share}')
        if not 0 <= self.context <= 50:
            raise SettingError(f'context lies in 0..50 rows; got {self.context}')
        if self.both_polluted == 'restore' and not self.context:
            raise SettingError("both_polluted 'restore' needs context of at least 1 row: a pair "
                               'without a clean side can only be restored from its neighbours')
        if not 1 < self.least_clean_pairs <= self.most_clean_pairs:
            raise SettingError('1 < least_clean_pairs <= most_clean_pairs; got '
                               f'{self.least_clean_pairs} and {self.most_clean_pairs}')
        for part in _PARTS:
            if getattr(self, f'{part}_settings') is None:
                config = catalog.load(part, getattr(self, part)).Config()
                object.__setattr__(self, f'{part}_settings', config)

    def values(self) -> dict[str, Any]:
        """
        Return everything as nested plain values; `make_config` inverts it.

        Results are named by these values. So `find_faults`, which came later and changes nothing
        where there are no faults, is among them only where it is off.
        """
        plain = {name: value for name, value in vars(self).items()
                 if not name.endswith('_settings') and (name, value) != ('find_faults', True)}
        return {**plain, 'filter_settings': to_values(self.filter_settings),
                'restorer_settings': to_values(self.restorer_settings)}


def resolve(preset: str = 'dmdr', overrides: Iterable[str] = ()) -> RestorationConfig:
    """
    Return the settings of a preset with key=value overrides, e.g. restorer_settings.draw=mean.

    Where an override names another filter or restorer, the preset's settings of it do not count.
    """
    if preset not in PRESETS:
        raise SettingError(f"there is no preset '{preset}'; allowed: {', '.join(PRESETS)}")
    values, chosen = dict(PRESETS[preset]), with_overrides({}, overrides := tuple(overrides))
    for part in _PARTS:
        if chosen.get(part) not in (None, values.get(part, getattr(RestorationConfig, part))):
            values.pop(f'{part}_settings', None)
    return make_config(with_overrides(values, overrides))


def make_config(values: Mapping[str, Any]) -> RestorationConfig:
    """Make settings from nested plain values; SettingError names what is wrong."""
    values = dict(values)
    if values.get('clean_share') == 'auto':
        values['clean_share'] = None
    settings = {part: values.pop(f'{part}_settings', None) or {} for part in _PARTS}
    config = from_values(RestorationConfig, values)
    return replace(config, **{
        f'{part}_settings': from_values(catalog.load(part, getattr(config, part)).Config,
                                        settings[part], f'{part}_settings')
        for part in _PARTS})
