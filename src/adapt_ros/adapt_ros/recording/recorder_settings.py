"""What demo_recorder can be told by parameters."""

from dataclasses import dataclass

from adapt_ros.parameters import Range, parameter


@dataclass(frozen=True)
class DemoRecorderSettings:
    """Parameters of demo_recorder."""

    folder: str = parameter('', 'Folder of the bags; made if it is not there; needed')
    contract: str = parameter('fetch_pick', 'Contract file, or name of an installed one')
    task: str = parameter('', 'What is demonstrated, for goals that do not say it; empty: the '
                              "contract's description")
    operator_name: str = parameter('', 'Who demonstrates, for goals that do not say it')
    namespace: str = parameter('', "Where the robot's nodes stand; empty: where this node stands")
    episode_topic: str = parameter('episode', 'Where episodes are announced')
    extra_topics: str = parameter('', 'Topics beside those of the contract, with spaces between')
    record_cameras: bool = parameter(False, "Also record the contract's cameras")
    lockstep: bool = parameter(False, 'The simulation waits for every command: pauses are in order')
    late_factor: float = parameter(3.0, 'Periods without a message that make a topic late',
                                   within=Range(1.0, 1000.0))
    slow_factor: float = parameter(0.8, 'Part of the expected rate below which a topic is slow',
                                   within=Range(0.0, 1.0))
    clock_jump: float = parameter(1.5, 'Leap of the stamps ahead of the steady clock that is told',
                                  unit='s', within=Range(0.01, 3600.0))
    warn_free_disk: float = parameter(2000.0, 'Warn when less is left on the disk', unit='MB',
                                      within=Range(0.0, 1e9))
    min_free_disk: float = parameter(500.0, 'Stop and save when less is left on the disk',
                                     unit='MB', within=Range(0.0, 1e9))
    autostart: bool = parameter(False, 'Configure and activate without a manager')
