"""Parts that are drawn: truth, share and references, and the line that shows them."""

import json
import threading

import numpy as np
import pytest
from bench import activate
from launched import Launched
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from std_msgs.msg import String
from tiny_detector import make_detector

from adapt_learning.errors import CatalogError, PictureError, SettingError
from adapt_learning.inspection.pictures import read_picture
from adapt_learning.surfaces import DEFECTS, Surface
from adapt_ros import qos
from adapt_ros.inspection.ahead import Ahead
from adapt_ros.inspection.encodings import pixels_of
from adapt_ros.inspection.generated import GeneratedSource
from adapt_ros.inspection.parts import FolderSource, Part, is_good
from adapt_ros.inspection.sources import open_source
from adapt_ros.nodes.line_camera import LineCamera

SURFACE = 'milled_metal_3'


def truths(source, count):
    return [source.is_defective(i) for i in range(count)]


def test_a_part_is_the_same_at_any_time_and_in_any_order():
    source, again = (GeneratedSource(SURFACE, seed=7, count=9) for _ in range(2))
    there = [source.part(i) for i in range(9)]
    for i in (8, 0, 5):
        part = again.part(i)
        assert part.part_id == there[i].part_id
        np.testing.assert_array_equal(part.pixels, there[i].pixels)
    assert len({part.pixels.tobytes() for part in there}) == 9
    assert (there[0].pixels.dtype, there[0].pixels.shape) == (np.uint8, (256, 256, 3))


def test_another_seed_gives_other_pictures_in_another_order():
    one, other = GeneratedSource(SURFACE, seed=0), GeneratedSource(SURFACE, seed=1)
    assert truths(one, 40) != truths(other, 40)
    both = next(i for i in range(40) if not one.is_defective(i) and not other.is_defective(i))
    assert (one.part(both).pixels != other.part(both).pixels).any()


def test_the_id_tells_the_truth():
    source = GeneratedSource(SURFACE, seed=3, count=8)
    parts = [source.part(i) for i in range(8)]
    assert [is_good(part.part_id) for part in parts] == [not one for one in truths(source, 8)]
    for i, part in enumerate(parts):
        kind, number = part.part_id.split('-')
        assert number == f'{i:04d}' and (kind == 'good' or kind in DEFECTS)
    # A defective picture is a good one that was changed: by its mask alone it can be told.
    i = truths(source, 8).index(True)
    drawn = source.surface.defective(source._first + i)
    assert parts[i].part_id.startswith(drawn.kind) and drawn.mask.any()
    np.testing.assert_array_equal(parts[i].pixels, drawn.picture)


@pytest.mark.parametrize('share', [0.0, 0.1, 0.37, 0.5, 1.0])
@pytest.mark.parametrize('count', [1, 7, 20, 33, 40, 100])
def test_the_share_of_defective_parts_is_kept(share, count):
    source = GeneratedSource(SURFACE, seed=count, count=count, defective_share=share)
    assert len(source) == count
    assert sum(truths(source, count)) == pytest.approx(share * count, abs=0.5)


def test_a_line_without_a_count_keeps_its_share_from_the_beginning():
    source = GeneratedSource(SURFACE, defective_share=0.25)
    assert len(source) == 1_000_000
    for many in (20, 40, 200):
        assert sum(truths(source, many)) == many / 4


def test_references_are_good_pictures_that_never_come(tmp_path):
    folder = tmp_path / 'references' / SURFACE
    GeneratedSource(SURFACE, seed=5).write_references(folder, 4)
    written = [read_picture(folder / 'train' / 'good' / f'{i:03d}.png') for i in range(4)]
    surface = Surface('milled_metal', 3)
    for i, picture in enumerate(written):
        np.testing.assert_array_equal(picture, surface.good(i))
    for seed in range(200):
        assert GeneratedSource(SURFACE, seed)._first > 1000, 'behind all that references may be'
    parts = GeneratedSource(SURFACE, seed=5, count=10, defective_share=0.0)
    shown = {parts.part(i).pixels.tobytes() for i in range(10)}
    assert not shown & {picture.tobytes() for picture in written}
    GeneratedSource(SURFACE, seed=9).write_references(folder, 2)
    assert len(list((folder / 'train' / 'good').iterdir())) == 2, 'replaced as a whole'
    assert [path.name for path in folder.parent.iterdir()] == [SURFACE], 'nothing is left beside'


def test_no_folder_of_somebody_else_is_replaced(tmp_path):
    source = GeneratedSource(SURFACE)
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'note.txt').write_text('keep me')
    (tmp_path / 'file').touch()
    exported = tmp_path / 'exported'
    exported.mkdir()
    (exported / 'surface.json').write_text(json.dumps({'good': 25, 'defective': {'hole': 3}}))
    for folder in (tmp_path / 'mine', tmp_path / 'file', exported):
        with pytest.raises(SettingError, match='holds something else'):
            source.write_references(folder, 1)
    assert (tmp_path / 'mine' / 'note.txt').read_text() == 'keep me'
    (tmp_path / 'empty').mkdir()
    source.write_references(tmp_path / 'empty', 1)
    with pytest.raises(SettingError, match='cannot be written'):
        source.write_references('/proc/references', 1)


def test_the_text_decides_between_folder_and_surface(tmp_path, monkeypatch):
    assert isinstance(open_source(f'generated:{SURFACE}'), GeneratedSource)
    # A folder of that very name is still to be had, as a path.
    folder = tmp_path / f'generated:{SURFACE}'
    GeneratedSource(SURFACE).write_references(folder, 2)
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_source(f'generated:{SURFACE}'), GeneratedSource)
    assert isinstance(open_source(f'./generated:{SURFACE}/train'), FolderSource)


@pytest.mark.parametrize(('parts', 'kind', 'said'), [
    ('generated:', SettingError, 'FAMILY_SEED'),
    ('generated:granite', SettingError, 'FAMILY_SEED'),
    ('generated:granite_-3', SettingError, 'FAMILY_SEED'),
    ('generated:../granite_3', SettingError, 'FAMILY_SEED'),
    ('generated:granite_9999999999999999999', SettingError, '2\\^63'),
    ('generated:granit_3', CatalogError, "Did you mean 'granite'"),
    ('granite_3', SettingError, 'generated:FAMILY_SEED'),
])
def test_a_wrong_name_is_one_sentence(parts, kind, said):
    with pytest.raises(kind, match=said):
        open_source(parts)


class Slow:
    """Three parts, the second of which cannot be read; each waits until it may come."""

    def __init__(self):
        self.begun, self.may = [], threading.Event()

    def __len__(self):
        return 3

    def part(self, number):
        self.begun.append(number)
        assert self.may.wait(10.0)
        if number == 1:
            raise PictureError('damaged')
        return Part(f'good-{number}', np.zeros((16, 16), np.uint8))


def test_one_part_is_got_ready_ahead_and_not_more():
    source = Slow()
    ahead = Ahead(source)
    source.may.set()
    assert ahead.take().part_id == 'good-0'
    with pytest.raises(PictureError):
        ahead.take()
    assert ahead.take().part_id == 'good-2' and ahead.take() is None
    ahead.close()
    assert source.begun == [0, 1, 2]
    other = Slow()
    ahead = Ahead(other)
    other.may.set()
    ahead.close()
    assert other.begun in ([], [0]), 'nobody asked for more'


def test_the_camera_shows_what_is_drawn(bench, tmp_path):
    references = tmp_path / 'references'
    node = bench.node(LineCamera, parts=f'generated:{SURFACE}', rate=100.0, count=3, seed=2,
                      defective_share=1.0, references=str(references), reference_count=2)
    helper, frames, names = bench.helper('eye'), [], []
    helper.create_subscription(Image, 'camera/image_raw', frames.append, 10)
    helper.create_subscription(String, 'line_camera/part', names.append, qos.LATCHED_IN)
    activate(node)
    assert len(list((references / 'train' / 'good').iterdir())) == 2
    source = GeneratedSource(SURFACE, seed=2, count=3, defective_share=1.0)
    for i in range(3):
        answer = bench.trigger('line_camera/next_part')
        assert answer.success and answer.message == source.part(i).part_id
        assert not is_good(answer.message)
        frames.clear()
        bench.until(lambda: len(frames) > 2, 'frames')
        np.testing.assert_array_equal(pixels_of(frames[-1]), source.part(i).pixels)
    assert not bench.trigger('line_camera/next_part').success
    # Made anew it begins with the first part.
    assert node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    activate(node)
    assert bench.trigger('line_camera/next_part').message == source.part(0).part_id


def test_references_of_a_folder_are_not_drawn(bench, tmp_path):
    GeneratedSource(SURFACE).write_references(tmp_path / 'parts', 1)
    node = bench.node(LineCamera, parts=str(tmp_path / 'parts' / 'train'),
                      references=str(tmp_path / 'references'))
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'generated parts only' in node.failure and not (tmp_path / 'references').exists()


def test_the_whole_generated_line_through_ros2_launch(tmp_path):
    """Without a folder of pictures: the line draws its references and its parts."""
    report, folder = tmp_path / 'line.json', tmp_path / 'launch'
    line = Launched(
        folder, 'parts:=generated:coating_3', f'detector:={make_detector(tmp_path / "tiny")}',
        f'report:={report}', 'count:=10', 'seed:=4', 'defective_share:=0.4', 'false_reject:=0.1',
        file='inspection_demo.launch.py')
    try:
        assert line.wait(120.0) == 0, line.output
        result = json.loads(report.read_text())
        assert result['source'] == {
            'parts': 'generated:coating_3', 'seed': 4, 'defective_share': 0.4}
        counts = {name: sum(row.values()) for name, row in result['table'].items()}
        assert counts == {'good': 6, 'defective': 4}, line.output
        assert all(row['INVALID'] == 0 for row in result['table'].values()), line.output
        source = GeneratedSource('coating_3', 4, 10, 0.4)
        assert [one['good'] for one in result['results']] == [
            not source.is_defective(i) for i in range(10)]
        references = folder / 'out' / 'references' / 'coating_3' / 'train' / 'good'
        assert len(list(references.iterdir())) == 8
        assert "recipe 'line' of 8 references" in line.output and not line.left()
    finally:
        line.close()


def test_the_demo_needs_no_argument(tmp_path):
    line = Launched(tmp_path / 'launch', file='inspection_demo.launch.py')
    try:
        assert line.wait(120.0) == 0, line.output
        result = json.loads((tmp_path / 'launch' / 'out' / 'line.json').read_text())
        assert result['source'] == {
            'parts': 'generated:leather_3', 'seed': 0, 'defective_share': 0.5}
        assert result['parts'] == 40 and result['missed'] < 0.5 and result['refused'] < 0.5
    finally:
        line.close()


@pytest.mark.parametrize(('parts', 'detector', 'said'), [
    ('generated:granit_3', '', "there is no family of surfaces 'granit'"),
    ('generated:granite_3', 'no_such_one', "there is no shipped detector 'no_such_one'; allowed: "),
])
def test_a_name_that_is_not_there_ends_the_demo_with_one_sentence(tmp_path, parts, detector, said):
    detector = detector or make_detector(tmp_path / 'tiny')
    line = Launched(tmp_path / 'launch', f'parts:={parts}', f'detector:={detector}',
                    'report:=none', file='inspection_demo.launch.py')
    try:
        line.wait(60.0)
        assert said in line.output, line.output
        assert 'Traceback' not in line.output or 'KeyboardInterrupt' in line.output
        assert not line.left()
    finally:
        line.close()
