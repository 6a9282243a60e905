"""Video and picture of the first episodes of an evaluation."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from adapt_learning.evaluation.evaluate import Evaluation, Trace, trace
from adapt_learning.evaluation.plots import DrawnEpisode, draw_run
from adapt_learning.evaluation.policy_controller import PolicyController, open_policy
from adapt_learning.evaluation.video import Clip, VideoFailed, picture_of, write_video
from adapt_learning.frames import Contract
from adapt_learning.tasks.base import Task

_POSITION = '_position'
_GOAL = 'goal_position'


def film(artifact: str | Path, evaluation: Evaluation, episodes: int, video: Path | None,
         picture: Path | None) -> tuple[str, ...]:
    """
    Run the first episodes once more, the same to the last bit, and film and draw them.

    Returns one sentence for each thing that this machine cannot do, so that numbers are not lost
    for want of a picture.
    """
    simulation, controller = open_policy(str(artifact), evaluation.task)
    problems = []
    traces: list[Trace] = []
    try:
        if video is not None:
            try:
                write_video(video, _clips(simulation, controller, evaluation, episodes, traces),
                            simulation.contract.rate_hz)
            except VideoFailed as error:
                problems.append(str(error))
        if picture is not None:
            if len(traces) < min(episodes, len(evaluation.results)):
                traces = [trace(simulation, controller, result.seed, evaluation.noise_level)
                          for result in evaluation.results[:episodes]]
            _draw(picture, evaluation, traces, simulation.contract)
    finally:
        simulation.close()
    return tuple(problems)


def drawn_episode(observation: np.ndarray, contract: Contract, success: bool | None,
                  likeness: np.ndarray | None = None) -> DrawnEpisode:
    """
    Return an episode as the picture shows it.

    `observation` [T, S] in the contract's order; positions are found by the contract's names.
    """
    positions = {
        key: observation[:, where] for key, where in contract.observation_spec.slices.items()
        if key.endswith(_POSITION) and 'relative' not in key and where.stop - where.start == 3}
    goal = positions.pop(_GOAL, None)
    return DrawnEpisode(
        {key.removesuffix(_POSITION): points for key, points in positions.items()},
        None if goal is None else goal[-1], success,
        np.zeros(0) if likeness is None else likeness)


def _clips(simulation: Task, controller: PolicyController, evaluation: Evaluation, episodes: int,
           traces: list[Trace]) -> Iterator[Clip]:
    """Film one episode after the other; adds their traces on the way."""
    for number, result in enumerate(evaluation.results[:episodes]):
        pictures: list[np.ndarray] = []

        def take(task: Task, pictures: list[np.ndarray] = pictures) -> None:
            pictures.append(picture_of(task))

        traces.append(trace(simulation, controller, result.seed, evaluation.noise_level, take))
        yield Clip(pictures, f'episode {number + 1}, seed {result.seed}', result.success)


def _draw(path: Path, evaluation: Evaluation, traces: list[Trace], contract: Contract) -> None:
    seen = [trace for trace in traces if trace.episode is not None]
    drawn = [drawn_episode(np.vstack([t.episode.observation, t.last_observation]), contract,
                           t.episode.success, t.likeness) for t in seen]
    title = (f'{evaluation.policy} in {evaluation.task}, noise level {evaluation.noise_level:g}: '
             f'{evaluation.rate}')
    draw_run(path, title, drawn,
             np.concatenate([t.latency_s for t in seen]) if seen else np.zeros(0),
             rate_hz=contract.rate_hz, deadline_s=contract.safety.inference_deadline_s,
             stop_ratio=next((t.stop_ratio for t in seen), None))
