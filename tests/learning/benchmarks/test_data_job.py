"""Data in the cache count as long as they speak the contract that the task has now."""

import json

import pytest

from adapt_learning.benchmarks.collect_job import CollectJob
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.data import Dataset, load_dataset, save_dataset
from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract, load_contract

JOB = CollectJob('maze', 1, '')


@pytest.fixture
def place(tmp_path):
    made = Workplace(tmp_path / 'results', tmp_path / 'cache')
    run_jobs([JOB], made, 1)
    assert JOB.has_product(made)
    return made


def grow_old(place):
    """Let the dataset be of an older contract of the task."""
    folder, dataset = JOB.folder(place), load_dataset(JOB.folder(place))
    older = Contract.model_validate(dataset.contract.model_dump() | {'description': 'older'})
    assert older.hash != dataset.contract.hash == load_contract('maze').hash
    JOB.make_room(Workplace(place.results / 'none', place.cache))
    assert not folder.exists()
    save_dataset(folder, Dataset(dataset.episodes, older, dataset.meta))


def test_data_of_an_older_contract_are_made_anew(place):
    wanted = JOB.result(place)['dataset']
    grow_old(place)
    assert not JOB.has_product(place)
    JOB.result_file(place).unlink()
    assert JOB.run(place)['dataset'] == wanted and JOB.has_product(place)


def test_a_result_of_the_older_data_is_not_mixed_with_new_ones(place):
    grow_old(place)
    with pytest.raises(DatasetError, match='is of another contract than maze has now') as caught:
        JOB.run(place)
    assert str(JOB.result_file(place)) in str(caught.value)


def test_a_damaged_dataset_is_made_anew(place):
    wanted = json.loads(JOB.result_file(place).read_text())['result']['dataset']
    (JOB.folder(place) / 'meta/adapt.json').unlink()
    assert not JOB.has_product(place)
    assert JOB.run(place)['dataset'] == wanted
