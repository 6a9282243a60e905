"""`ros2 launch adapt_ros fetchpush_dmdr.launch.py`: the shipped policy in FetchPush."""

from pathlib import Path

import pytest
from launched import result_of

from adapt_learning.evaluation.evaluate import evaluate

MODEL = Path(__file__).parents[2] / 'models' / 'fetch_push_dmdr'


@pytest.fixture(scope='module')
def push_policy():
    if not (MODEL / 'manifest.json').is_file():
        pytest.skip('this checkout has no models/fetch_push_dmdr')
    return str(MODEL)


def test_it_runs_reports_and_equals_an_evaluation_without_ros(launched, push_policy, tmp_path):
    run = launched('episodes:=2', 'video:=false', f'report:={tmp_path}/out',
                   file='fetchpush_dmdr.launch.py')
    assert run.wait() == 0, run.output
    result = result_of(tmp_path / 'out')
    alone = evaluate(push_policy, 'fetch_push', episodes=2, noise_level=1.0, seed=2000, jobs=1)
    assert [(e['success'], e['steps']) for e in result['per_episode']] == [
        (e.success, e.steps) for e in alone.results]


def test_the_card_tells_how_the_demonstrations_were_restored(push_policy):
    card = (Path(push_policy) / 'card.md').read_text()
    for words in ('adapt collect fetch_push', 'adapt data corrupt', 'adapt restore'):
        assert words in card
