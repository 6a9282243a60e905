"""Bags as they are written: what rosbags and the reader of Foxglove see, and failing disks."""

import errno
import os
import shutil
import time

import pytest
import yaml
from mcap.reader import make_reader
from recordings import POSE, START_NS, about, begin_bag, pose, read

from adapt_learning.errors import DatasetError
from adapt_learning.frames import load_contract
from adapt_ros.recording.about import recording_of
from adapt_ros.recording.bag_writer import FLUSH_S, BagWriter


def test_rosbags_reads_what_was_written(tmp_path):
    bag = begin_bag(tmp_path / 'episode_000001')
    bag.end({'outcome': 'success', 'note': 'well done'})
    messages = read(tmp_path / 'episode_000001')
    assert [number for _, _, number in messages] == list(range(100))
    assert [at - START_NS for _, at, _ in messages[:3]] == [0, 10_000_000, 20_000_000]
    assert sum(topic == '/arm/goal/pose' for topic, _, _ in messages) == 10


def test_the_reader_of_mcap_finds_index_checksums_and_texts(tmp_path):
    begin_bag(tmp_path / 'e').end({'outcome': 'success'})
    with open(tmp_path / 'e/e_0.mcap', 'rb') as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert reader.get_header().profile == 'ros2'
        assert summary.statistics.message_count == 100
        assert sum(summary.statistics.channel_message_counts.values()) == 100
        assert summary.statistics.chunk_count == len(summary.chunk_indexes) >= 4
        assert {s.name for s in summary.schemas.values()} == {POSE}
        goals = list(reader.iter_messages(topics='/arm/goal/pose'))
        assert [m.sequence for _, _, m in goals] == list(range(10))
        texts = {m.name: m.metadata for m in reader.iter_metadata()}
    assert texts['adapt_recording']['operator'] == 'Ada'
    assert texts['adapt_ended'] == {'outcome': 'success'}
    inside = yaml.safe_load(texts['rosbag2']['serialized_metadata'])
    outside = yaml.safe_load((tmp_path / 'e/metadata.yaml').read_text())
    assert inside == outside['rosbag2_bagfile_information']


def test_the_contract_travels_inside(tmp_path):
    bag = begin_bag(tmp_path / 'e')
    during = recording_of(tmp_path / 'e')
    bag.end({'outcome': 'failure', 'note': 'it "fell": ä\n'})
    after = recording_of(tmp_path / 'e')
    contract = load_contract('fetch_robot')
    assert during.contract == after.contract == contract
    assert after.contract.hash == contract.hash == after.texts['contract_hash']
    assert (during.outcome, after.outcome) == ('unknown', 'failure')
    assert (after.task, after.operator, after.namespace) == ('lift', 'Ada', '/arm')
    assert after.note == 'it "fell": ä\n'


def test_an_empty_bag_is_a_bag(tmp_path):
    BagWriter(tmp_path / 'e', about()).end({'outcome': 'aborted'})
    assert recording_of(tmp_path / 'e').outcome == 'aborted'
    with open(tmp_path / 'e/e_0.mcap', 'rb') as file:
        assert make_reader(file, validate_crcs=True).get_summary().statistics.message_count == 0


def test_log_times_never_go_back(tmp_path):
    bag = begin_bag(tmp_path / 'e', chunks=0)
    for step, log_ns in enumerate((5, 9, 7, 8)):
        bag.write('/arm/gripper/pose', START_NS + log_ns, pose(step))
    bag.end({})
    assert [(at - START_NS, n) for _, at, n in read(tmp_path / 'e')] == [
        (5, 0), (9, 1), (9, 2), (9, 3)]


def test_what_is_older_than_a_moment_is_on_the_disk(tmp_path):
    """A copy of the growing file has it: what a power cut would leave."""
    from adapt_ros.recording.repair import repair_folder
    bag = begin_bag(tmp_path / 'e', chunks=0)
    bag.write('/arm/gripper/pose', START_NS, pose(7))
    time.sleep(2.5 * FLUSH_S)
    shutil.copytree(tmp_path / 'e', tmp_path / 'copy/e')
    bag.abandon()
    assert [r.messages for r in repair_folder(tmp_path / 'copy')[0]] == [1]
    assert [n for _, _, n in read(tmp_path / 'copy/e')] == [7]


@pytest.fixture
def full_disk(monkeypatch):
    """Return a function that lets the disk take `room` more bytes."""
    real = os.write
    left = [None]

    def write(handle, data):
        if left[0] is None:
            return real(handle, data)
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = real(handle, data[:left[0]])
        left[0] -= done
        return done

    monkeypatch.setattr('adapt_ros.recording.mcap_file.os.write', write)
    return lambda room: left.__setitem__(0, room)


def test_a_full_disk_is_said_and_what_was_written_is_kept(tmp_path, full_disk):
    bag = begin_bag(tmp_path / 'e')
    full_disk(1000)
    for number in range(50):
        bag.write('/arm/gripper/pose', START_NS + 10**10 + number, pose(number))
    bag.flush()
    assert bag.problem == 'writing failed: No space left on device'
    full_disk(None)  # the half-written chunk was taken back: there is room for the summary
    bag.end({'outcome': 'aborted'})
    assert len(read(tmp_path / 'e')) == 100


def test_without_room_for_the_summary_the_bag_waits_for_its_repair(tmp_path, full_disk):
    from adapt_ros.recording.repair import repair_folder
    bag = begin_bag(tmp_path / 'e')
    full_disk(20)
    with pytest.raises(DatasetError, match='could not be completed: No space left on device; make'):
        bag.end({'outcome': 'success'})
    full_disk(500)
    _, [failed] = repair_folder(tmp_path)
    assert 'cannot be repaired: No space left' in failed and 'nothing was changed' in failed
    assert [p.name for p in (tmp_path / 'e').iterdir()] == ['e_0.mcap']
    full_disk(None)
    assert [r.messages for r in repair_folder(tmp_path)[0]] == [100]
    assert len(read(tmp_path / 'e')) == 100


def test_a_removed_file_is_noticed(tmp_path):
    bag = begin_bag(tmp_path / 'e')
    shutil.rmtree(tmp_path / 'e')
    bag.check()
    assert 'was removed while it was being written' in bag.problem
    with pytest.raises(DatasetError, match='was removed'):
        bag.end({})
    assert not (tmp_path / 'e').exists()


def test_a_disk_that_is_too_slow_does_not_eat_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr('adapt_ros.recording.bag_writer._WAITING_BYTES', 1000)
    bag = begin_bag(tmp_path / 'e', chunks=0)
    with bag._file_lock:  # the disk hangs
        for number in range(100):
            bag.write('/arm/gripper/pose', START_NS, pose(number))
        assert bag.messages < 20 and 'too slow' in bag.problem
    bag.end({})
    assert len(read(tmp_path / 'e')) == bag.messages
