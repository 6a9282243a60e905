"""Configurations from plain values: what is wrong is said with what is allowed."""

from dataclasses import dataclass

import pytest

from adapt_learning.errors import SettingError
from adapt_learning.policies.dbc import DiffusionBehavioralCloningConfig as Config
from adapt_learning.stacked.config import (
    OptimizationConfig,
    from_values,
    later,
    naming_values,
    to_values,
    with_overrides,
)


def test_round_trip_through_plain_values():
    config = from_values(Config, {'lambda_dm': 2, 't_high': 500, 'network': {'width': 7},
                                  'diffusion': {'optimization': {'learning_rate': '1e-4'}}})
    assert config.lambda_dm == 2.0 and config.t_high == 500
    assert config.diffusion.optimization.learning_rate == 1e-4
    assert from_values(Config, to_values(config)) == config


@pytest.mark.parametrize('values, words', [
    ({'widht': 3}, ["no setting 'widht'", 'network']),
    ({'network': {'widht': 3}}, ["no setting 'network.widht'", "Did you mean 'width'"]),
    ({'network': {'width': 'wide'}}, ["'network.width' is of type int", "'wide'"]),
    ({'network': {'width': 3.5}}, ['type int']),
    ({'expert_term': 1}, ['type bool']),
    ({'network': 3}, ['network is a mapping']),
    ({'network': {'width': 0}}, ['network: width', 'at least 1']),
    ({'optimization': {'precision': 'half'}}, ['auto, float32, bf16']),
    ({'network': {'width': 10**400}}, ["'network.width' is a whole number below 2^63"]),
    ({'network': {'width': float('inf')}}, ["'network.width' is of type int; got inf"]),
    ({'network': {'width': float('nan')}}, ["'network.width' is of type int"]),
    ({'lambda_dm': 10**400}, ["'lambda_dm' is a finite number"]),
    ({'lambda_dm': '1e400'}, ["'lambda_dm' is a finite number; got '1e400'"]),
    ({'lambda_dm': float('nan')}, ["'lambda_dm' is a finite number; got nan"]),
    ({'lambda_dm': 'much'}, ["'lambda_dm' is of type float"]),
    ({'optimization': {'learning_rate': float('inf')}}, ['learning_rate', 'finite']),
    ({'optimization': {'weight_decay': 'inf'}}, ['weight_decay', 'finite']),
])
def test_mistakes(values, words):
    with pytest.raises(SettingError) as caught:
        from_values(Config, values)
    for word in words:
        assert word in str(caught.value)


def test_overrides_do_not_change_the_preset():
    preset = {'network': {'width': 1}}
    assert with_overrides(preset, ['network.width=2', 'draws=3', 't_high=null']) == {
        'network': {'width': 2}, 'draws': 3, 't_high': None}
    assert preset == {'network': {'width': 1}}


@pytest.mark.parametrize('text', ['network.width', '=3', 'network..width=3', 'draws=[1',
                                  'network.width.deep=1', f'draws={"9" * 5000}',
                                  f'draws={"[" * 5000}'])
def test_bad_overrides(text):
    with pytest.raises(SettingError):
        with_overrides({'network': {'width': 1}}, [text])


@pytest.mark.parametrize('settings', [
    {'steps': 0}, {'batch': 0}, {'learning_rate': 0}, {'ema_decay': 1.0}, {'weight_decay': -1},
    {'learning_rate': float('inf')}, {'weight_decay': float('inf')},
    {'learning_rate': float('nan')},
    {'optimizer': 'sgd'}, {'decay': 'step'}, {'keep': 'all'}, {'patience': 3}])
def test_bad_optimization(settings):
    with pytest.raises(SettingError, match='got'):
        OptimizationConfig(**settings)


@dataclass(frozen=True)
class Inner:
    """A part with a setting that came later."""

    old: int = 1
    new: str = later('before')


@dataclass(frozen=True)
class Outer:
    """Settings with such a part, which came later itself in one place."""

    part: Inner = Inner()
    late: Inner = later(Inner())


def test_settings_that_came_later_name_a_result_only_where_they_differ():
    assert naming_values(Outer()) == {'part': {'old': 1}}
    assert to_values(Outer())['late'] == {'old': 1, 'new': 'before'}
    changed = Outer(Inner(new='now'), Inner(old=2))
    assert naming_values(changed) == {'part': {'old': 1, 'new': 'now'}, 'late': {'old': 2}}
    assert from_values(Outer, naming_values(changed)) == changed
