"""policy_node's life cycle: silent unless active, and clear about why it does not start."""

import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.msg import TerminationReason
from arm_contract import GRIP, VELOCITY, write_arm_contract
from artifact_maker import make_policy
from bench import Client, Robot, activate
from geometry_msgs.msg import PoseStamped, TwistStamped
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState

from adapt_ros.nodes.policy_node import PolicyNode

FAILURE, SUCCESS = TransitionCallbackReturn.FAILURE, TransitionCallbackReturn.SUCCESS


def state_of(bench):
    return bench.call(GetState, 'policy_node/get_state').current_state.label


def refused(bench, **parameters):
    """Return why configure is refused."""
    node = bench.node(PolicyNode, **parameters)
    assert node.trigger_configure() == FAILURE
    assert state_of(bench) == 'unconfigured'
    return node.failure


def test_it_refuses_goals_and_is_silent_unless_active(bench, tmp_path):
    path, contract = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'a', contract, action=[1, 0, 0, 1])
    node = bench.node(PolicyNode, artifact=str(artifact), contract=str(path), check_stamps=False)
    robot, client = Robot(bench, contract), Client(bench)
    assert node.trigger_configure() == SUCCESS
    bench.until(robot.connected, 'discovery')
    assert not client.send().accepted
    answer = bench.trigger('policy_node/start')
    assert not answer.success and 'not active' in answer.message
    robot.publish()
    bench.spin_for(0.2)
    assert robot.heard == []


def test_a_manager_can_drive_it_through_the_services(bench, tmp_path):
    path, contract = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'a', contract)
    bench.node(PolicyNode, artifact=str(artifact), contract=str(path), check_stamps=False)
    for number, label in ((1, 'inactive'), (3, 'active'), (4, 'inactive'), (2, 'unconfigured'),
                          (1, 'inactive'), (3, 'active')):
        request = ChangeState.Request()
        request.transition.id = number
        assert bench.call(ChangeState, 'policy_node/change_state',
                          transition=request.transition).success
        assert state_of(bench) == label


def test_deactivated_in_mid_run_the_safe_command_is_the_last_word(bench, at_work):
    """Whatever is published after deactivation, the last message on every command topic is safe."""
    node, robot, client = at_work()
    goal = client.send()
    robot.step()
    assert node.trigger_deactivate() == SUCCESS
    for _ in range(3):
        robot.publish()
    status, result = client.result(goal)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.reason.value == TerminationReason.DEACTIVATED
    bench.spin_for(0.2)
    assert len(robot.of(VELOCITY)) == 2 and not robot.of(VELOCITY)[-1].any()
    assert robot.of(GRIP)[-1] == pytest.approx([1.0]), 'a held command is repeated, not zero'
    assert not client.send().accepted
    assert node.trigger_activate() == SUCCESS
    assert client.send().accepted, 'deactivation is no fault and is not latched'


def test_it_can_be_cleaned_up_and_configured_again(bench, at_work):
    node, robot, client = at_work()
    for _ in range(2):
        goal = client.send()
        robot.step()
        bench.trigger('policy_node/cancel')
        client.result(goal)
        assert node.trigger_deactivate() == SUCCESS
        assert node.trigger_cleanup() == SUCCESS
        bench.until(lambda: not robot.node.count_publishers(VELOCITY), 'the publishers are gone')
        activate(node)
        bench.until(robot.connected, 'discovery')
        robot.say_held()
        bench.until(lambda: 'goal/pose' not in node._observations.assembler.missing(), 'the goal')


def test_a_flipped_byte_refuses_configure(bench, tmp_path):
    path, contract = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'a', contract)
    damaged = bytearray((artifact / 'model.onnx').read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (artifact / 'model.onnx').write_bytes(damaged)
    text = refused(bench, artifact=str(artifact), contract=str(path))
    assert 'model.onnx' in text and 'damaged' in text


def test_another_contracts_interface_refuses_configure_with_both_hashes(bench, tmp_path):
    _, contract = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'a', contract)
    path, other = write_arm_contract(tmp_path, change=('[shoulder, elbow], size: 2',
                                                       '[shoulder, elbow, wrist], size: 3'))
    text = refused(bench, artifact=str(artifact), contract=str(path))
    assert contract.interface_hash in text and other.interface_hash in text
    assert 'joints' in text


def test_a_contract_with_mistakes_refuses_configure_and_lists_them_with_lines(bench, tmp_path):
    path, contract = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'a', contract)
    path.write_text(path.read_text().replace('rate_hz: 10', 'rate_hz: -1')
                    .replace('pose.position', 'pose.place').replace('scale: 0.5', 'skale: 0.5')
                    .replace('size: 2', 'size: 5'))
    text = refused(bench, artifact=str(artifact), contract=str(path))
    for mistake in (':2:', 'rate_hz', 'pose.place', 'skale', 'size is 5'):
        assert mistake in text
    assert int(text.split(' mistake')[0].split()[-1]) >= 5


@pytest.mark.parametrize(('artifact', 'said'), [
    ('', "'artifact' is needed"), ('no_such_policy', 'no_such_policy')])
def test_an_artifact_that_is_not_there_refuses_configure(bench, artifact, said):
    assert said in refused(bench, artifact=artifact)


def test_after_a_refused_configure_a_good_one_works(bench, tmp_path):
    path, contract = write_arm_contract(tmp_path)
    artifact = make_policy(tmp_path / 'a', contract)
    manifest = (artifact / 'manifest.json').read_text()
    (artifact / 'manifest.json').write_text('{')
    node = bench.node(PolicyNode, artifact=str(artifact), contract=str(path), check_stamps=False)
    assert node.trigger_configure() == FAILURE and node.failure
    (artifact / 'manifest.json').write_text(manifest)
    activate(node)
    assert node.failure is None


def test_best_effort_sensors_are_heard_and_commands_are_reliable(bench, at_work):
    """Real sensors publish best effort; a command that a robot asks reliably must match."""
    _, robot, client = at_work()
    for topic in ('gripper/pose', 'joint_states'):
        robot.node.destroy_publisher(robot.writer._publishers[topic])
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    for topic, kind in (('gripper/pose', PoseStamped), ('joint_states', JointState)):
        robot.writer._publishers[topic] = robot.node.create_publisher(kind, topic, best_effort)
    bench.until(robot.connected, 'discovery')
    client.send()
    robot.step()
    info = robot.node.get_publishers_info_by_topic(f'{bench.namespace}/{VELOCITY}')
    assert [i.qos_profile.reliability for i in info] == [ReliabilityPolicy.RELIABLE]
    twist = next(message for _, topic, message in robot.heard if topic == VELOCITY)
    assert isinstance(twist, TwistStamped) and twist.header.frame_id == 'base_link'
