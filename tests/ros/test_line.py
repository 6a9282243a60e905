"""The simulated line: what comes, what is sorted, and the whole of it through ros2 launch."""

import json

import numpy as np
import pytest
from adapt_msgs.msg import InspectionState
from bench import activate
from inspection_bench import InspectionBench
from launched import Launched
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from std_msgs.msg import String
from tiny_detector import make_detector, surface, with_blob

from adapt_learning.errors import SettingError
from adapt_learning.inspection import Verdict
from adapt_learning.inspection.pictures import encode_png
from adapt_ros import qos
from adapt_ros.inspection.encodings import pixels_of
from adapt_ros.inspection.parts import FolderSource, is_good
from adapt_ros.inspection.sorting import Sorted, Sorting
from adapt_ros.nodes.line_camera import LineCamera
from adapt_ros.nodes.line_client import LineClient

GOOD_PARTS, BAD_PARTS = 6, 4


@pytest.fixture
def parts(tmp_path):
    """Return a folder in the layout of MVTec-AD: eight references, six good parts, four bad."""
    folder = tmp_path / 'parts'
    for place, numbers, change in (
            ('train/good', range(8), lambda x: x),
            ('test/good', range(30, 30 + GOOD_PARTS), lambda x: x),
            ('test/stain', range(60, 60 + BAD_PARTS), with_blob)):
        (folder / place).mkdir(parents=True)
        for i in numbers:
            (folder / place / f'{i:03d}.png').write_bytes(encode_png(change(surface(i))))
    return folder


def test_a_folder_is_played_in_an_order_of_its_seed(parts):
    source = FolderSource(parts, seed=3)
    ids = [source.part(i).part_id for i in range(len(source))]
    assert len(ids) == GOOD_PARTS + BAD_PARTS == len(set(ids))
    assert sum(map(is_good, ids)) == GOOD_PARTS
    assert ids == [FolderSource(parts, 3).part(i).part_id for i in range(len(source))]
    assert ids != [FolderSource(parts, 4).part(i).part_id for i in range(len(source))]
    assert len(FolderSource(parts, 3, count=4)) == 4
    number = ids.index('good-031')
    np.testing.assert_array_equal(source.part(number).pixels, surface(31))


def test_other_layouts_and_what_is_none(parts, tmp_path):
    assert len(FolderSource(parts / 'test')) == GOOD_PARTS + BAD_PARTS
    flat = FolderSource(parts / 'train' / 'good')
    assert len(flat) == 8 and is_good(flat.part(0).part_id)
    (tmp_path / 'empty').mkdir()
    for wrong in ('empty', 'none'):
        with pytest.raises(SettingError):
            FolderSource(tmp_path / wrong)


def sort_of(rows):
    sorting = Sorting()
    for i, (good, verdict) in enumerate(rows):
        sorting.add(Sorted(f'{i}', good, verdict, '', 0.5, float('nan'), 0.01))
    return sorting


def test_the_confusion_table_counts():
    sorting = sort_of([(True, Verdict.OK)] * 6 + [(True, Verdict.NOK), (True, Verdict.INVALID)]
                      + [(False, Verdict.NOK)] * 3 + [(False, Verdict.OK)])
    assert sorting.refused == 0.25 and sorting.missed == 0.25
    lines = [line.split() for line in sorting.table().splitlines()]
    assert lines[0] == ['truth', 'OK', 'REVIEW', 'NOK', 'INVALID', 'parts']
    assert lines[1] == ['good', '6', '0', '1', '1', '8']
    assert lines[2] == ['defective', '1', '0', '3', '0', '4']
    values = json.loads(json.dumps(sorting.as_dict(), allow_nan=False))
    assert values['parts'] == 12 and values['table']['good']['OK'] == 6
    assert values['results'][0]['latency_s'] is None
    assert sort_of([]).refused == 0.0 and sort_of([]).as_dict()['waited_s']['p50'] is None


def test_the_camera_shows_one_part_after_the_other(bench, parts):
    node = bench.node(LineCamera, parts=str(parts), rate=100.0)
    helper, frames, names = bench.helper('eye'), [], []
    helper.create_subscription(Image, 'camera/image_raw', frames.append, 10)
    helper.create_subscription(String, 'line_camera/part', names.append, qos.LATCHED_IN)
    activate(node)
    source = FolderSource(parts)
    for i in range(len(source)):
        answer = bench.trigger('line_camera/next_part')
        assert answer.success and answer.message == source.part(i).part_id
        frames.clear()
        bench.until(lambda: len(frames) > 2, 'frames')
        np.testing.assert_array_equal(pixels_of(frames[-1]), source.part(i).pixels)
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in frames]
    assert stamps == sorted(set(stamps)), 'each frame has a stamp of its own'
    assert not bench.trigger('line_camera/next_part').success
    assert [one.data for one in names][-1] == source.part(len(source) - 1).part_id
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    frames.clear()
    bench.spin_for(0.1)
    frames.clear()
    bench.spin_for(0.1)
    assert not frames and not bench.trigger('line_camera/next_part').success


def test_parts_come_by_themselves_after_a_period(bench, parts):
    node = bench.node(LineCamera, parts=str(parts), period=0.05, count=3)
    names = []
    bench.helper('eye').create_subscription(
        String, 'line_camera/part', names.append, qos.LATCHED_IN)
    activate(node)
    bench.until(lambda: len(names) >= 3 or (names and node._shown == 3), 'parts')


def test_the_client_gives_up_where_nobody_answers(bench, capsys):
    node = bench.node(LineClient, patience=0.2)
    activate(node)
    bench.until(lambda: node.finished, 'the end')
    assert node.exit_code == 1 and 'did not come within 0.2 s' in capsys.readouterr().err


def test_a_folder_without_references_is_a_wrong_parameter(bench, tmp_path, parts, capsys):
    (tmp_path / 'none').mkdir()
    InspectionBench(bench, tmp_path)
    activate(bench.node(LineCamera, parts=str(parts)))
    node = bench.node(LineClient, references=str(tmp_path / 'none'))
    activate(node)
    bench.until(lambda: node.finished, 'the end')
    assert node.exit_code == 2 and 'holds no picture' in capsys.readouterr().err


def test_the_client_says_what_the_station_says(bench, capsys):
    state = bench.helper('station').create_publisher(
        InspectionState, 'inspection_node/state', qos.LATCHED)
    state.publish(InspectionState(error=True, text='no recipe is selected'))
    node = bench.node(LineClient, patience=1.0)
    activate(node)
    bench.until(lambda: node.finished, 'the end')
    assert 'it says: no recipe is selected' in capsys.readouterr().err


@pytest.mark.parametrize('trigger', ['action', 'service', 'topic'])
def test_the_whole_line_through_ros2_launch(parts, tmp_path, trigger):
    """Four processes: camera, inspection, client, and the child that makes the recipe."""
    report = tmp_path / 'line.json'
    line = Launched(
        tmp_path / 'launch', f'parts:={parts}', f'detector:={make_detector(tmp_path / "tiny")}',
        f'recipes:={tmp_path / "recipes"}', f'report:={report}', f'trigger:={trigger}', 'count:=0',
        'false_reject:=0.1', f'archive:={tmp_path / "results"}', file='inspection_demo.launch.py')
    try:
        assert line.wait(120.0) == 0, line.output
        result = json.loads(report.read_text())
        assert result['parts'] == GOOD_PARTS + BAD_PARTS, line.output
        assert result['source'] == {'parts': str(parts), 'seed': 0}
        assert result['table']['defective']['NOK'] == BAD_PARTS and result['missed'] == 0.0
        assert result['table']['good']['OK'] >= GOOD_PARTS - 2
        assert all(one['waited_s'] < 10.0 and one['latency_s'] < 5.0 for one in result['results'])
        assert "recipe 'line' of 8 references: at most 11.1%" in line.output
        assert 'defective parts passed: 0.0%' in line.output
        assert (tmp_path / 'recipes' / 'line' / 'recipe.json').is_file()
        assert list((tmp_path / 'results').glob('*/*.png'))
        assert not line.left()
    finally:
        line.close()
