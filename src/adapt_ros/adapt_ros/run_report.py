"""What an evaluation through ROS ends with: a table, result.json, a video and one picture."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adapt_learning.data.files import write_json
from adapt_learning.evaluation.film import drawn_episode
from adapt_learning.evaluation.intervals import success_rate
from adapt_learning.evaluation.plots import DrawnEpisode, draw_run
from adapt_learning.evaluation.video import Clip, VideoFailed, write_video
from adapt_learning.frames import Contract


@dataclass(frozen=True)
class EpisodeRecord:
    """What became of one episode."""

    seed: int
    success: bool | None
    """None: nobody said (a real robot without a success sensor), or it was cut short."""
    cut_short: bool
    """It did not come to its own end: aborted by the scene, or the goal was ended in it."""
    steps: int
    total_reward: float
    ticks: int
    """Commands of the policy."""
    deadline_misses: int
    limited_commands: int
    seconds: float
    """From the goal to both its result and the scene's end [s]."""
    running_s: float
    """From the call of the reset to the end that the scene announced [s]."""
    reason: str
    """Name of the StopReason that ended the goal."""
    text: str


class RunReport:
    """Collects episodes and turns them into numbers and pictures."""

    def __init__(self, contract: Contract, noise_level: float, seed: int, planned: int,
                 settings: dict[str, Any]):
        self.contract = contract
        self.episodes: list[EpisodeRecord] = []
        self._noise_level = noise_level
        self._seed = seed
        self._planned = planned
        self._settings = settings
        self._latencies: list[np.ndarray] = []
        self._likeness: list[np.ndarray] = []
        self._drawn: list[DrawnEpisode] = []
        self._clips: list[Clip] = []
        self._begun_s = time.monotonic()

    def begin(self) -> None:
        """Note that the first episode begins now."""
        self._begun_s = time.monotonic()

    def add(self, record: EpisodeRecord, latency_s: np.ndarray, likeness: np.ndarray,
            observations: np.ndarray, pictures: list[np.ndarray]) -> None:
        """Take an ended episode; empty observations or pictures are not drawn or filmed."""
        number = len(self.episodes) + 1
        self.episodes.append(record)
        self._latencies.append(latency_s)
        self._likeness.append(likeness)
        if len(observations):
            self._drawn.append(
                drawn_episode(observations, self.contract, record.success, likeness))
        if pictures:
            self._clips.append(
                Clip(pictures, f'episode {number}, seed {record.seed}', record.success))

    def line(self, record: EpisodeRecord) -> str:
        """Return one line of progress for the newest episode."""
        done = len(self.episodes)
        spent = time.monotonic() - self._begun_s
        left = spent / done * (self._planned - done)
        word = 'cut short' if record.cut_short else {
            True: 'success', False: 'failure', None: 'done'}[record.success]
        extra = '' if record.reason == 'EPISODES_DONE' else f'  ({record.text})'
        return (f'episode {done:>3}/{self._planned}  seed {record.seed}  {word}  '
                f'{record.steps} steps  {record.seconds:.2f} s   about {left:.0f} s left{extra}')

    def as_dict(self) -> dict[str, Any]:
        """Return result.json: the fields of `adapt eval --json` and those of the robot side."""
        known = [e for e in self.episodes if e.success is not None]
        latency = np.concatenate(self._latencies) if self._latencies else np.zeros(0)
        likeness = np.concatenate(self._likeness) if self._likeness else np.zeros(0)
        seconds = sum(e.seconds for e in self.episodes)
        result = {
            'contract': self.contract.name, 'interface_hash': self.contract.interface_hash,
            'noise_level': self._noise_level, 'seed': self._seed,
            'episodes': len(self.episodes), 'planned': self._planned,
            'judged': len(known), 'cut_short': sum(e.cut_short for e in self.episodes),
            'mean_steps': float(np.mean([e.steps for e in self.episodes])),
            'seconds': seconds, 'episodes_per_second': len(self.episodes) / seconds,
            'steps_per_second': self._speed(),
            'ticks': sum(e.ticks for e in self.episodes), 'inferences': int(latency.size),
            'latency_p50_ms': _percentile(latency, 50), 'latency_p99_ms': _percentile(latency, 99),
            'latency_max_ms': _percentile(latency, 100),
            'deadline_misses': sum(e.deadline_misses for e in self.episodes),
            'limited_commands': sum(e.limited_commands for e in self.episodes),
            'likeness_mean': float(likeness.mean()) if likeness.size else None,
            'settings': self._settings,
            'per_episode': [asdict(e) for e in self.episodes],
        }
        if known:
            rate = success_rate(sum(e.success for e in known), len(known))
            result |= {'success_rate': rate.rate, 'ci_low': rate.low, 'ci_high': rate.high,
                       'successes': rate.successes}
        return result

    def _speed(self) -> float:
        """Return the steps per second [1/s] of what was not slowed down by being filmed."""
        filmed = len(self._clips)
        plain = self.episodes[filmed:] or self.episodes
        return sum(e.steps for e in plain) / sum(e.running_s for e in plain)

    def table(self) -> str:
        """Return the closing table for people."""
        facts = self.as_dict()
        rows = [('episodes', f'{facts["episodes"]} of {facts["planned"]}')]
        if 'success_rate' in facts:
            rows.append(('success', f'{facts["successes"]}/{facts["judged"]} = '
                         f'{facts["success_rate"]:.1%}   (95 % Wilson interval '
                         f'{facts["ci_low"]:.1%} .. {facts["ci_high"]:.1%})'))
        else:
            rows.append(('success', 'every episode was cut short'
                         if facts['cut_short'] == facts['episodes'] else
                         'nobody said (no episode topic)'))
        if facts['cut_short']:
            rows.append(('cut short', f'{facts["cut_short"]} (not in the success rate)'))
        rows += [
            ('noise level, seeds', f'{facts["noise_level"]:g}, {self._seed} .. '
             f'{self._seed + len(self.episodes) - 1}'),
            ('mean steps', f'{facts["mean_steps"]:.1f}'),
            ('observation to command', f'p50 {_ms(facts["latency_p50_ms"])}, '
             f'p99 {_ms(facts["latency_p99_ms"])}, max {_ms(facts["latency_max_ms"])}'),
            ('deadline misses', f'{facts["deadline_misses"]} of {facts["ticks"]} '
             f'({self.contract.safety.inference_deadline_s * 1e3:g} ms)'),
            ('commands limited', f'{facts["limited_commands"]} of {facts["ticks"]}'),
            *self._planning(facts),
            ('steps per second', f'{facts["steps_per_second"]:.0f} (not filmed)'),
        ]
        if facts['likeness_mean'] is not None:
            rows.append(('expert-likeness', f'mean {facts["likeness_mean"]:.2f} (1 warns)'))
        width = max(len(name) for name, _ in rows)
        lines = [f'  {name:<{width}}  {value}' for name, value in rows]
        rule = '-' * max(len(line) for line in lines)
        return '\n'.join([rule, *lines, rule])

    @staticmethod
    def _planning(facts: dict[str, Any]) -> list[tuple[str, str]]:
        """Return a row on action chunks, where there are some."""
        asked, ticks = facts['inferences'], facts['ticks']
        return [('inferences', f'{asked} in {ticks} ticks (action chunks)')] * (asked < ticks)

    def write(self, folder: Path) -> list[str]:
        """Write result.json, video and picture; returns one line per file for people."""
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / 'result.json', self.as_dict())
        lines = [f'wrote {folder / "result.json"}']
        facts = self.as_dict()
        if self._drawn:
            rate = f'{facts["success_rate"]:.0%} of ' if 'success_rate' in facts else ''
            shown = facts['judged'] if rate else facts['episodes']
            draw_run(folder / 'run.png',
                     f'{self.contract.name} through ROS 2, noise level {self._noise_level:g}: '
                     f'{rate}{shown} episodes',
                     self._drawn, np.concatenate(self._latencies), rate_hz=self.contract.rate_hz,
                     deadline_s=self.contract.safety.inference_deadline_s)
            lines.append(f'wrote {folder / "run.png"}')
        if self._clips:
            try:
                write_video(folder / 'episodes.mp4', self._clips, self.contract.rate_hz)
                lines.append(f'wrote {folder / "episodes.mp4"}')
            except VideoFailed as error:
                lines.append(f'no video: {error}')
        return lines


def _percentile(latency_s: np.ndarray, percent: float) -> float | None:
    return float(np.percentile(latency_s, percent) * 1e3) if latency_s.size else None


def _ms(value: float | None) -> str:
    return '-' if value is None else f'{value:.2f} ms'
