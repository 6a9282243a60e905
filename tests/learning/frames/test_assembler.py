"""From samples to frames: which instants are complete, and in whatever order their parts come."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapt_learning.errors import SampleError
from adapt_learning.frames import FrameAssembler, parse_contract

VECTOR = 'type: geometry_msgs/msg/Vector3Stamped, field: vector, size: 3, unit: m'
MS = 1_000_000


def contract(**aligns):
    """Return a contract of 100 Hz with one feature (and topic) per keyword."""
    features = '\n'.join(f'  - {{key: {key}, topic: {key}, {VECTOR}, align: {align}}}'
                         for key, align in aligns.items())
    return parse_contract(
        f'name: robot\nrate_hz: 100\nobservation:\n{features}\naction:\n'
        '  - {key: u, topic: u, type: std_msgs/msg/Float64, field: data, size: 1, unit: N}')


def sample(topic, value=0.0):
    """Return the raw values of one message."""
    return {topic: np.full(3, float(value))}


def push(assembler, topic, stamp, value=0.0):
    """Push one message and return the frame, if any."""
    return assembler.push(topic, stamp, sample(topic, value))


def first(frame):
    """Return the first element of every feature."""
    return {key: array[0] for key, array in frame.values.items()}


@pytest.mark.parametrize('order', list(itertools.permutations('abc')))
def test_the_order_within_an_instant_does_not_matter(order):
    assembler = FrameAssembler(contract(a='sync', b='sync', c='sync'))
    for step in range(3):
        values = {topic: 10 * step + ord(topic) for topic in order}
        frames = [push(assembler, topic, step * 10 * MS, values[topic]) for topic in order]
        assert frames[:2] == [None, None]
        assert first(frames[2]) == values and frames[2].stamp_ns == step * 10 * MS


def test_instants_that_are_incomplete_give_no_frame():
    assembler = FrameAssembler(contract(a='sync', b='sync'))
    assert push(assembler, 'a', 0) is None
    assert push(assembler, 'b', 10 * MS) is None
    assert push(assembler, 'a', 20 * MS) is None
    assert push(assembler, 'b', 20 * MS) is not None


def test_features_of_one_message_arrive_together():
    text = ('name: robot\nrate_hz: 100\nobservation:\n'
            '  - {key: p, topic: pose, type: geometry_msgs/msg/PoseStamped, '
            'field: pose.position, size: 3, unit: m}\n'
            '  - {key: q, topic: pose, type: geometry_msgs/msg/PoseStamped, '
            'field: pose.orientation, size: 4, unit: "1"}\naction:\n'
            '  - {key: u, topic: u, type: std_msgs/msg/Float64, field: data, size: 1, unit: N}')
    assembler = FrameAssembler(parse_contract(text))
    assert assembler.keys_of == {'pose': ('p', 'q')}
    assert assembler.push('pose', 0, {'p': np.zeros(3), 'q': np.ones(4)}).spec.size == 7


def test_asof_takes_the_newest_sample_up_to_its_age():
    assembler = FrameAssembler(contract(a='sync', b='asof, max_age_s: 0.02'))
    assert push(assembler, 'a', 0) is None
    push(assembler, 'b', 5 * MS, 1)
    push(assembler, 'b', 8 * MS, 2)
    assert first(push(assembler, 'a', 10 * MS))['b'] == 2
    assert first(push(assembler, 'a', 28 * MS))['b'] == 2
    assert push(assembler, 'a', 40 * MS) is None
    assert '0.032 s older than the frame, 0.020 s are allowed' in assembler.counts.last_problem
    # A sample from after the frame's instant counts too: it is what the policy would see live.
    push(assembler, 'b', 55 * MS, 3)
    assert first(push(assembler, 'a', 50 * MS))['b'] == 3


def test_hold_takes_the_newest_sample_of_any_age():
    assembler = FrameAssembler(contract(a='sync', b='hold'))
    assert push(assembler, 'a', 0) is None
    assert assembler.missing() == ('b',)
    push(assembler, 'b', 0, 7)
    assert first(push(assembler, 'a', 3600_000 * MS))['b'] == 7


def test_without_a_running_episode_there_are_no_frames_where_the_contract_needs_one():
    assembler = FrameAssembler(contract(a='sync', goal='episode'))
    push(assembler, 'goal', 0)
    assert push(assembler, 'a', 0) is None
    assert first(assembler.begin_episode(0)) == {'a': 0, 'goal': 0}
    assert push(assembler, 'a', 10 * MS) is not None
    assembler.end_episode()
    assert push(assembler, 'a', 20 * MS) is None


@pytest.mark.parametrize('order', list(itertools.permutations(['begin', 'a', 'b', 'goal'])))
def test_the_first_instant_of_an_episode_may_come_in_any_order(order):
    assembler = FrameAssembler(contract(a='sync', b='sync', goal='episode'))
    for episode in (1, 2):
        begin = episode * 1000 * MS
        frames = [assembler.begin_episode(begin) if part == 'begin'
                  else push(assembler, part, begin, episode) for part in order]
        made = [frame for frame in frames if frame is not None]
        assert len(made) == 1 and frames[-1] is made[0]
        assert set(first(made[0]).values()) == {episode}
        assert push(assembler, 'a', begin + 10 * MS) is None
        assert push(assembler, 'b', begin + 10 * MS) is not None
        assembler.end_episode()


@st.composite
def received(draw):
    """
    Return what a listener may receive of several episodes.

    Each topic is a queue of its own that keeps its order; the queues are merged in any way. Of the
    observations after the first instant, and of the ends, some are lost. Between two episodes the
    stamps make a gap longer than the observation timeout. Items are (topic, stamp [ns], episode).
    """
    queues = {'a': [], 'b': [], 'goal': [], 'episode': []}
    stamp = 0
    for episode in range(1, draw(st.integers(2, 4)) + 1):
        stamp += (201 + draw(st.integers(0, 50))) * MS
        queues['episode'].append(('begin', stamp, episode))
        queues['goal'].append(('goal', stamp, episode))
        for step in range(draw(st.integers(1, 4))):
            for topic in 'ab':
                if step == 0 or draw(st.booleans()):
                    queues[topic].append((topic, stamp, episode))
            if draw(st.booleans()):
                queues['goal'].append(('goal', stamp, episode))
            stamp += 10 * MS
        if draw(st.booleans()):
            queues['episode'].append(('end', stamp, episode))
    items = []
    while any(queues.values()):
        queue = draw(st.sampled_from([name for name, queue in queues.items() if queue]))
        items.append(queues[queue].pop(0))
    return items


@settings(max_examples=300, deadline=None)
@given(received())
def test_a_goal_is_never_mixed_with_the_observations_of_another_episode(items):
    assembler = FrameAssembler(contract(a='sync', b='sync', goal='episode'))
    stamps = []
    for topic, stamp, episode in items:
        if topic == 'begin':
            frame = assembler.begin_episode(stamp)
        elif topic == 'end':
            frame = assembler.end_episode()
        else:
            frame = push(assembler, topic, stamp, episode)
        if frame is not None:
            assert len(set(first(frame).values())) == 1
            stamps.append(frame.stamp_ns)
    assert stamps == sorted(set(stamps))


@given(st.data())
def test_in_lockstep_every_instant_gives_its_frame_whatever_the_order(data):
    """The simulation waits for the command, so an instant that gave no frame would be the end."""
    assembler = FrameAssembler(contract(a='sync', b='sync', goal='episode'))
    for episode in (1, 2, 3):
        begin = episode * 1000 * MS
        for step in range(data.draw(st.integers(1, 4))):
            parts = ['a', 'b', 'goal', *(['begin'] if step == 0 else [])]
            made = []
            for part in data.draw(st.permutations(parts)):
                stamp = begin + step * 10 * MS
                frame = (assembler.begin_episode(begin) if part == 'begin'
                         else push(assembler, part, stamp, episode))
                made += [frame] if frame is not None else []
            assert [frame.stamp_ns for frame in made] == [stamp]
            assert set(first(made[0]).values()) == {episode}
        if data.draw(st.booleans()):
            assembler.end_episode()


@given(st.lists(st.floats(-0.04, 0.04), min_size=5, max_size=60))
def test_a_source_at_the_contract_s_rate_loses_no_frame_to_its_jitter(jitter):
    assembler = FrameAssembler(contract(a='sync'))
    stamps = [round((i + 1 + j) * 10 * MS) for i, j in enumerate(jitter)]
    assert all(push(assembler, 'a', stamp) is not None for stamp in stamps)


@given(st.integers(2, 12), st.floats(0, 0.3), st.randoms(use_true_random=False))
def test_a_faster_source_is_thinned_to_the_contract_s_rate(factor, jitter, random):
    assembler = FrameAssembler(contract(a='sync'))
    period = 10 * MS / factor
    stamps = [round((i + 1 + random.uniform(-jitter, jitter)) * period)
              for i in range(40 * factor)]
    made = [stamp for stamp in stamps if push(assembler, 'a', stamp) is not None]
    assert abs(len(made) - 40) <= 1
    # No drift: after k periods k frames have come.
    for k, stamp in enumerate(made):
        assert abs((stamp - made[0]) / (10 * MS) - k) <= 1


def test_a_slower_source_gives_all_it_has():
    assembler = FrameAssembler(contract(a='sync'))
    assert all(push(assembler, 'a', i * 37 * MS) is not None for i in range(20))


def test_a_gap_longer_than_the_observation_timeout_ends_an_episode():
    """The default timeout is 0.2 s; the runner stops for the same gap."""
    assembler = FrameAssembler(contract(a='sync', goal='episode'))
    push(assembler, 'goal', 0)
    assembler.begin_episode(0)
    assert push(assembler, 'a', 0) is not None
    assert push(assembler, 'a', 200 * MS) is not None
    assert push(assembler, 'a', 401 * MS) is None
    assert push(assembler, 'a', 411 * MS) is None
    push(assembler, 'goal', 420 * MS)
    assert assembler.begin_episode(411 * MS).stamp_ns == 411 * MS


def test_a_gap_is_nothing_special_where_a_contract_needs_no_episodes():
    assembler = FrameAssembler(contract(a='sync', b='hold'))
    push(assembler, 'b', 0)
    assert push(assembler, 'a', 0) is not None
    assert push(assembler, 'a', 5000 * MS) is not None


def test_the_grid_starts_anew_with_every_episode():
    assembler = FrameAssembler(contract(a='sync', goal='episode'))
    push(assembler, 'goal', 0)
    push(assembler, 'a', 0)
    assembler.begin_episode(0)
    # 4 ms after the last frame: too early on the old grid, the first instant on the new one.
    push(assembler, 'a', 4 * MS)
    push(assembler, 'goal', 4 * MS)
    assert assembler.begin_episode(4 * MS) is not None


def test_samples_that_go_back_in_time_are_dropped_and_counted():
    assembler = FrameAssembler(contract(a='sync', b='hold'))
    push(assembler, 'b', 100 * MS, 1)
    assert push(assembler, 'b', 90 * MS, 2) is None
    assert first(push(assembler, 'a', 100 * MS))['b'] == 1
    assert push(assembler, 'a', 50 * MS) is None
    assert assembler.counts.out_of_order == 2
    assert "'a' went back in time by 0.050 s" in assembler.counts.last_problem
    assembler.reset()
    push(assembler, 'b', 0)
    assert push(assembler, 'a', 0) is not None
    assert assembler.counts.out_of_order == 2


def test_the_same_sample_twice_gives_one_frame():
    assembler = FrameAssembler(contract(a='sync'))
    assert push(assembler, 'a', 0) is not None
    assert push(assembler, 'a', 0) is None
    assert (assembler.counts.samples, assembler.counts.frames) == (2, 1)


@pytest.mark.parametrize('wrong', [np.zeros(2), np.zeros((1, 3)), np.zeros(0), np.float64(1)])
def test_a_sample_of_the_wrong_form_is_refused_counted_and_forgotten(wrong):
    assembler = FrameAssembler(contract(a='sync', b='sync'))
    push(assembler, 'a', 0, 1)
    with pytest.raises(SampleError, match="'b' .* needs 3 elements"):
        assembler.push('b', 0, {'b': wrong})
    assert assembler.counts.wrong_shape == 1
    assert assembler.counts.last_problem.startswith("'b' ")
    assert first(push(assembler, 'b', 0, 2)) == {'a': 1, 'b': 2}


def test_a_foreign_topic_is_refused_with_the_ones_there_are():
    assembler = FrameAssembler(contract(a='sync'))
    with pytest.raises(SampleError, match=r"topic 'x' is not in .*; there are \['a'\]"):
        push(assembler, 'x', 0)


def test_a_frame_does_not_change_with_the_array_that_was_pushed():
    assembler = FrameAssembler(contract(a='sync', b='sync'))
    array = np.ones(3)
    assembler.push('a', 0, {'a': array})
    array[:] = 99
    assert first(push(assembler, 'b', 0, 2)) == {'a': 1, 'b': 2}


def test_not_a_number_passes_so_that_the_runner_can_stop_on_it():
    frame = push(FrameAssembler(contract(a='sync')), 'a', 0, np.nan)
    assert not frame.is_finite
