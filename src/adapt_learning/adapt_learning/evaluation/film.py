"""Video and picture of the first episodes of an evaluation."""

from pathlib import Path

import numpy as np

from adapt_learning.data import Episode
from adapt_learning.evaluation.evaluate import EpisodeResult, Evaluation, Trace, trace
from adapt_learning.evaluation.plots import DrawnEpisode, draw_run
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.evaluation.video import Clip, VideoFailed, picture_of, write_video
from adapt_learning.frames import Contract

_POSITION = '_position'
_GOAL = 'goal_position'


def film(artifact: str | Path, evaluation: Evaluation, episodes: int, video: Path | None,
         picture: Path | None) -> tuple[str, ...]:
    """
    Run the first episodes once more, the same to the last bit, and film and draw them.

    Returns one sentence for each thing that this machine cannot do, so that numbers are not lost
    for want of a picture.
    """
    traces: list[tuple[EpisodeResult, Trace]] = []

    def clips():
        for number, result in enumerate(evaluation.results[:episodes]):
            pictures: list[np.ndarray] = []
            take = None if video is None else lambda task: pictures.append(picture_of(task))
            traces.append((result, trace(artifact, evaluation.task, result.seed,
                                         evaluation.noise_level, take)))
            yield Clip(pictures, f'episode {number + 1}, seed {result.seed}', result.success)
            pictures.clear()

    contract = make_task(evaluation.task).contract
    problems = []
    if video is None:
        list(clips())
    else:
        try:
            write_video(video, clips(), contract.rate_hz)
        except VideoFailed as error:
            problems.append(str(error))
            video = None
            traces.clear()
            list(clips())
    if picture is not None:
        _draw(picture, evaluation, traces, contract)
    return tuple(problems)


def drawn_episode(episode: Episode, contract: Contract,
                  likeness: np.ndarray | None = None) -> DrawnEpisode:
    """Return an episode's positions as the picture shows them, found by the contract's names."""
    slices = contract.observation_spec.slices
    positions = {key: episode.observation[:, where] for key, where in slices.items()
                 if key.endswith(_POSITION) and 'relative' not in key
                 and where.stop - where.start == 3}
    goal = positions.pop(_GOAL, None)
    return DrawnEpisode(
        {key.removesuffix(_POSITION): points for key, points in positions.items()},
        None if goal is None else goal[-1], episode.success,
        np.zeros(0) if likeness is None else likeness)


def _draw(path: Path, evaluation: Evaluation, traces: list[tuple[EpisodeResult, Trace]],
          contract: Contract) -> None:
    seen = [trace for _, trace in traces if trace.episode is not None]
    title = (f'{evaluation.policy} in {evaluation.task}, noise level {evaluation.noise_level:g}: '
             f'{evaluation.rate}')
    draw_run(path, title, [drawn_episode(t.episode, contract, t.likeness) for t in seen],
             np.concatenate([t.latency_s for t in seen]) if seen else np.zeros(0),
             rate_hz=contract.rate_hz, deadline_s=contract.safety.inference_deadline_s,
             stop_ratio=next((t.stop_ratio for t in seen), None))
