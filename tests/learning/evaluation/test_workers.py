"""Work over processes: in order, lazily, errors as they were."""

import os
from functools import partial
from itertools import count, islice

import pytest
from small_jobs import broken_setup, process_id, refuse, where

from adapt_learning.errors import ContractError, SettingError
from adapt_learning.evaluation.workers import run_in_order


@pytest.mark.parametrize('jobs', [1, 2])
def test_endless_items_come_in_order(jobs):
    with run_in_order(jobs, process_id, where, count()) as results:
        first = list(islice(results, 20))
    assert [item for item, _, _ in first] == list(range(20))
    processes = {state for _, state, _ in first}
    assert (processes == {os.getpid()}) == (jobs == 1) and len(processes) <= jobs
    if jobs > 1:
        assert {threads for _, _, threads in first} == {'1'}


@pytest.mark.parametrize('jobs', [1, 2])
def test_errors_reach_the_user_as_they_were(jobs):
    with (pytest.raises(ContractError, match='three mistakes'),
          run_in_order(jobs, process_id, refuse, [1, 2]) as results):
        list(results)
    with (pytest.raises(SettingError, match='cannot be made'),
          run_in_order(jobs, broken_setup, where, [1]) as results):
        list(results)


def test_the_environment_is_as_before():
    before = dict(os.environ)
    with run_in_order(2, partial(process_id), where, [1]) as results:
        list(results)
    assert dict(os.environ) == before


def test_refuses_no_processes():
    with pytest.raises(SettingError, match='at least 1'), run_in_order(
            0, process_id, where, [1]):
        pass
