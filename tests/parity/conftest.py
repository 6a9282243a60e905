"""The policy that parity is shown with."""

from pathlib import Path

import numpy as np
import pytest

MODEL = Path(__file__).parents[2] / 'models' / 'fetch_pick_dbc'


@pytest.fixture(scope='session')
def policies(tmp_path_factory):
    """Return artifacts: one that reacts to everything it sees, and the shipped one if there is."""
    from artifact_maker import make_policy

    from adapt_learning.frames import load_contract
    contract = load_contract('fetch_pick')
    gain = 0.3 * np.random.default_rng(0).standard_normal((contract.observation_spec.size, 4))
    made = make_policy(tmp_path_factory.mktemp('policy') / 'reacting', contract, gain=gain,
                       judged=(5, 1.0, 9.0))
    shipped = [MODEL] if (MODEL / 'manifest.json').is_file() else []
    return [made, *shipped]


@pytest.fixture(scope='session')
def chunked(tmp_path_factory):
    """Return an artifact that gives chunks of five actions, three of which are executed."""
    from artifact_maker import make_policy

    from adapt_learning.data.chunk import Chunk
    from adapt_learning.frames import load_contract
    contract = load_contract('fetch_pick')
    gain = 0.3 * np.random.default_rng(1).standard_normal((contract.observation_spec.size, 4))
    return make_policy(tmp_path_factory.mktemp('policy') / 'chunked', contract, gain=gain,
                       judged=(5, 1.0, 9.0), chunk=Chunk(5, 3))


@pytest.fixture
def lockstep(bench):
    """Return a function that puts a policy and a simulation in lockstep on the bench."""
    from bench import Client, Pilot, activate

    from adapt_ros.nodes.policy_node import PolicyNode
    from adapt_ros.nodes.sim_bridge import SimBridge

    def put(artifact):
        policy = bench.node(PolicyNode, artifact=str(artifact), contract='fetch_pick',
                            lockstep=True)
        simulation = bench.node(SimBridge, mode='lockstep')
        activate(policy)
        activate(simulation)
        pilot = Pilot(bench, policy.contract)
        pilot.writer.destroy()
        bench.until(lambda: not pilot.reader.silent() and pilot.episodes, 'discovery')
        bench.until(lambda: all(
            simulation.count_publishers(f.topic) == 1 for f in policy.contract.action), 'commands')
        return policy, pilot, Client(bench)
    return put
