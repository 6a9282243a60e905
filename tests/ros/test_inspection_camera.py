"""inspection_node and its camera: one that stops, drops frames, or sends damaged data."""

import io

import numpy as np
import pytest
from adapt_msgs.msg import InspectionVerdict
from inspection_bench import value_of
from PIL import Image as Pillow
from sensor_msgs.msg import CompressedImage
from tiny_detector import surface, with_blob

from adapt_learning.inspection import Examiner, Inspector, load_recipe

V = InspectionVerdict
GOOD, BAD = surface(50), with_blob(surface(51))


def encoded(pixels, form):
    """Return the bytes of a picture file."""
    data = io.BytesIO()
    Pillow.fromarray(pixels).save(data, form)
    return data.getvalue()


@pytest.mark.parametrize('form', ['png', 'jpeg'])
def test_compressed_frames(line, tmp_path, form):
    line = line(compressed=True)
    examiner = Examiner(Inspector(tmp_path / 'detector'), load_recipe(line.recipes / 'weave'))
    data = encoded(BAD, form)
    verdict = line.inspect(CompressedImage(format=form, data=data))
    assert verdict.verdict == V.NOK
    assert verdict.score == examiner.examine_encoded(data).score
    for damaged in (data[:len(data) // 2], data[:-40], b''):
        cut = line.inspect(CompressedImage(format=form, data=damaged))
        assert (cut.verdict, cut.reason) == (V.INVALID, V.REASON_UNREADABLE), len(damaged)
    whole = line.inspect(CompressedImage(format=form, data=encoded(GOOD, 'png')))
    assert whole.verdict == V.OK, 'it goes on'


def test_a_camera_that_stops_between_triggers_is_an_error_until_it_is_back(line):
    line = line(camera_timeout=0.3, frame_timeout=0.3)
    line.show(GOOD)
    line.bench.until(lambda: line.node.feed.received == 1, 'the frame')
    line.bench.until(lambda: line.state.error, 'ERROR')
    assert not line.state.ready and 'no frame for' in line.state.text
    for part in ('camera', 'inspection'):
        status = line.diagnosed(part)
        assert status.level == b'\x02' and 'no frame for' in status.message, part
    answer = line.trigger('1')
    assert answer.status == answer.ACCEPTED, 'a camera that is triggered too wakes up by it'
    verdict = line.next_verdict(0)
    assert (verdict.verdict, verdict.reason) == (V.INVALID, V.REASON_NO_FRAME)

    def back():
        line.show(GOOD)
        line.bench.spin_for(0.02)
        return not line.state.error and line.state.ready
    line.bench.until(back, 'READY')
    assert len(line.verdicts) == 1, 'nothing was triggered'


def test_dropped_frames_are_told(line):
    line = line()
    period_s, begin_ns = 0.05, line.now_ns() - 10**9
    for count, i in enumerate((*range(12), 14, 15), 1):
        line.show(GOOD, age_s=(line.now_ns() - begin_ns) * 1e-9 - period_s * i)
        line.bench.until(lambda count=count: line.node.feed.received == count, 'the frame')
    camera = line.diagnosed('camera')
    assert camera.level == b'\x00' and value_of(camera, 'frames') == '14'
    assert value_of(camera, 'dropped frames') == '2'
    assert float(value_of(camera, 'rate [Hz]')) == pytest.approx(1 / period_s, rel=0.1)


def test_dropped_frames_are_counted_by_the_stamps_of_a_regular_camera():
    from adapt_ros.inspection.camera_feed import MissedFrames
    missed, period = MissedFrames(), 33_000_000
    rng = np.random.default_rng(0)
    stamps = [i * period + int(rng.normal(0, 1e6)) for i in range(1, 200) if i not in (50, 90, 91)]
    for stamp in stamps:
        missed.add(stamp)
    assert missed.count == 3 and abs(missed.rate_hz - 30.3) < 1.0
    irregular = MissedFrames()
    for stamp in np.cumsum(rng.exponential(1e9, 200)).astype(int):
        irregular.add(int(stamp))
    assert irregular.count == 0, 'a camera that is triggered has no period'
