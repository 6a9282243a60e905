"""Films and plots exist, have the right size, and say it when they cannot."""

import av
import cv2
import numpy as np
import pytest
from tiny_policy import linear_policy
from tiny_reach import TinyReach

from adapt_learning.evaluation import film
from adapt_learning.evaluation.evaluate import evaluate
from adapt_learning.evaluation.plots import DrawnEpisode, draw_run
from adapt_learning.evaluation.video import Clip, VideoFailed, picture_of, write_video


def pictures(count, height=96, width=128):
    return [np.full((height, width, 3), 10 * i, dtype=np.uint8) for i in range(count)]


def test_a_film_is_h264_and_holds_every_picture(tmp_path):
    clips = [Clip(pictures(10), 'episode 1', True), Clip(pictures(5), 'episode 2', False)]
    write_video(tmp_path / 'film.mp4', clips, 25)
    with av.open(str(tmp_path / 'film.mp4')) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == 'h264' and stream.average_rate == 25
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(stream)]
    assert len(frames) == 10 + 5 + 2 * 20
    assert frames[0].shape == (96, 128, 3)
    good, bad = frames[25][-3, -3], frames[-1][-3, -3]
    assert good[1] > good[0] and bad[0] > bad[1]  # green band, then vermilion
    assert list(tmp_path.iterdir()) == [tmp_path / 'film.mp4']


def test_odd_sizes_and_odd_rates(tmp_path):
    write_video(tmp_path / 'film.mp4', [Clip(pictures(3, 97, 131), 'x')], 12.5)
    with av.open(str(tmp_path / 'film.mp4')) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate)) == (130, 96, 12.5)


def test_no_picture_no_file(tmp_path):
    with pytest.raises(VideoFailed, match='no picture'):
        write_video(tmp_path / 'film.mp4', [], 25)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_that_cannot_render_says_what_to_do():
    class Blind(TinyReach):
        def render(self):
            raise RuntimeError('no OpenGL context\nand a long story')

    with pytest.raises(VideoFailed, match='no OpenGL context.*adapt doctor.*libegl1'):
        picture_of(Blind())


@pytest.mark.parametrize('episodes, ticks', [(0, 0), (1, 30), (12, 600)])
def test_the_picture_of_a_run(tmp_path, episodes, ticks):
    rng = np.random.default_rng(0)
    drawn = [DrawnEpisode({'gripper': rng.normal(size=(9, 3)), 'object': rng.normal(size=(9, 3))},
                          rng.normal(size=3), bool(i % 3), rng.uniform(size=9))
             for i in range(episodes)]
    draw_run(tmp_path / 'run.png', 'a run', drawn, rng.uniform(1e-4, 2e-3, ticks), rate_hz=25,
             deadline_s=0.03, stop_ratio=2.0 if episodes else None)
    assert cv2.imread(str(tmp_path / 'run.png')).shape == (1200, 1596, 3)


def test_an_evaluation_is_filmed_and_drawn(tmp_path, monkeypatch):
    artifact = linear_policy(tmp_path / 'artifact')
    result = evaluate(artifact, 'fetch_pick', episodes=2, seed=0, jobs=1)
    shown = []

    def fake(task):
        shown.append(task.steps)
        return np.zeros((48, 64, 3), np.uint8)

    monkeypatch.setattr(film, 'picture_of', fake)
    assert film.film(artifact, result, 2, tmp_path / 'a.mp4', tmp_path / 'a.png') == ()
    assert len(shown) == sum(r.steps + 1 for r in result.results)
    assert (tmp_path / 'a.mp4').stat().st_size > 1000 and (tmp_path / 'a.png').exists()


def test_without_rendering_there_is_still_the_plot(tmp_path, monkeypatch):
    def blind(task):
        raise VideoFailed('MuJoCo cannot render on this machine')

    artifact = linear_policy(tmp_path / 'artifact')
    result = evaluate(artifact, 'fetch_pick', episodes=1, seed=0, jobs=1)
    monkeypatch.setattr(film, 'picture_of', blind)
    problems = film.film(artifact, result, 1, tmp_path / 'a.mp4', tmp_path / 'a.png')
    assert len(problems) == 1 and 'cannot render' in problems[0]
    assert (tmp_path / 'a.png').exists() and not (tmp_path / 'a.mp4').exists()


def test_fetch_pick_renders_here_or_says_why():
    from adapt_learning.evaluation.simulation import make_task
    task = make_task('fetch_pick')
    task.reset(seed=0)
    try:
        picture = picture_of(task)
    except VideoFailed as failed:
        assert 'adapt doctor' in str(failed)
        pytest.skip(str(failed))
    assert picture.shape == (240, 320, 3) and picture.dtype == np.uint8 and picture.std() > 5
