"""Which number type `precision: auto` takes."""

import pytest
import torch

from adapt_learning.stacked import precision
from adapt_learning.stacked.precision import compute_dtype, name_of

CPU = torch.device('cpu')


@pytest.fixture(autouse=True)
def fresh():
    """Forget what this process has measured, before and after."""
    precision._fast_bf16.cache_clear()
    yield
    precision._fast_bf16.cache_clear()


@pytest.mark.parametrize('announced, gain, chosen', [
    (True, 2.0, 'bf16'), (True, 0.5, 'float32'), (True, 1.1, 'float32'), (False, 2.0, 'float32')])
def test_auto_needs_the_instructions_and_the_speed(monkeypatch, announced, gain, chosen):
    monkeypatch.setattr(precision, '_announced', lambda: announced)
    monkeypatch.setattr(precision, '_gain', lambda: gain)
    assert name_of(compute_dtype('auto', CPU)) == chosen


def test_what_is_named_is_not_measured(monkeypatch):
    monkeypatch.setattr(precision, '_gain', lambda: pytest.fail('measured'))
    assert compute_dtype('float32', CPU) == torch.float32
    assert compute_dtype('bf16', CPU) == torch.bfloat16


def test_measured_once_per_process(monkeypatch):
    calls = []
    monkeypatch.setattr(precision, '_announced', lambda: True)
    monkeypatch.setattr(precision, '_gain', lambda: calls.append(1) or 2.0)
    assert {compute_dtype('auto', CPU) for _ in range(5)} == {torch.bfloat16}
    assert len(calls) == 1


def test_the_measurement_is_a_ratio_of_times():
    assert 0.01 < precision._gain() < 100
