"""Bags that were not ended: cut at any byte, damaged anywhere, repaired without harm."""

import re
import shutil

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from recordings import begin_bag, pose, read

from adapt_learning.errors import DatasetError
from adapt_ros.bags import read_samples
from adapt_ros.recording.about import recording_of
from adapt_ros.recording.folder import RecordingFolder
from adapt_ros.recording.repair import repair_folder, unfinished


@pytest.fixture(scope='module')
def broken(tmp_path_factory):
    """Return (bytes of the file that a killed recorder left, its messages)."""
    folder = tmp_path_factory.mktemp('bag')
    begin_bag(folder / 'e').abandon()
    data = (folder / 'e/e_0.mcap').read_bytes()
    repair_folder(folder)
    messages = read(folder / 'e')
    assert len(messages) == 100
    return data, messages


def put(folder, data, name='e'):
    """Write an unfinished bag."""
    shutil.rmtree(folder / name, ignore_errors=True)
    (folder / name).mkdir(parents=True)
    (folder / name / f'{name}_0.mcap').write_bytes(data)
    return folder / name


def ends_of(data):
    """Return where each message ends in the file."""
    ends = [0]
    for number in range(100):
        message = pose(number)
        ends.append(data.index(message, ends[-1]) + len(message))
    return ends[1:]


def chunks_of(data):
    """Return where each chunk begins: its opcode, length, times, sizes and no compression."""
    return [match.start() for match in re.finditer(rb'\x06.{6}\0\0.{28}\0{4}', data, re.DOTALL)]


def is_valid(bag):
    """Return whether the reader of mcap takes every checksum and index."""
    with open(next(bag.glob('*.mcap')), 'rb') as file:
        reader = make_reader(file, validate_crcs=True)
        return reader.get_summary().statistics.message_count == len(list(reader.iter_messages()))


def test_nothing_is_lost_of_what_is_whole(tmp_path, broken):
    data, messages = broken
    bag = put(tmp_path, data)
    assert unfinished(tmp_path) == unfinished(bag) == [bag]
    [repaired], _ = repair_folder(tmp_path)
    assert read(bag) == messages and is_valid(bag)
    assert (repaired.messages, repaired.cut_bytes, repaired.damaged_bytes) == (100, 0, 0)
    assert '100 messages of 0.99 s are kept' in repaired.text
    assert 'what came in the last second' in repaired.text
    recording = recording_of(bag)
    assert recording.recovered == repaired.text and recording.outcome == 'unknown'
    assert recording.operator == 'Ada'
    assert unfinished(tmp_path) == [] and repair_folder(tmp_path) == ([], [])
    assert sorted(p.name for p in bag.iterdir()) == ['e_0.mcap', 'metadata.yaml']


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 1))
def test_cut_at_any_byte_the_whole_messages_come_back(tmp_path_factory, broken, where):
    data, messages = broken
    at = int(where * len(data))
    folder = tmp_path_factory.mktemp('cut')
    bag = put(folder, data[:at])
    if at < 8:
        done, [failed] = repair_folder(folder)
        assert not done and 'not even its first bytes' in failed
        assert next(bag.glob('*.mcap')).stat().st_size == at, 'the original is left alone'
        return
    [repaired], _ = repair_folder(folder)
    kept = read(bag)
    assert kept == messages[:len(kept)] and len(kept) == repaired.messages
    assert len(kept) == sum(end <= at for end in ends_of(data)), 'whole messages before the cut'
    assert is_valid(bag) and unfinished(folder) == []


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.9999), st.integers(1, 255), st.integers(1, 200))
@example(0.19921875, 1, 1)  # the hash of a topic's type, just before the first chunk
def test_damaged_bytes_never_become_messages(tmp_path_factory, broken, where, change, length):
    data, messages = broken
    at = 8 + int(where * (len(data) - 8))
    folder = tmp_path_factory.mktemp('damaged')
    spoilt = bytes(b ^ change for b in data[at:at + length])
    bag = put(folder, data[:at] + spoilt + data[at + length:])
    done, failed = repair_folder(folder)
    if failed:
        return  # said in one sentence, and the original is left
    [repaired] = done
    try:
        kept = read(bag)
    except Exception:
        # Topics and types outside of the chunks have no checksum: spoilt names are not readable.
        assert at < chunks_of(data)[0]
        return
    assert {m for m in kept if m[0].startswith('/arm')} <= set(messages)
    if repaired.damaged_bytes:
        assert (bag / 'e_0.mcap.broken').read_bytes()[:8] == data[:8]
        assert 'damaged and left out' in repaired.text


@pytest.mark.parametrize('place', [1, 4, 7])
def test_a_wrong_length_costs_one_chunk_and_the_original_is_kept(tmp_path, broken, place):
    """The length is all that leads from one record to the next."""
    data, messages = broken
    at = chunks_of(data)[1] + place
    bag = put(tmp_path, data[:at] + bytes([data[at] ^ 0x11]) + data[at + 1:])
    [repaired], _ = repair_folder(tmp_path)
    kept = read(bag)
    assert set(kept) >= {*messages[:25], *messages[50:]} and len(kept) == len(set(kept))
    assert repaired.damaged_bytes and 'damaged and left out' in repaired.text
    assert (bag / 'e_0.mcap.broken').is_file() and is_valid(bag)


def test_a_disk_that_lost_power_may_leave_zeros(tmp_path, broken):
    data, messages = broken
    cut = len(data) - 700
    bag = put(tmp_path, data[:cut] + bytes(700 + 4096))
    repair_folder(tmp_path)
    kept = read(bag)
    assert kept == messages[:len(kept)] and len(kept) >= 75


def test_killed_in_the_repair_it_can_be_repaired_again(tmp_path, broken, monkeypatch):
    data, messages = broken
    bag = put(tmp_path, data[:-300])

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed
    for name in ('os.replace', 'rosbag2.write_metadata'):
        with monkeypatch.context() as context:
            context.setattr(f'adapt_ros.recording.repair.{name}', killed)
            with pytest.raises(Killed):
                repair_folder(tmp_path)
        assert unfinished(tmp_path) == [bag]
    [repaired], _ = repair_folder(tmp_path)
    assert repaired.messages == len(read(bag)) >= 90
    assert 'only its metadata.yaml was missing' in repaired.text
    # What the killed repair had found is still said.
    assert 'what came in the last second' in recording_of(bag).recovered


def test_a_folder_that_a_recorder_uses_is_left_alone(tmp_path, broken):
    from adapt_learning.data.files import own_folder
    bag = put(tmp_path, broken[0])
    with own_folder(tmp_path):
        for folder in (tmp_path, bag):
            with pytest.raises(DatasetError, match='being written by another process'):
                repair_folder(folder)
    assert len(repair_folder(bag)[0]) == 1


def test_bags_of_others_are_left_alone_and_the_rest_is_repaired(tmp_path, broken):
    put(tmp_path, b'SQLite format 3\0', 'a')
    bag = put(tmp_path, broken[0], 'b')
    (bag / 'b_1.mcap').write_bytes(broken[0])
    put(tmp_path, broken[0], 'c')
    [repaired], [first, second] = repair_folder(tmp_path)
    assert repaired.bag.name == 'c' and len(read(repaired.bag)) == 100
    assert 'a_0.mcap is not an MCAP file' in first
    assert 'has 2, so it is another' in second
    assert (bag / 'b_0.mcap').read_bytes() == broken[0] and len(unfinished(tmp_path)) == 2


def test_a_bag_of_another_robot_is_refused_with_both_names(tmp_path):
    from adapt_learning.frames import parse_contract
    begin_bag(tmp_path / 'e').end({})
    text = recording_of(tmp_path / 'e').texts['contract']
    other = parse_contract(text.replace('name: fetch_robot', 'name: big_robot').replace(
        'rate_hz: 25', 'rate_hz: 50'))
    with pytest.raises(DatasetError, match="contract 'fetch_robot'.*read by 'big_robot'"):
        list(read_samples(tmp_path / 'e', other))


def test_what_holds_no_message_is_put_aside_and_what_is_no_bag_is_left_alone(tmp_path, broken):
    begin_bag(tmp_path / 'episode_000001', chunks=0).abandon()
    (tmp_path / 'episode_000002').write_text('a file of that name')
    put(tmp_path, broken[0], 'episode_000003')
    folder = RecordingFolder(tmp_path)
    [repaired], [file, empty] = folder.repair()
    assert 'episode_000002 is left alone' in file
    assert 'nothing of it reached the disk' in empty and 'episode_000001' in empty
    assert folder.bags() == [repaired.bag] and folder.saved == 1
    assert folder.next().name == 'episode_000004'
    folder.release()
