"""What is put on the bench: a policy at work, and a line that is inspected."""

import pytest


@pytest.fixture
def at_work(bench, tmp_path):
    """
    Return a function that puts a handmade policy and a robot on the bench.

    It takes what `make_policy` and `write_arm_contract` take and gives (node, robot, client).
    """
    from arm_contract import write_arm_contract
    from artifact_maker import make_policy
    from bench import Client, Robot, activate

    from adapt_ros.nodes.policy_node import PolicyNode

    def put(policy=None, contract=None, **parameters):
        path, arm = write_arm_contract(tmp_path, **(contract or {}))
        artifact = make_policy(tmp_path / 'artifact', arm, **(policy or {'action': [1, 0, 0, 1]}))
        # The robot on the bench stamps by a clock of its own, that begins at one second.
        parameters = {'check_stamps': False} | parameters
        node = bench.node(PolicyNode, artifact=str(artifact), contract=str(path), **parameters)
        robot = Robot(bench, arm)
        activate(node)
        bench.until(robot.connected, 'discovery')
        robot.say_held()
        bench.until(lambda: 'goal/pose' not in node._observations.assembler.missing()
                    or arm.needs_episodes, 'the held goal')
        return node, robot, Client(bench)
    return put


@pytest.fixture
def line(bench, tmp_path):
    """Return a function that puts inspection_node and a camera on the bench."""
    from inspection_bench import InspectionBench
    return lambda **parameters: InspectionBench(bench, tmp_path, **parameters)
