"""Bags of all kinds become datasets, or one clear sentence."""

import json

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
from adapt_msgs.msg import EpisodeStatus, Outcome
from rclpy.serialization import serialize_message

from adapt_learning.data import load_dataset
from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.formats import convert
from adapt_learning.formats.base import ReadOptions
from adapt_learning.frames import Contract, load_contract
from adapt_ros.bridge import device_units
from adapt_ros.camera import image_message
from adapt_ros.codecs import encode, message_class, set_stamp
from adapt_ros.recording.about import begin_texts
from adapt_ros.recording.bag_writer import BagWriter

START_NS, LOG_NS = 5_000_000_000, 1_700_000_000_000_000_000


class Recording:
    """A bag as the recorder writes it, message by message."""

    def __init__(self, folder, contract, about=True):
        texts = begin_texts(contract, namespace='/r1', episode_topic='episode', task='pick it',
                            operator='ann', started='2026-01-01', host='h', version='0')
        self.contract, self.folder = contract, folder
        self.bag = BagWriter(folder, texts if about else {})
        self.log_ns = LOG_NS
        self.frames, self.actions = [], []

    def put(self, topic, kind, message, log_ns=None):
        self.log_ns = self.log_ns + 100_000 if log_ns is None else log_ns
        name = f'/r1/{topic}'
        self.bag.add_topic(name, kind)
        self.bag.write(name, self.log_ns, bytes(serialize_message(message)))

    def status(self, state, stamp, **values):
        message = EpisodeStatus(state=state, episode=1, **values)
        set_stamp(message, stamp)
        self.put('episode', 'adapt_msgs/msg/EpisodeStatus', message)

    def fill(self, features, values, stamp):
        topics = {}
        for feature in features:
            if getattr(feature, 'derive', None) is None:
                message = topics.setdefault(
                    feature.topic, (feature.type, message_class(feature.type)()))[1]
                if feature.type == 'sensor_msgs/msg/JointState':
                    message.velocity = message.effort = [0.0] * len(feature.names)
                set_stamp(message, stamp)
                gain, offset = device_units(feature)
                encode(message, feature.field, np.asarray(values[feature.key]) * gain + offset,
                       feature.names)
        return [(topic, kind, message) for topic, (kind, message) in topics.items()]

    def observe(self, stamp, random):
        raw = {f.key: random.normal(size=f.raw_size) for f in self.contract.observation
               if f.derive is None}
        for topic, kind, message in self.fill(self.contract.observation, raw, stamp):
            self.put(topic, kind, message)

    def command(self, stamp, action):
        scaled = {f.key: action[place] * f.scale for f, place in zip(
            self.contract.action, self.contract.action_spec.slices.values(), strict=True)}
        for topic, kind, message in reversed(self.fill(self.contract.action, scaled, stamp)):
            self.put(topic, kind, message)

    def picture(self, stamp, value):
        pixels = np.full((240, 320, 3), value, np.uint8)
        self.put('camera/image_raw', 'sensor_msgs/msg/Image', image_message(pixels, stamp, 'c'))

    def end(self, outcome='success'):
        self.bag.end({'outcome': outcome, 'note': '', 'ended': ''})


def record(folder, contract, length=12, *, seed=7, late_ns=0, pictures=False, skip=(), about=True,
           unanswered=(), announce=True, end=True):
    """Write one bag; returns it with the actions that were commanded."""
    random = np.random.default_rng(seed)
    made = Recording(folder, contract, about)
    if announce:
        made.status(EpisodeStatus.STATE_RUNNING, START_NS, seed=seed, noise_level=1.5)
    for row in range(length):
        stamp = START_NS + row * contract.period_ns
        action = random.uniform(-1, 1, contract.action_spec.size).astype(np.float32)
        if pictures:
            made.picture(stamp, 20 * row % 250)
        if row not in skip:
            made.observe(stamp, random)
            if row not in unanswered:
                made.command(stamp + late_ns, action)
                made.actions.append(action)
    if announce:
        made.status(EpisodeStatus.STATE_ENDED, stamp + contract.period_ns,
                    outcome=Outcome(value=Outcome.SUCCESS), steps=length)
    if end:
        made.end('unknown')
    return made


@pytest.fixture
def contract():
    return load_contract('fetch_pick')


def test_pictures_become_videos_that_lerobot_finds(tmp_path, contract):
    record(tmp_path / 'bags/episode_000001', contract, pictures=True)
    record(tmp_path / 'bags/episode_000002', contract, 9, pictures=True, seed=8)
    made = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert made.episodes == 2 and made.steps == 21
    info = json.loads((tmp_path / 'out/meta/info.json').read_text())
    key = 'observation.images.front'
    assert info['features'][key]['dtype'] == 'video'
    assert info['features'][key]['shape'] == [240, 320, 3]
    assert info['features'][key]['info']['video.fps'] == 25
    rows = pq.read_table(tmp_path / 'out/meta/episodes/chunk-000/file-000.parquet').to_pylist()
    for row in rows:
        file = tmp_path / 'out' / info['video_path'].format(
            video_key=key, chunk_index=row[f'videos/{key}/chunk_index'],
            file_index=row[f'videos/{key}/file_index'])
        with av.open(str(file)) as film:
            frames = list(film.decode(video=0))
        assert [round(f.time * 25, 6) for f in frames] == list(range(row['length']))
        values = [f.to_ndarray(format='rgb24').mean() for f in frames]
        np.testing.assert_allclose(values, [20 * r % 250 for r in range(row['length'])], atol=3)
        assert row[f'videos/{key}/to_timestamp'] == pytest.approx(row['length'] / 25)
    stats = json.loads((tmp_path / 'out/meta/stats.json').read_text())[key]
    assert np.array(stats['mean']).shape == np.array(stats['q99']).shape == (3, 1, 1)
    assert stats['min'][0][0][0] == 0 and stats['max'][0][0][0] == pytest.approx(220 / 255)
    # out and in again: pictures too
    convert.export_data(tmp_path / 'out', tmp_path / 'lerobot', 'lerobot')
    convert.import_data([tmp_path / 'lerobot'], tmp_path / 'again')
    assert load_dataset(tmp_path / 'again') == load_dataset(tmp_path / 'out')
    films = [sorted((tmp_path / name / 'videos').rglob('*.mp4')) for name in ('out', 'again')]
    assert [f.read_bytes() for f in films[0]] == [f.read_bytes() for f in films[1]]


def test_rows_outcome_seed_task_and_exact_actions(tmp_path, contract):
    made = record(tmp_path / 'bag', contract)
    done = convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    (episode,) = load_dataset(tmp_path / 'out')
    np.testing.assert_allclose(episode.action, made.actions, atol=1e-6)
    assert (episode.success, episode.seed, episode.noise_level, episode.task) == (
        True, 7, 1.5, 'pick it')
    assert done.facts['timing']['exact'] == 12
    # Written forty times as fast as it was stamped: a simulation's pace is no latency.
    assert done.facts['timing']['worst_latency_s'] < 0.002
    assert done.notes == (), 'recorded without cameras, so nothing was lost'


def test_commands_with_their_own_stamps_answer_the_nearest_frame(tmp_path, contract):
    made = record(tmp_path / 'bag', contract, late_ns=9_000_000)
    done = convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    (episode,) = load_dataset(tmp_path / 'out')
    np.testing.assert_allclose(episode.action, made.actions, atol=1e-6)
    timing = done.facts['timing']
    assert timing['exact'] == 0
    assert timing['worst_command_offset_s'] == pytest.approx(0.009)


def test_lost_frames_and_frames_without_a_command_are_counted(tmp_path, contract):
    # A hole of two periods stays below the observation timeout, which would end the episode.
    record(tmp_path / 'bag', contract, 20, skip=(5,), unanswered=(10, 11, 12))
    done = convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    timing = done.facts['timing']
    assert timing['missed'] == 1 and timing['unanswered'] == 3
    assert timing['longest_gap_s'] == pytest.approx(0.08)
    (episode,) = load_dataset(tmp_path / 'out')
    assert len(episode) == 16 and np.diff(episode.timestamp_s).max() == pytest.approx(0.16)


def test_a_device_in_other_units_gives_the_policy_s_actions(tmp_path):
    contract = load_contract('fetch_robot')
    made = record(tmp_path / 'bag', contract, announce=False)
    convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    (episode,) = load_dataset(tmp_path / 'out')
    # The goal came after the first observations, so the first frame was not complete.
    np.testing.assert_allclose(episode.action, made.actions[1:], atol=1e-6)
    assert episode.success is None and episode.seed is None


def test_an_unfinished_bag_is_repaired_and_what_was_lost_is_said(tmp_path, contract):
    made = record(tmp_path / 'bags/episode_000001', contract, end=False)
    made.bag.abandon()
    done = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert done.episodes == 1 and done.steps == 12
    assert any('was not ended by its recorder' in note for note in done.notes)


def test_a_bag_that_was_cut_off_before_all_sensors_spoke_is_left_out(tmp_path, contract):
    record(tmp_path / 'bags/episode_000001', contract)
    made = Recording(tmp_path / 'bags/episode_000002', contract, True)
    made.status(EpisodeStatus.STATE_RUNNING, START_NS, seed=8)
    made.bag.abandon()
    done = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert done.episodes == 1
    assert [note for note in done.notes
            if 'episode_000002 gives no pair' in note and 'needs the topics' in note]
    # One that its recorder ended is another matter: the contract does not fit.
    short = Recording(tmp_path / 'short', contract, True)
    short.status(EpisodeStatus.STATE_RUNNING, START_NS, seed=8)
    short.end()
    with pytest.raises(DatasetError, match='needs the topics'):
        convert.import_data([tmp_path / 'short'], tmp_path / 'other')


def test_a_bag_of_another_robot_is_refused(tmp_path, contract):
    record(tmp_path / 'bags/a', contract)
    record(tmp_path / 'bags/b', load_contract('fetch_robot'), announce=False)
    with pytest.raises(DatasetError, match='b was recorded by .*fetch_robot.*a by .*fetch_pick'):
        convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    other = Contract.model_validate(contract.model_dump() | {'rate_hz': 50.0})
    with pytest.raises(DatasetError, match='read it by its own contract'):
        convert.import_data([tmp_path / 'bags/a'], tmp_path / 'out',
                            options=ReadOptions(contract=other))
    assert not (tmp_path / 'out').exists() and not list(tmp_path.glob('.out*'))


def test_a_bag_without_a_contract_needs_one(tmp_path, contract):
    made = record(tmp_path / 'bag', contract, about=False, pictures=True)
    with pytest.raises(DatasetError, match='--contract'):
        convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    convert.import_data([tmp_path / 'bag'], tmp_path / 'out', options=ReadOptions(
        contract=contract, settings={'namespace': 'r1'}))
    np.testing.assert_allclose(
        load_dataset(tmp_path / 'out').episodes[0].action, made.actions, atol=1e-6)
    assert list((tmp_path / 'out').rglob('*.mp4')), 'its pictures are in the namespace too'


def test_an_empty_bag_is_left_out_and_only_empty_ones_are_refused(tmp_path, contract):
    record(tmp_path / 'bags/a', contract)
    record(tmp_path / 'bags/b', contract, unanswered=range(12))
    done = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert done.episodes == 1 and any('b gives no pair' in note for note in done.notes)
    with pytest.raises(DatasetError, match='no demonstrations.*b gives no pair'):
        convert.import_data([tmp_path / 'bags/b'], tmp_path / 'other')


def test_options_that_make_no_sense_for_bags_are_refused(tmp_path, contract):
    record(tmp_path / 'bag', contract, 3)
    for options in (ReadOptions(rate_hz=10.0), ReadOptions(mapping={'a': 'b'}),
                    ReadOptions(settings={'mask': 'x'})):
        with pytest.raises(SettingError):
            convert.import_data([tmp_path / 'bag'], tmp_path / 'out', options=options)
    with pytest.raises(SettingError, match='cannot be turned into bags'):
        convert.format_named('bags').write(None, tmp_path / 'x')


def test_the_order_of_commands_of_one_moment_does_not_matter(tmp_path, contract):
    """A recorder that was held up writes all of one topic, then all of the other."""
    held = Recording(tmp_path / 'held', contract)
    random = np.random.default_rng(0)
    held.status(EpisodeStatus.STATE_RUNNING, START_NS)
    actions = random.uniform(-1, 1, (6, 4))
    stamps = [START_NS + row * contract.period_ns for row in range(6)]
    for stamp in stamps:
        held.observe(stamp, random)
    for topic in range(2):
        for stamp, action in zip(stamps, actions, strict=True):
            scaled = {'gripper_velocity': action[:3] * 1.25, 'gripper_command': action[3:]}
            held.put(*held.fill(contract.action, scaled, stamp)[1 - topic])
    held.end()
    convert.import_data([tmp_path / 'held'], tmp_path / 'out')
    np.testing.assert_allclose(load_dataset(tmp_path / 'out').episodes[0].action, actions,
                               atol=1e-6)


def test_a_clock_that_jumps_back_is_said(tmp_path, contract):
    made = Recording(tmp_path / 'bag', contract)
    random, actions = np.random.default_rng(0), []
    made.status(EpisodeStatus.STATE_RUNNING, START_NS)
    for row in (0, 1, 2, 3, -50, -49, 4, 5):
        stamp = START_NS + row * contract.period_ns
        made.observe(stamp, random)
        made.command(stamp, np.full(4, row / 100))
        actions += [row / 100] if row >= 0 else []
    made.end()
    done = convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    assert any('went back in time' in note for note in done.notes)
    np.testing.assert_allclose(
        load_dataset(tmp_path / 'out').episodes[0].action[:, 0], actions, atol=1e-6)


def test_the_command_prints_what_the_recording_really_did(tmp_path, contract, capsys):
    from adapt_learning.cli.main import app
    record(tmp_path / 'bag', contract, 20, skip=(5,), unanswered=(10,))
    with pytest.raises(SystemExit) as ended:
        app(['data', 'import', str(tmp_path / 'bag'), '--out', str(tmp_path / 'out')])
    assert ended.value.code in (0, None)
    text = ' '.join(capsys.readouterr().out.split())
    assert '19 frames at 25.00 Hz (contract 25 Hz), 1 instants without a frame' in text
    assert '1 frames without a command left out; longest gap 0.080 s' in text
    with pytest.raises(SystemExit) as ended:
        app(['data', 'import', str(tmp_path / 'bag'), '--out', str(tmp_path / 'out')])
    assert ended.value.code == 2 and 'never overwritten' in capsys.readouterr().err


def test_the_outcome_of_a_recorder_that_died_is_that_of_its_episode(tmp_path, contract):
    made = record(tmp_path / 'bags/episode_000001', contract, end=False)
    made.bag.abandon()
    done = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert load_dataset(tmp_path / 'out').episodes[0].success is True
    assert done.facts['recordings'][0]['outcome'] == 'success'
    assert 'was not ended' in done.facts['recordings'][0]['recovered']


@pytest.mark.parametrize(('who', 'expected'), [('episode', [True, False, None]),
                                               ('operator', [True, True, True])])
def test_episodes_in_one_bag_have_their_own_outcomes_unless_the_operator_says(
        tmp_path, contract, who, expected):
    made, random = Recording(tmp_path / 'bag', contract), np.random.default_rng(0)
    for number, outcome in enumerate((Outcome.SUCCESS, Outcome.FAILURE, Outcome.UNKNOWN)):
        begin = START_NS + number * 2_000_000_000
        made.status(EpisodeStatus.STATE_RUNNING, begin)
        for row in range(4):
            made.observe(begin + row * contract.period_ns, random)
            made.command(begin + row * contract.period_ns, np.zeros(4, np.float32))
        made.status(EpisodeStatus.STATE_ENDED, begin + 4 * contract.period_ns,
                    outcome=Outcome(value=outcome))
    made.bag.end({'outcome': 'success', 'outcome_by': who, 'note': '', 'ended': ''})
    convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    assert [e.success for e in load_dataset(tmp_path / 'out')] == expected


def test_a_message_that_does_not_fit_is_left_out_and_said(tmp_path, contract):
    made = record(tmp_path / 'bag', contract, end=False)
    joints = next(f for f in contract.observation if f.type == 'sensor_msgs/msg/JointState')
    odd = message_class(joints.type)(name=list(joints.names), position=[0.0])
    set_stamp(odd, START_NS)
    made.put(joints.topic, joints.type, odd)
    for data in (b'', b'\0\1\0\0', b'\0\1\0\0' + b'\xff' * 30):
        made.bag.write(f'/r1/{joints.topic}', made.log_ns + 1, data)
    made.end()
    done = convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    assert done.steps == 12
    [note] = [n for n in done.notes if 'not fit' in n]
    assert f'4 messages on {joints.topic} do not fit' in note
    assert 'the first: it cannot be read as sensor_msgs/msg/JointState' in note


def test_bags_that_cannot_be_repaired_do_not_hold_up_the_others(tmp_path, contract):
    record(tmp_path / 'bags/episode_000001', contract)
    (tmp_path / 'bags/episode_000002').mkdir()
    (tmp_path / 'bags/episode_000002/episode_000002_0.mcap').write_bytes(b'none')
    done = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert done.episodes == 1
    assert [n for n in done.notes if 'left out: ' in n and 'not an MCAP file' in n]
    with pytest.raises(DatasetError, match='not an MCAP file'):
        convert.import_data([tmp_path / 'bags/episode_000002'], tmp_path / 'other')


@pytest.mark.parametrize(('length', 'value'), [(3000, 0), (3000, 255)])
def test_a_finished_bag_with_a_hole_is_refused_in_one_sentence(tmp_path, contract, length, value):
    record(tmp_path / 'bags/a', contract, 40)
    file = tmp_path / 'bags/a/a_0.mcap'
    data = bytearray(file.read_bytes())
    data[len(data) // 2:len(data) // 2 + length] = bytes([value]) * length
    file.write_bytes(data)
    with pytest.raises(DatasetError, match='is damaged.*remove its metadata.yaml'):
        convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    record(tmp_path / 'bags/b', contract)
    (tmp_path / 'bags/a/metadata.yaml').unlink()
    done = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert any('damaged and left out' in note for note in done.notes) and done.steps >= 12


def test_all_damaged_bags_of_a_folder_are_named_at_once_with_the_remedy(tmp_path, contract):
    bags = [tmp_path / f'bags/episode_00000{number}' for number in range(1, 6)]
    for bag in bags:
        record(bag, contract)
    cut, empty, hole, text = (next(bag.glob('*.mcap')) for bag in bags[:4])
    cut.write_bytes(cut.read_bytes()[:cut.stat().st_size * 2 // 3])
    empty.write_bytes(b'')
    data = hole.read_bytes()
    hole.write_bytes(data[:len(data) // 2] + bytes(100) + data[len(data) // 2 + 100:])
    (text.parent / 'metadata.yaml').write_text('rosbag2_bagfile_information:\n  a: b: c\n- d')
    with pytest.raises(DatasetError) as caught:
        convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    said = str(caught.value)
    assert '\n' not in said and '  ' not in said and 'episode_000005' not in said
    assert all(f'{bag} {what}' in said for bag, what in zip(bags[:4], (
        'cannot be read', 'cannot be read', 'is damaged', 'cannot be read'), strict=True))
    assert said.endswith('; if demo_recorder made them, remove their metadata.yaml: the next '
                         'import then keeps what is whole')
    for bag in bags[:4]:
        (bag / 'metadata.yaml').unlink()
    done = convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert done.episodes >= 2 and any('left out: ' in note for note in done.notes)


def test_a_bag_that_is_given_twice_is_taken_once(tmp_path, contract):
    for number in (1, 2):
        record(tmp_path / f'bags/episode_00000{number}', contract, 5, seed=number)
    (tmp_path / 'link').symlink_to(tmp_path / 'bags')
    done = convert.import_data([tmp_path / 'bags', tmp_path / 'bags/episode_000001',
                                tmp_path / 'link'], tmp_path / 'out')
    assert done.episodes == 2
    assert done.notes == ('episode_000001 was given more than once and is taken once',
                          'episode_000002 was given more than once and is taken once')


def test_the_file_of_a_bag_is_answered_with_its_folder(tmp_path, contract):
    record(tmp_path / 'bags/a', contract)
    file = tmp_path / 'bags/a/a_0.mcap'
    for sources in ([file], [tmp_path / 'bags', file]):
        with pytest.raises(DatasetError, match=f'a_0.mcap is the file .*give {tmp_path}/bags/a$'):
            convert.import_data(sources, tmp_path / 'out')


def test_a_camera_that_is_missing_beside_another_is_said(tmp_path, contract):
    values = contract.model_dump()
    values['cameras'] = [values['cameras'][0], values['cameras'][0] | {
        'key': 'wrist', 'topic': 'wrist/image_raw'}]
    two = Contract.model_validate(values)
    record(tmp_path / 'bag', two, pictures=True)
    done = convert.import_data([tmp_path / 'bag'], tmp_path / 'out')
    assert done.notes == ('no pictures on /r1/wrist/image_raw in 1 recordings, the first is bag: '
                          'their other pictures are left out too',)


def test_a_damaged_bag_of_our_own_is_not_only_called_another_s(tmp_path, contract):
    record(tmp_path / 'bags/a', contract)
    bag = tmp_path / 'bags/a'
    metadata = bag / 'metadata.yaml'
    metadata.write_bytes(metadata.read_bytes()[:200])
    with pytest.raises(DatasetError, match='remove its metadata.yaml'):
        convert.import_data([bag], tmp_path / 'out')
    file = bag / 'a_0.mcap'
    file.write_bytes(file.read_bytes()[:60])  # its header, and nothing of what follows
    metadata.unlink()
    for _ in range(2):  # the first repairs it
        with pytest.raises(DatasetError, match='has no contract in it.*is damaged'):
            convert.import_data([bag], tmp_path / 'out')


def test_a_folder_that_is_called_like_a_recording(tmp_path, contract):
    (tmp_path / 'bags/a/a_0.mcap').mkdir(parents=True)
    with pytest.raises(DatasetError, match='a_0.mcap is no file') as caught:
        convert.import_data([tmp_path / 'bags'], tmp_path / 'out')
    assert 'room' not in str(caught.value) and 'permissions' not in str(caught.value)
