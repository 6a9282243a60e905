"""Tasks are gymnasium environments: registered, checked by its checker, cheap to import."""

import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import adapt_learning.tasks
from adapt_learning import catalog
from adapt_learning.errors import SettingError

IDS = [f'adapt/{place.split(":")[1]}-v0' for place in catalog.TASKS.values()]

# What the checker dislikes, and why it stays: the contract's observations are metres and radians
# without bounds, so their box has none.
ACCEPTED = ('minimum value is -infinity', 'maximum value is infinity')


def test_the_documented_name_is_registered():
    assert 'adapt/FetchPick-v0' in gymnasium.registry


@pytest.mark.parametrize('name', IDS)
def test_every_task_of_the_catalogue_can_be_made_by_gymnasium(name):
    env = gymnasium.make(name)
    assert env.unwrapped.render_mode == 'rgb_array'
    observation, info = env.reset(seed=3, options={'noise_level': 1.0})
    assert observation in env.observation_space and info == {'is_success': False}
    assert env.metadata['render_fps'] == round(env.unwrapped.contract.rate_hz)
    twin = type(env.unwrapped)()
    np.testing.assert_array_equal(observation, twin.reset(seed=3)[0])
    twin.close()
    env.close()


@pytest.mark.parametrize('name', IDS)
def test_gymnasium_s_checker_has_nothing_else_to_say(name, can_render):
    env = gymnasium.make(name, disable_env_checker=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        check_env(env.unwrapped)
    env.close()
    said = [str(w.message) for w in caught
            if not any(words in str(w.message) for words in ACCEPTED)]
    assert said == []


def test_a_render_mode_may_be_asked_for_and_a_wrong_one_is_refused():
    for mode in ('rgb_array', None):
        env = gymnasium.make(IDS[0], render_mode=mode)
        assert env.unwrapped.render_mode == mode
        env.close()
    with pytest.raises(SettingError, match='render_mode'):
        adapt_learning.catalog.load('task', catalog.names('task')[0])(render_mode='human')


def test_importing_the_package_loads_no_physics():
    code = ('import sys, adapt_learning.tasks; '
            'heavy = {"mujoco", "gymnasium_robotics", "torch", "matplotlib", "onnxruntime"}; '
            'sys.exit(", ".join(heavy & set(sys.modules)) or 0)')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
