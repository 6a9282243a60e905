"""Parameters of recording_session, apart from the node to keep that short."""

from dataclasses import dataclass

from adapt_ros.parameters import Range, parameter


@dataclass(frozen=True)
class RecordingSessionSettings:
    """Parameters of recording_session."""

    episodes: int = parameter(10, 'Recordings that the folder shall hold in the end, those before '
                                  'included', within=Range(1, 100_000))
    seed: int = parameter(0, 'Simulation: attempt i starts from seed + i', within=Range(0, 2**62))
    noise_level: float = parameter(1.0, 'Simulation: spread of starts and goals',
                                   within=Range(0.0, 10.0))
    keep: str = parameter('all', 'all, or only those that succeeded; the others go to the '
                                 "recorder's trash", one_of=('all', 'success'))
    scene: str = parameter('sim_bridge', 'Node whose ~/reset begins an episode; empty: a real '
                                         'robot, nothing is reset')
    policy_node: str = parameter('', 'Node whose ~/run_policy drives; empty: somebody else does')
    recorder: str = parameter('demo_recorder', 'Node whose ~/record_episode is called')
    wait_for_operator: bool = parameter(False, 'Wait before each recording until ~/begin is called')
    task: str = parameter('', "What is done, for people and datasets; empty: the recorder's")
    operator_name: str = parameter('', "Who demonstrates; empty: the recorder's")
    max_duration: float = parameter(0.0, 'Stop a recording after so long; 0: no limit', unit='s',
                                    within=Range(0.0, 86400.0))
    startup_timeout: float = parameter(60.0, 'Give up if the other nodes are not there by then',
                                       unit='s', within=Range(0.1, 3600.0))
    folder: str = parameter('', 'Folder of the recordings, to note which seeds were tried; empty: '
                                'they are counted by the recordings')
    autostart: bool = parameter(True, 'Configure and activate without a manager')
