"""The smallest configuration of any policy, and a few demonstrations of any task."""

import dataclasses

import pytest

from adapt_learning import catalog
from adapt_learning.data import Dataset, save_dataset
from adapt_learning.evaluation.rollout import ExpertController, rollout
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.stacked.config import OptimizationConfig

# Names of settings that decide how long training takes, wherever they stand in a configuration.
SMALL = {'width': 16, 'depth': 2, 'networks': 3, 'iterations': 2, 'samples': 32, 'negatives': 8,
         'inference_steps': 2}
SMALL_OPTIMIZATION = {'steps': 20, 'batch': 16, 'validate_every': 10, 'warmup_steps': 5}


def small_settings(config, prefix=''):
    """Return `key=value` overrides that make any configuration quick to train."""
    found = []
    for field in dataclasses.fields(config):
        value, place = getattr(config, field.name), f'{prefix}{field.name}'
        if isinstance(value, OptimizationConfig):
            found += [f'{place}.{key}={small}' for key, small in SMALL_OPTIMIZATION.items()]
        elif dataclasses.is_dataclass(value):
            found += small_settings(value, f'{place}.')
        elif field.name in SMALL:
            found.append(f'{place}={SMALL[field.name]}')
    return found


@pytest.fixture(scope='session')
def tasks():
    """Return a function name -> simulation; each is built once."""
    made = {}

    def make(name):
        if name not in made:
            made[name] = make_task(name)
        return made[name]

    yield make
    for task in made.values():
        task.close()


@pytest.fixture(scope='session')
def demonstrations(tasks, tmp_path_factory):
    """Return a function name of a task -> folder with three short demonstrations."""
    made = {}

    def make(name):
        if name not in made:
            task = tasks(name)
            episodes = tuple(
                rollout(task, ExpertController(task.expert()), seed, 1.0).episode
                for seed in range(3))
            made[name] = tmp_path_factory.mktemp('data') / name
            save_dataset(made[name], Dataset(episodes, task.contract, {'command': 'a test'}))
        return made[name]

    return make


@pytest.fixture(scope='session')
def small():
    """Return a function name of a policy -> overrides that make it quick to train."""
    return lambda name: tuple(small_settings(catalog.load('policy', name).Config()))
