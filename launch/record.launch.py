"""Record demonstrations: a robot (simulated or real), whoever drives it, recorder and session."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import (
    EqualsSubstitution,
    IfElseSubstitution,
    LaunchConfiguration,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

ARGUMENTS = [
    DeclareLaunchArgument('task', default_value='fetch_pick', description='task of the catalogue'),
    DeclareLaunchArgument('source', default_value='expert', choices=['expert', 'teleop', 'policy'],
                          description="who drives: the task's expert (in simulation), a person, or "
                                      'a trained policy'),
    DeclareLaunchArgument('episodes', default_value='10',
                          description='recordings that the folder shall hold in the end'),
    DeclareLaunchArgument('out', default_value='demos', description='folder of the bags'),
    DeclareLaunchArgument('keep', default_value='all', choices=['all', 'success'],
                          description='success: what failed goes to the trash of the folder'),
    DeclareLaunchArgument('policy', default_value='fetch_pick_dbc',
                          description='source:=policy: name of a shipped model, or folder of an '
                                      'artifact'),
    DeclareLaunchArgument('expert', default_value='default',
                          description="source:=expert: which of the task's"),
    DeclareLaunchArgument('input', default_value='keyboard', choices=['keyboard', 'joy'],
                          description='source:=teleop: keyboard (run `ros2 run adapt_ros keyboard` '
                                      'in a second terminal) or joy (run joy_node)'),
    DeclareLaunchArgument('operator', default_value='', description='who demonstrates'),
    DeclareLaunchArgument('noise_level', default_value='1.0',
                          description='simulation: spread of starts and goals'),
    DeclareLaunchArgument('seed', default_value='0',
                          description='simulation: attempt i starts from seed + i'),
    DeclareLaunchArgument('speed', default_value='4.0',
                          description='simulation with expert or policy: so many times as fast as '
                                      'real time'),
    DeclareLaunchArgument('max_steps', default_value='1500',
                          description='simulation with teleop: control steps after which an '
                                      'episode has failed'),
    DeclareLaunchArgument('max_duration', default_value='60.0',
                          description='stop a recording after so long [s]'),
    DeclareLaunchArgument('cameras', default_value='false', choices=['true', 'false'],
                          description='record the cameras too'),
    DeclareLaunchArgument('pollution_kind', default_value='',
                          description='simulation: noise on what is published: gaussian, dropout, '
                                      'spike, stuck, bias, shift, jitter, latency; empty: none'),
    DeclareLaunchArgument('pollution_p', default_value='0.2',
                          description='share of polluted instants'),
    DeclareLaunchArgument('pollution_sigma', default_value='1.0',
                          description='size of the noise in standard deviations'),
    DeclareLaunchArgument('pollution_seed', default_value='0', description='seed of the noise'),
    DeclareLaunchArgument('robot', default_value='sim', choices=['sim', 'real'],
                          description='real: a robot that speaks the contract takes the place of '
                                      'the simulation'),
    DeclareLaunchArgument('contract', default_value='',
                          description='contract file or name of an installed one; empty: that of '
                                      'the task in simulation, fetch_robot on the robot'),
    DeclareLaunchArgument('namespace', default_value='', description='namespace of all names'),
]


def of(name, kind=str):
    """Return an argument as a parameter of this type."""
    return ParameterValue(LaunchConfiguration(name), value_type=kind)


def generate_launch_description():
    """Return the whole system; it ends with the session."""
    is_sim = EqualsSubstitution(LaunchConfiguration('robot'), 'sim')
    by_expert = EqualsSubstitution(LaunchConfiguration('source'), 'expert')
    by_person = EqualsSubstitution(LaunchConfiguration('source'), 'teleop')
    by_policy = EqualsSubstitution(LaunchConfiguration('source'), 'policy')
    # A person and a real robot need real time; the others are repeatable in lockstep.
    mode = IfElseSubstitution(
        is_sim, IfElseSubstitution(by_person, 'realtime', 'lockstep'), 'realtime')
    lockstep = EqualsSubstitution(mode, 'lockstep')
    # On a real robot whoever drives by hand says when it begins, simulated experts do not.
    waits = IfElseSubstitution(
        by_policy, 'false', IfElseSubstitution(by_person, 'true', IfElseSubstitution(
            is_sim, 'false', 'true')))
    contract = ParameterValue(IfElseSubstitution(
        EqualsSubstitution(LaunchConfiguration('contract'), ''),
        IfElseSubstitution(is_sim, LaunchConfiguration('task'), 'fetch_robot'),
        LaunchConfiguration('contract')), value_type=str)
    namespace = LaunchConfiguration('namespace')

    def node(name, parameters, condition=None, reason=''):
        return Node(
            package='adapt_ros', executable=name, name=name, namespace=namespace, output='screen',
            emulate_tty=True, parameters=[parameters | {'autostart': True}],
            condition=condition, on_exit=Shutdown(reason=reason or f'{name} ended'))

    return LaunchDescription([
        *ARGUMENTS,
        node('sim_bridge', {
            'task': of('task'),
            'mode': ParameterValue(mode, value_type=str),
            'noise_level': of('noise_level', float),
            'expert': ParameterValue(IfElseSubstitution(
                by_expert, LaunchConfiguration('expert'), ''), value_type=str),
            'speed': of('speed', float),
            'max_steps': ParameterValue(IfElseSubstitution(
                by_person, LaunchConfiguration('max_steps'), '0'), value_type=int),
            'pollution_kind': of('pollution_kind'),
            'pollution_p': of('pollution_p', float),
            'pollution_sigma': of('pollution_sigma', float),
            'pollution_seed': of('pollution_seed', int),
        }, IfCondition(is_sim)),
        node('policy_node', {
            'artifact': of('policy'), 'contract': contract,
            'lockstep': ParameterValue(lockstep, value_type=bool),
            'use_sim_time': ParameterValue(is_sim, value_type=bool),
        }, IfCondition(by_policy)),
        node('teleop', {
            'contract': contract, 'source': of('input'), 'session_only': True,
            'use_sim_time': ParameterValue(is_sim, value_type=bool),
        }, IfCondition(by_person)),
        node('demo_recorder', {
            'folder': of('out'), 'contract': contract,
            'operator_name': of('operator'), 'record_cameras': of('cameras', bool),
            'lockstep': ParameterValue(lockstep, value_type=bool),
            # The truth about the pollution stands in the bag too.
            'extra_topics': ParameterValue(IfElseSubstitution(
                EqualsSubstitution(LaunchConfiguration('pollution_kind'), ''), '',
                'sim_bridge/polluted'), value_type=str),
        }),
        node('recording_session', {
            'episodes': of('episodes', int), 'seed': of('seed', int),
            'noise_level': of('noise_level', float), 'keep': of('keep'),
            'scene': ParameterValue(IfElseSubstitution(is_sim, 'sim_bridge', ''), value_type=str),
            'policy_node': ParameterValue(IfElseSubstitution(by_policy, 'policy_node', ''),
                                          value_type=str),
            'wait_for_operator': ParameterValue(waits, value_type=bool),
            'max_duration': of('max_duration', float), 'folder': of('out'),
        }, reason='the session is over'),
    ])
