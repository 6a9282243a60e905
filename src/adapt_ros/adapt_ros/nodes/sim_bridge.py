"""sim_bridge: a task of the catalogue as a robot that speaks its contract.

lockstep: simulated time stands still until the command for the last observation has come, so a run
is deterministic and as fast as its slowest part. realtime: the task advances at the contract's
rate with the newest command, and stops moving when commands cease. With an expert the robot drives
itself: it publishes its commands instead of listening to them.
"""

import math
import time
from dataclasses import dataclass
from functools import partial

from adapt_msgs.msg import EpisodeStatus, Outcome
from adapt_msgs.srv import ResetSimulation, StepSimulation
from diagnostic_msgs.msg import DiagnosticStatus
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool

from adapt_learning import catalog
from adapt_learning.data.pollution import KINDS
from adapt_learning.errors import SettingError, UserError
from adapt_learning.evaluation.simulation import make_task
from adapt_ros import qos
from adapt_ros.bridge import CommandReader, ObservationWriter
from adapt_ros.camera import CameraWriter
from adapt_ros.codecs import set_stamp
from adapt_ros.expert_drive import ExpertDrive
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.parameters import Range, parameter
from adapt_ros.pollution import PublishedPollution
from adapt_ros.scene import Scene

# A command may be this many periods old before the simulated robot stops by itself.
_COMMAND_PERIODS = 2
# Lockstep: what has not been answered for so long is said again; a listener may have come late.
_REPEAT_NS = 1_000_000_000
# Lockstep: real time between two /clock messages. Stamps come with every observation; a message
# more per step would cost a tenth of the speed.
_CLOCK_NS = 20_000_000
# Nobody answers an expert, so nothing holds it back but this: times real time at speed 0. A
# recorder follows four times that without a loss, on two busy cores.
_EXPERT_SPEED = 10.0
# Real time between two episodes that follow by themselves [s].
_BETWEEN_S = 0.5


@dataclass(frozen=True)
class SimBridgeSettings:
    """Parameters of sim_bridge."""

    task: str = parameter('fetch_pick', 'Task of the catalogue', one_of=catalog.names('task'))
    mode: str = parameter('lockstep', 'Who waits for whom', one_of=('lockstep', 'realtime'))
    noise_level: float = parameter(1.0, 'Noise level of resets that do not say one; 1 is the '
                                        'level of the demonstrations', within=Range(0.0, 10.0),
                                   read_only=False)
    command_timeout: float = parameter(10.0, 'Lockstep: give an episode up without a command for '
                                             'so long', unit='s', within=Range(0.1, 600.0))
    max_steps: int = parameter(0, "Control steps after which an episode has failed; 0: the task's",
                               within=Range(0, 1_000_000))
    expert: str = parameter('', "Drive by this one of the task's experts ('default' for the first "
                                'one); empty: by the commands that come')
    speed: float = parameter(0.0, 'Lockstep: steps at most so many times as fast as real time; 0: '
                                  'as fast as commands come, with an expert 10',
                             within=Range(0.0, 1000.0))
    repeat: bool = parameter(False, 'Expert: begin with the next seed when an episode has ended')
    pollution_kind: str = parameter('', 'Noise on what is published, not on what is; empty: none',
                                    one_of=('', *KINDS))
    pollution_p: float = parameter(0.2, 'Share of polluted instants, states and commands apart',
                                   within=Range(0.0, 1.0))
    pollution_sigma: float = parameter(1.0, 'Size of the noise in standard deviations of the '
                                            'demonstrations', within=Range(0.0, 100.0))
    pollution_seed: int = parameter(0, 'Seed of the noise, with that of the episode',
                                    within=Range(0, 2**62))
    autostart: bool = parameter(False, 'Configure and activate without a manager')


class SimBridge(AdaptNode):
    """Publishes observations, cameras, /clock and ~/episode; listens to the commands."""

    def __init__(self, **kwargs):
        super().__init__('sim_bridge', SimBridgeSettings, **kwargs)
        self._forget()

    def _forget(self) -> None:
        self._scene: Scene | None = None
        self._newest: tuple[int, dict] | None = None
        self._held: dict | None = None
        """Lockstep: the answer to the last observation, where it came during a pause."""
        self._waiting_since_ns: int | None = None
        self._published_ns = self._clock_ns = 0
        self._paused = False
        self._malformed = ''
        self._shown: dict = {}
        """The raw values of the present instant as they are published."""
        self._commands: CommandReader | None = None
        self._expert: ExpertDrive | None = None

    def set_up(self) -> None:
        """Load the physics and make the ROS entities."""
        settings = self.settings
        lockstep = settings.mode == 'lockstep'
        undo = self._undo.append
        task = make_task(settings.task)
        undo(task.close)
        contract = task.contract
        self._scene = Scene(task, settings.max_steps)
        self._pollution = PublishedPollution(
            self, '~/polluted', task, settings.pollution_kind, settings.pollution_p,
            settings.pollution_sigma, settings.pollution_seed)
        undo(self._pollution.destroy)
        self._clock_topic = self.create_publisher(Clock, '/clock', qos.SENSOR_LOCKSTEP)
        undo(partial(self.destroy_publisher, self._clock_topic))
        self._episode = self.create_publisher(EpisodeStatus, 'episode', qos.LATCHED)
        undo(partial(self.destroy_publisher, self._episode))
        self._observations = ObservationWriter(self, contract)
        undo(self._observations.destroy)
        self._cameras = []
        for camera in contract.cameras:
            self._cameras.append(CameraWriter(self, camera, contract.rate_hz))
            undo(self._cameras[-1].destroy)
        if settings.expert:
            self._expert = ExpertDrive(self, self._scene, settings.expert, self._pollution)
            undo(self._expert.destroy)
        else:
            self._commands = CommandReader(
                self, contract, self._on_commands, self._on_malformed, match_stamp=lockstep)
            undo(self._commands.destroy)
        for kind, name, answer in ((ResetSimulation, '~/reset', self._on_reset),
                                   (StepSimulation, '~/step', self._on_step),
                                   (SetBool, '~/pause', self._on_pause)):
            undo(partial(self.destroy_service, self.create_service(kind, name, answer)))
        for period, callback in self._clockwork():
            undo(partial(self.destroy_timer,
                         self.create_timer(period, callback, clock=self.steady)))
        self.get_logger().info(f'task {task.spec_.name}, {self.settings.mode}')

    def _clockwork(self):
        """Yield (period [s], callback) of what goes on by itself."""
        real_s = 1.0 / self._scene.contract.rate_hz
        speed = self.settings.speed if self.settings.mode == 'lockstep' else 1.0
        if self._expert is not None:
            yield 0.5 * real_s / (speed or _EXPERT_SPEED), self._drive
        elif self.settings.mode == 'realtime':
            yield real_s, self._advance_on_time
        else:
            yield 0.1, self._watch
            if speed:
                yield real_s / speed, self._advance_at_pace

    def tear_down(self) -> None:
        """Forget the episodes, a pause and what came in."""
        self._forget()

    def start_work(self) -> None:
        """Announce that no episode runs yet."""
        self._publish_episode()
        if self._expert is not None and self.settings.repeat:
            self._begin_episode(0, self.get_parameter('noise_level').value)

    def stop_work(self, text: str) -> None:
        """Cut the episode short."""
        self._end(Outcome.ABORTED)

    # -- services -----------------------------------------------------------------------------

    def _on_reset(self, request, response):
        try:
            if not self.is_active:
                raise SettingError('the simulation is not active; activate sim_bridge first')
            level = request.noise_level
            if math.isnan(level):
                level = self.get_parameter('noise_level').value
            self._scene.task.check_noise_level(level)
            self._begin_episode(int(request.seed), level)
        except UserError as error:
            response.success, response.message = False, str(error)
            return response
        response.success, response.episode = True, self._scene.episode
        return response

    def _begin_episode(self, seed: int, level: float) -> None:
        """Reset the scene and say so; SettingError for a noise level out of range."""
        self._end(Outcome.ABORTED)  # whoever ran the present episode must hear of its end
        self._scene.reset(seed, level)
        for camera in self._cameras:
            camera.prepare(self._scene.picture)
        self._pollution.begin(seed)
        if self._expert is not None:
            self._expert.begin(seed)
        self._newest = self._held = None
        self._malformed = ''
        self._publish_episode()
        self._publish_observation(begin=True)

    def _on_pause(self, request, response):
        self._paused = request.data
        response.success, response.message = True, 'paused' if self._paused else 'running'
        if not self._paused and self._waiting_since_ns is not None:
            self._waiting_since_ns = time.monotonic_ns()  # nobody had to answer during the pause
            if self._held is not None and not self.settings.speed:
                self._advance(self._held)
        return response

    def _on_step(self, request, response):
        response.success = False
        if not self._paused:
            response.message = 'steps are for a paused simulation; call ~/pause first'
        elif not self._scene.running:
            response.message = 'no episode is running; call ~/reset first'
        elif self._newest is None and self._expert is None:
            response.message = 'no command has come yet that a step could apply'
        else:
            response.success = True
            for _ in range(max(1, request.steps)):
                if self._scene.running:
                    self._advance(self._newest[1] if self._expert is None
                                  else self._expert.turn() or self._expert.turn())
        response.steps = self._scene.steps
        return response

    # -- the loop -----------------------------------------------------------------------------

    def _on_commands(self, commands) -> None:
        try:
            self._scene.check(commands)
        except UserError as error:
            self._on_malformed(str(error))
            return
        self._newest = (time.monotonic_ns(), commands)
        if self.settings.mode != 'lockstep' or not self._scene.running:
            return
        if self._paused or self.settings.speed:
            self._held = commands
        else:
            self._advance(commands)

    def _advance_at_pace(self) -> None:
        """Lockstep with a speed: the commands that have come are applied when it is time."""
        if self._held is not None and self._scene.running and not self._paused:
            self._advance(self._held)

    def _drive(self) -> None:
        """Expert: half a step, if its time has come."""
        if self._paused or not self.is_active:
            return
        if not self._scene.running:
            ended_s = (time.monotonic_ns() - self._published_ns) * 1e-9
            if self.settings.repeat and self._scene.episode and ended_s > _BETWEEN_S:
                self._begin_episode(self._scene.seed + 1, self._scene.noise_level)
            return
        commands = self._expert.turn()
        if commands is not None:
            self._advance(commands)

    def _advance_on_time(self) -> None:
        """Realtime: one step per period, with the newest command or the safe one."""
        if self._paused or not self._scene.running:
            return
        commands = None
        if self._newest is not None:
            age_s = (time.monotonic_ns() - self._newest[0]) * 1e-9
            if age_s <= _COMMAND_PERIODS / self._scene.contract.rate_hz:
                commands = self._newest[1]
        self._advance(commands if commands is not None else self._scene.safe_commands())

    def _advance(self, commands) -> None:
        self._held = None
        outcome = self._scene.advance(commands)
        if outcome is not None:
            self._end(outcome)
        else:
            self._publish_observation()

    def _watch(self) -> None:
        """Lockstep: an episode whose commands have ceased is given up."""
        if self._waiting_since_ns is None or self._paused:
            return
        waited = (time.monotonic_ns() - self._waiting_since_ns) * 1e-9
        if waited > self.settings.command_timeout:
            self.get_logger().warning(
                f'no command for {waited:.1f} s; the episode is given up (is policy_node running?)')
            self._end(Outcome.ABORTED)
        elif time.monotonic_ns() - self._published_ns > _REPEAT_NS:
            self._write_observation(begin=self._scene.steps == 0)

    def _publish_observation(self, begin: bool = False) -> None:
        stamp = self._scene.stamp_ns
        self._shown = self._pollution.state(self._scene.raw(), stamp)
        if self._commands is not None and self.settings.mode == 'lockstep':
            self._commands.expect(stamp)
            self._waiting_since_ns = time.monotonic_ns()
        elif self._commands is not None:
            self._commands.expect(0)
        self._write_observation(begin)

    def _write_observation(self, begin: bool) -> None:
        stamp, now = self._scene.stamp_ns, time.monotonic_ns()
        self._published_ns = now
        self._observations.write(self._shown, stamp, begin)
        if begin or self.settings.mode == 'realtime' or now - self._clock_ns > _CLOCK_NS:
            self._clock_ns = now
            clock = Clock()
            clock.clock.sec, clock.clock.nanosec = divmod(stamp, 1_000_000_000)
            self._clock_topic.publish(clock)
        for camera in self._cameras:
            camera.write(self._scene.picture, stamp)

    def _end(self, outcome: int) -> None:
        if self._scene is None or not self._scene.running:
            return
        self._scene.end(outcome)
        self._waiting_since_ns = None
        if self._commands is not None:
            self._commands.expect(None)
        for camera in self._cameras:
            camera.write(self._scene.picture, self._scene.stamp_ns)
        self._publish_episode()

    def _publish_episode(self) -> None:
        scene = self._scene
        message = EpisodeStatus(
            episode=scene.episode, state=scene.state, outcome=Outcome(value=scene.outcome),
            steps=scene.steps, seed=scene.seed, noise_level=scene.noise_level,
            episode_return=scene.episode_return)
        set_stamp(message, scene.stamp_ns)
        self._episode.publish(message)

    def _on_malformed(self, text: str) -> None:
        """Ignore a command that is not of the contract's form, and say so once."""
        if text != self._malformed:
            self.get_logger().warning(f'command ignored: {text}')
        self._malformed = text

    def diagnose(self):
        """Report the episode."""
        scene = self._scene
        problem = self._malformed
        if self._expert is not None and (rivals := self._expert.rivals()):
            problem = (f'the expert drives, but another node commands on {", ".join(rivals)} too; '
                       'nobody listens to that one: stop it')
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        yield 'simulation', level, problem or self.settings.mode, {
            'episode': scene.episode, 'steps': scene.steps, 'seed': scene.seed,
            'noise level': scene.noise_level, 'paused': self._paused}


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(SimBridge, args)


if __name__ == '__main__':
    main()
