"""inspection_node at work: triggers in, verdicts and the handshake out."""

import json

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.action import InspectPart
from adapt_msgs.msg import InspectionVerdict
from adapt_msgs.srv import TriggerInspection
from inspection_bench import image, value_of
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from std_msgs.msg import String
from tiny_detector import blurred, make_detector, surface, with_blob

from adapt_learning.inspection import Examiner, Inspector, load_recipe
from adapt_learning.inspection.archive import read_results
from adapt_ros.nodes.inspection_node import InspectionNode

V = InspectionVerdict
GOOD, BAD = surface(50), with_blob(surface(51))


def test_a_part_is_triggered_judged_and_told(line):
    line = line()
    assert (line.state.ready, line.state.busy, line.state.done, line.state.error) == (
        True, False, False, False)
    answer = line.trigger('part 7')
    assert answer.status == answer.ACCEPTED and answer.sequence == 1
    line.bench.until(lambda: line.state.busy, 'BUSY')
    assert not line.state.done and line.state.queued == 1
    line.show(BAD)
    verdict = line.next_verdict(0)
    assert (verdict.verdict, verdict.reason, verdict.part_id, verdict.sequence) == (
        V.NOK, V.REASON_NONE, 'part 7', 1)
    assert verdict.ratio == verdict.score / verdict.threshold > 1.1
    assert verdict.header.frame_id == 'camera_optical_frame'
    captured, triggered, done = (stamp.sec * 10**9 + stamp.nanosec for stamp in (
        verdict.header.stamp, verdict.triggered, verdict.done))
    assert triggered < captured < done and 0.0 < verdict.latency < 5.0
    assert verdict.regions[0].peak > 1.0 and (verdict.width, verdict.height) == (96, 96)
    recipe = load_recipe(line.recipes / 'weave')
    assert (verdict.recipe, verdict.recipe_hash) == ('weave', recipe.hash)
    assert (verdict.detector, verdict.detector_hash) == ('tiny', recipe.detector_hash)
    line.bench.until(lambda: line.state.done, 'DONE')
    state = line.state
    assert (state.ready, state.busy, state.nok, state.ok, state.sequence, state.part_id) == (
        True, False, True, False, 1, 'part 7')
    good = line.inspect(GOOD, 'part 8')
    assert good.verdict == V.OK and good.sequence == 2 and good.text == ''


def test_the_score_is_that_of_the_command_line_to_the_bit(line, tmp_path):
    line = line()
    examiner = Examiner(Inspector(tmp_path / 'detector'), load_recipe(line.recipes / 'weave'))
    for pixels, encoding in ((BAD, 'mono8'), (np.dstack([BAD] * 3), 'rgb8'),
                             (BAD.astype(np.uint16) * 256, 'mono16')):
        assert line.inspect(image(pixels, encoding)).score == examiner.examine(pixels).score


def test_by_topic(line):
    line = line()
    line.topic.publish(String(data='A-1'))
    line.bench.until(lambda: line.state.busy, 'BUSY')
    line.show(GOOD)
    verdict = line.next_verdict(0)
    assert (verdict.verdict, verdict.part_id) == (V.OK, 'A-1')


def test_by_action_with_part_id(line):
    line = line()
    handle = line.send(line.part, InspectPart.Goal(part_id='B-2'))
    assert handle.accepted
    assert not line.send(line.part, InspectPart.Goal(part_id='B-3')).accepted, 'one at a time'
    line.show(BAD)
    status, result = line.result(handle)
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert (result.verdict.verdict, result.verdict.part_id) == (V.NOK, 'B-2')
    assert [one.sequence for one in line.feedback] == [result.verdict.sequence]


def test_a_goal_without_a_frame_ends_invalid_and_is_never_hung(line):
    line = line()
    status, result = line.result(line.send(line.part, InspectPart.Goal(timeout=0.1)))
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert (result.verdict.verdict, result.verdict.reason) == (V.INVALID, V.REASON_NO_FRAME)
    assert 'no frame came within 0.1 s' in result.verdict.text
    assert not line.send(line.part, InspectPart.Goal(timeout=float('nan'))).accepted


def test_a_goal_can_be_cancelled(line):
    line = line()
    handle = line.send(line.part, InspectPart.Goal())
    line.bench.answer(handle.cancel_goal_async())
    status, result = line.result(handle)
    assert status == GoalStatus.STATUS_CANCELED
    assert (result.verdict.verdict, result.verdict.reason) == (V.INVALID, V.REASON_STOPPED)
    line.bench.until(lambda: line.state.ready and not line.state.busy, 'READY')
    line.trigger('x')
    assert line.bench.trigger('inspection_node/cancel').success
    assert line.verdicts[-1].reason == V.REASON_STOPPED
    assert not line.bench.trigger('inspection_node/cancel').success


def test_free_run_inspects_every_frame_and_tells_once_that_the_camera_stopped(line):
    line = line(free_run=True, camera_timeout=0.3)
    for i, pixels in enumerate((GOOD, BAD, GOOD)):
        line.show(pixels)
        line.bench.until(lambda i=i: len(line.verdicts) > i, 'a verdict')
    assert [one.verdict for one in line.verdicts] == [V.OK, V.NOK, V.OK]
    assert [one.sequence for one in line.verdicts] == [1, 2, 3]
    silent = line.next_verdict(3)
    assert (silent.verdict, silent.reason) == (V.INVALID, V.REASON_NO_FRAME)
    line.bench.until(lambda: line.state.error, 'ERROR')
    assert 'no frame for' in line.state.text
    line.bench.spin_for(0.5)
    assert len(line.verdicts) == 4, 'once'
    line.show(GOOD)
    assert line.next_verdict(4).verdict == V.OK
    line.bench.until(lambda: not line.state.error, 'no ERROR')
    refused = line.trigger()
    assert refused.status == refused.NOT_READY and 'free_run' in refused.message
    assert not any(one.ready or one.busy for one in line.states), 'READY: a trigger is accepted'
    assert line.state.done and line.state.ok


FRAMES = {
    V.REASON_BLURRED: lambda: image(blurred(GOOD)),
    V.REASON_OVER_EXPOSED: lambda: image(np.full((96, 96), 255, np.uint8)),
    V.REASON_EMPTY: lambda: image(np.full((96, 96), 120, np.uint8)),
    V.REASON_WRONG_SIZE: lambda: image(surface(1, 64)),
    V.REASON_UNREADABLE: lambda: image(GOOD, 'yuv422'),
}


@pytest.mark.parametrize('pixels', [0], ids=['all reasons'])
def test_frames_that_cannot_be_judged_are_invalid_with_a_reason(line, pixels):
    line = line()
    for reason, frame in FRAMES.items():
        verdict = line.inspect(frame())
        assert (verdict.verdict, verdict.reason) == (V.INVALID, reason), verdict.text
        assert verdict.text and np.isnan(verdict.score) and np.isnan(verdict.ratio)
        line.bench.until(lambda: line.state.done, 'DONE')
        assert line.state.invalid and not line.state.ok
    assert line.inspect(GOOD).verdict == V.OK, 'it goes on'


def test_a_frame_of_the_part_before_is_not_taken(line):
    line = line(frame_timeout=0.5)
    answer = line.trigger()
    assert answer.status == answer.ACCEPTED
    line.show(GOOD, age_s=0.3)
    line.bench.spin_for(0.1)
    assert not line.verdicts
    line.show(BAD)
    assert line.next_verdict(0).verdict == V.NOK
    line.trigger()
    line.show(GOOD, age_s=0.4)
    verdict = line.next_verdict(1)
    assert (verdict.verdict, verdict.reason) == (V.INVALID, V.REASON_STALE)
    assert 'before the trigger' in verdict.text


def test_a_stale_frame_is_never_judged(line):
    line = line(frame_timeout=0.4, frame_lead=60.0, max_frame_age=0.5)
    verdict = line.inspect(GOOD, age_s=2.0)
    assert (verdict.verdict, verdict.reason) == (V.INVALID, V.REASON_STALE)
    assert '2.' in verdict.text and 'max_frame_age' in verdict.text
    future = line.inspect(GOOD, age_s=-5.0)
    assert future.reason == V.REASON_STALE and 'in the future' in future.text


def test_with_a_lead_a_frame_that_is_here_already_serves_one_trigger(line):
    line = line(frame_lead=30.0, frame_timeout=0.3, max_frame_age=30.0)
    line.show(BAD)
    line.bench.until(lambda: line.node.feed.received == 1, 'the frame')
    first = line.send(line.part, InspectPart.Goal(part_id='1'))
    assert line.result(first)[1].verdict.verdict == V.NOK
    second = line.send(line.part, InspectPart.Goal(part_id='2'))
    assert line.result(second)[1].verdict.reason == V.REASON_NO_FRAME, 'it was another part'


def test_without_stamps_the_time_of_receipt_counts(line):
    line = line(check_stamps=False)
    assert line.inspect(GOOD, age_s=500.0).verdict == V.OK


def test_a_flood_of_triggers_is_refused_as_busy(line):
    line = line(queue_size=3)
    answers = [line.trigger(f'{i}') for i in range(8)]
    assert [one.status for one in answers] == [TriggerInspection.Response.ACCEPTED] * 3 + [
        TriggerInspection.Response.BUSY] * 5
    assert 'wait for READY' in answers[-1].message and answers[-1].sequence == 0
    line.bench.until(lambda: line.state.queued == 3 and not line.state.ready, 'not READY')
    assert not line.send(line.part, InspectPart.Goal()).accepted
    for i in range(20):
        line.topic.publish(String(data=f'topic {i}'))
    line.bench.until(lambda: len(line.verdicts) == 20, 'an answer to each')
    assert {(one.verdict, one.reason, one.sequence) for one in line.verdicts} == {
        (V.INVALID, V.REASON_BUSY, 0)}
    for pixels in (GOOD, BAD, GOOD):
        before = len(line.verdicts)
        line.show(pixels)
        line.next_verdict(before)
    assert [(one.part_id, one.verdict) for one in line.verdicts[20:]] == [
        ('0', V.OK), ('1', V.NOK), ('2', V.OK)], 'in order, a frame for each'
    line.bench.until(lambda: line.state.ready and line.state.done, 'READY and DONE')
    assert int(value_of(line.diagnosed('inspection'), 'refused')) == 26


def test_part_ids_are_bounded(line):
    line = line()
    for part_id in ('x' * 257, 'a\nb', '\x07'):
        answer = line.trigger(part_id)
        assert answer.status == answer.NOT_READY and 'printable' in answer.message
    assert line.inspect(GOOD, 'x' * 256).part_id == 'x' * 256


def test_without_a_recipe_triggers_are_refused_and_error_says_why(line):
    line = line(recipe='')
    assert line.state.error and not line.state.ready and 'no recipe' in line.state.text
    answer = line.trigger('1')
    assert answer.status == answer.NOT_READY and 'select_recipe' in answer.message
    line.topic.publish(String(data='2'))
    verdict = line.next_verdict(0)
    assert (verdict.verdict, verdict.reason, verdict.part_id) == (
        V.INVALID, V.REASON_NO_RECIPE, '2')


def test_the_map_is_raw_and_the_heat_map_has_a_fixed_scale(line):
    line = line()
    line.inspect(BAD)
    maps, heats = [], []
    line.helper.create_subscription(Image, 'inspection_node/map', maps.append, 1)
    line.helper.create_subscription(Image, 'inspection_node/heat_map', heats.append, 1)
    line.bench.until(lambda: line.node._pictures._map.get_subscription_count()
                     and line.node._pictures._heat.get_subscription_count(), 'listeners')
    verdict = line.inspect(BAD)
    line.bench.until(lambda: maps and heats, 'pictures')
    values = np.frombuffer(maps[0].data, '<f4').reshape(maps[0].height, maps[0].width)
    assert maps[0].encoding == '32FC1' and values.max() == np.float32(verdict.score)
    assert (heats[0].encoding, heats[0].width, heats[0].height) == ('rgb8', 96, 96)
    assert maps[0].header.stamp == heats[0].header.stamp == verdict.header.stamp
    assert len(maps) == 1, 'nothing is made while nobody listens'


def test_the_heartbeat_beats(line):
    line = line(heartbeat=0.05)
    begin = len(line.states)
    line.bench.until(lambda: len(line.states) > begin + 8, 'beats')
    beats = [one.heartbeat for one in line.states[begin:]]
    assert all(a != b for a, b in zip(beats, beats[1:], strict=False))


def test_leaving_the_active_state_leaves_no_part_without_a_verdict(line):
    line = line()
    handle = line.send(line.part, InspectPart.Goal(part_id='1'))
    line.trigger('2')
    assert line.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    line.bench.until(lambda: len(line.verdicts) == 2, 'both verdicts')
    assert {(one.verdict, one.reason) for one in line.verdicts} == {(V.INVALID, V.REASON_STOPPED)}
    assert line.result(handle)[0] == GoalStatus.STATUS_ABORTED
    line.bench.until(lambda: 'not active' in line.state.text, 'the last word')
    assert not line.state.ready and not line.state.busy and not line.state.done
    answer = line.trigger('3')
    assert answer.status == answer.NOT_READY and answer.message == 'the node is not active'
    line.show(GOOD)
    line.bench.spin_for(0.1)
    assert len(line.verdicts) == 2, 'silent'
    assert line.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    assert line.inspect(GOOD).verdict == V.OK
    assert line.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert line.node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS


def test_diagnostics_say_latencies_frames_and_references(line):
    line = line(archive='')
    for _ in range(3):
        line.inspect(GOOD)
    inspection = line.diagnosed('inspection')
    assert inspection.level == b'\x00' and value_of(inspection, 'OK') == '3'
    percentiles = [float(value_of(inspection, f'latency p{p} [ms]')) for p in (50, 95, 99)]
    assert 0.0 < percentiles[0] <= percentiles[1] <= percentiles[2] < 5000.0
    assert int(value_of(line.diagnosed('camera'), 'frames')) >= 3
    recipe = line.diagnosed('recipe')
    assert value_of(recipe, 'references') == '8' and 'at most' in value_of(recipe, 'promise')
    assert 'archive' not in line.diagnostics


def test_results_are_archived(line, tmp_path):
    line = line(archive=str(tmp_path / 'results'))
    line.inspect(GOOD, 'good')
    bad = line.inspect(BAD, 'bad')
    line.bench.until(lambda: line.node.keeper.archive.count == 2, 'results on disk')
    first, second = read_results(tmp_path / 'results')
    assert (first['part_id'], first['verdict'], first['picture']) == ('good', 'OK', '')
    assert (second['part_id'], second['verdict'], second['score']) == ('bad', 'NOK', bad.score)
    assert second['recipe_hash'] == bad.recipe_hash and second['regions']
    from adapt_learning.inspection.pictures import read_picture
    np.testing.assert_array_equal(
        read_picture(tmp_path / 'results' / second['picture']), BAD)
    json.dumps(second, allow_nan=False)


def test_an_archive_that_cannot_be_written_stops_nothing_and_is_told(line, tmp_path):
    (tmp_path / 'file').touch()
    line = line(archive=str(tmp_path / 'file'))
    for _ in range(3):
        assert line.inspect(GOOD).verdict == V.OK
    archive = line.diagnosed('archive')
    assert archive.level == b'\x01' and value_of(archive, 'lost') == '3'
    assert 'file' in archive.message


@pytest.mark.parametrize(('parameters', 'words'), [
    ({'recipe': 'none'}, "no recipe 'none'; there are: other, weave"),
    ({'recipe': '../x'}, 'leave one of them out'),
    ({'recipe': 'a b'}, 'letters, digits'),
    ({'detector': 'nowhere'}, "no shipped detector 'nowhere'"),
    ({'detector': 'maze_dbc'}, "no shipped detector 'maze_dbc'"),
    ({'detector': '', 'recipe': 'weave'}, "no shipped detector 'tiny'"),
])
def test_a_wrong_configuration_is_refused_with_a_sentence(line, bench, tmp_path, parameters, words):
    line()
    node = bench.node(InspectionNode, **{
        'recipes': str(tmp_path / 'recipes'), 'detector': str(tmp_path / 'detector')} | parameters)
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert words in node.failure


def test_a_recipe_of_another_detector_is_refused(line, bench, tmp_path):
    line()
    other = make_detector(tmp_path / 'second', gain=3.0)
    node = bench.node(InspectionNode, recipe=str(tmp_path / 'recipes' / 'weave'),
                      detector=str(other))
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'fit the recipe anew' in node.failure
