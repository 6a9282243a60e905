"""Recipes while inspection_node runs: made, listed, selected, removed, calibrated anew."""

import math
import shutil

import pytest
from action_msgs.msg import GoalStatus
from adapt_msgs.action import FitRecipe
from adapt_msgs.msg import InspectionVerdict
from adapt_msgs.srv import AddRecipe, CalibrateRecipe, ListRecipes, RemoveRecipe, SelectRecipe
from inspection_bench import InspectionBench
from tiny_detector import surface, with_blob

from adapt_learning.inspection import load_recipe
from adapt_learning.inspection.pictures import encode_png

V = InspectionVerdict
NODE = 'inspection_node/'
PATIENCE_S = 60.0
"""A child imports its libraries first."""


@pytest.fixture
def line(bench, tmp_path):
    """Return a function that puts the node on the bench, with pictures to make recipes of."""
    def put(**parameters):
        pictures = tmp_path / 'pictures'
        (pictures / 'weave').mkdir(parents=True)
        for i in range(6):
            (pictures / 'weave' / f'{i}.png').write_bytes(encode_png(surface(20 + i)))
        (pictures / 'broken.jpg').touch()
        (tmp_path / 'secret.png').write_bytes(encode_png(surface(1)))
        return InspectionBench(bench, tmp_path, references=str(pictures), **parameters)
    return put


def fitted(line, **goal):
    """Send a goal and return (status, result)."""
    handle = line.send(line.fit, FitRecipe.Goal(**goal))
    assert handle.accepted
    future = handle.get_result_async()
    line.bench.until(future.done, 'the recipe', PATIENCE_S)
    return future.result().status, future.result().result


def listed(line):
    return line.bench.call(ListRecipes, NODE + 'list_recipes')


def select(line, name):
    return line.bench.call(SelectRecipe, NODE + 'select_recipe', name=name)


def test_a_recipe_of_files_is_made_while_inspection_goes_on(line):
    line = line()
    handle = line.send(line.fit, FitRecipe.Goal(
        name='new', surface='woven wire', files=['weave'], false_reject=0.2, select=True))
    assert handle.accepted
    assert not line.send(line.fit, FitRecipe.Goal(name='second', files=['weave'])).accepted
    assert listed(line).fitting == 'new'
    assert line.inspect(with_blob(surface(3))).recipe == 'weave', 'it goes on meanwhile'
    future = handle.get_result_async()
    line.bench.until(future.done, 'the recipe', PATIENCE_S)
    status, result = future.result().status, future.result().result
    assert status == GoalStatus.STATUS_SUCCEEDED, result.text
    assert (result.recipe.name, result.recipe.surface, result.recipe.references) == (
        'new', 'woven wire', 6)
    assert result.recipe.selected and 'at most' in result.text and result.seconds > 0.0
    assert (result.recipe.false_reject, result.recipe.width) == (0.2, 96)
    assert result.recipe.false_reject_bound == pytest.approx(1 / 7)
    assert line.feedback and line.feedback[-1].stage
    recipe = load_recipe(line.recipes / 'new')
    assert recipe.hash == result.recipe.hash and recipe.created
    verdict = line.inspect(surface(70))
    assert (verdict.recipe, verdict.recipe_hash) == ('new', recipe.hash)
    assert listed(line).fitting == '' and 'at most' in listed(line).last_fit


def test_a_recipe_is_grabbed_from_the_live_topic(line):
    line = line(recipe='')
    answer = line.bench.call(AddRecipe, NODE + 'add_recipe', name='live', grab=5, select=True)
    assert answer.success, answer.message
    for i in range(5):
        line.show(surface(30 + i))
        line.bench.until(lambda i=i: line.node.feed.received == i + 1, 'the frame')
    line.bench.until(lambda: line.state.recipe == 'live', 'the recipe', PATIENCE_S)
    assert line.state.ready and not line.state.error
    recipe = load_recipe(line.recipes / 'live')
    assert [one.source for one in recipe.references] == [f'live_{i:03d}.png' for i in range(5)]
    assert line.inspect(surface(71)).verdict == V.OK
    assert line.inspect(with_blob(surface(71))).verdict == V.NOK


def test_what_cannot_be_made_is_refused_or_fails_with_a_sentence(line):
    line = line()
    for goal, words in (
            ({'name': '../evil', 'files': ['weave']}, 'without folders'),
            ({'name': 'a/b', 'files': ['weave']}, 'without folders'),
            ({'name': 'x', 'files': ['../secret.png']}, 'must lie below'),
            ({'name': 'x', 'files': ['/etc/passwd']}, 'must lie below'),
            ({'name': 'x', 'files': ['none']}, 'is not there'),
            ({'name': 'x'}, 'exactly one of them'),
            ({'name': 'x', 'files': ['weave'], 'grab': 3}, 'exactly one of them'),
            ({'name': 'x', 'grab': 100_000}, 'at most 1000'),
            ({'name': 'x', 'files': ['weave'], 'false_reject': 1.5}, 'false-reject rate'),
            ({'name': 'x', 'files': ['weave'], 'review_band': math.nan}, 'review_band'),
            ({'name': 'weave', 'files': ['weave']}, 'already')):
        answer = line.bench.call(AddRecipe, NODE + 'add_recipe', **goal)
        assert not answer.success and words in answer.message, (goal, answer.message)
    status, result = fitted(line, name='x', files=['weave', 'broken.jpg'])
    assert status == GoalStatus.STATUS_ABORTED and '0 bytes' in result.text
    assert [one.name for one in listed(line).recipes] == ['other', 'weave']
    assert line.diagnosed('recipe').level == b'\x01'
    assert line.inspect(surface(3)).verdict == V.OK


def test_making_a_recipe_can_be_cancelled(line):
    line = line()
    handle = line.send(line.fit, FitRecipe.Goal(name='never', grab=3))
    line.bench.answer(handle.cancel_goal_async())
    assert line.result(handle)[0] == GoalStatus.STATUS_CANCELED
    assert line.bench.call(AddRecipe, NODE + 'add_recipe', name='never', grab=3).success
    assert line.bench.trigger(NODE + 'cancel_fit').success
    assert not line.bench.trigger(NODE + 'cancel_fit').success
    assert 'never' not in [one.name for one in listed(line).recipes]


def test_recipes_are_listed_with_what_is_wrong_and_switched(line):
    line = line()
    (line.recipes / 'other' / 'bank.safetensors').write_bytes(b'damaged')
    other, weave = listed(line).recipes
    assert (other.name, other.selected, weave.name, weave.selected) == (
        'other', False, 'weave', True)
    assert 'not the file' in other.problem and not weave.problem
    assert listed(line).detector == 'tiny'
    refused = select(line, 'other')
    assert not refused.success and 'not the file' in refused.message
    for name in ('none', '../weave', 'a b'):
        assert not select(line, name).success
    assert line.inspect(surface(3)).recipe == 'weave', 'a refusal changes nothing'
    assert select(line, '').success
    line.bench.until(lambda: line.state.error and line.state.recipe == '', 'ERROR')
    answer = select(line, 'weave')
    assert answer.success and answer.recipe.references == 8 and 'at most' in answer.message
    line.bench.until(lambda: line.state.ready, 'READY')


def test_a_trigger_keeps_the_recipe_it_came_with(line):
    line = line()
    line.trigger('first')
    assert select(line, 'other').success
    line.trigger('second')
    for _ in range(2):
        before = len(line.verdicts)
        line.show(surface(3))
        line.next_verdict(before)
    assert [one.recipe for one in line.verdicts] == ['weave', 'other']


def test_the_selected_recipe_is_not_removed_and_others_are(line):
    line = line()

    def remove(name):
        return line.bench.call(RemoveRecipe, NODE + 'remove_recipe', name=name)
    refused = remove('weave')
    assert not refused.success and 'select another one' in refused.message
    for name in ('../recipes/other', '..', '', 'none'):
        assert not remove(name).success
    assert remove('other').success and not (line.recipes / 'other').exists()
    assert line.inspect(surface(3)).recipe == 'weave'


def test_a_recipe_whose_folder_vanishes_is_used_on_and_told(line):
    line = line()
    shutil.rmtree(line.recipes / 'weave')
    assert line.inspect(with_blob(surface(3))).verdict == V.NOK
    recipe = line.diagnosed('recipe')
    assert recipe.level == b'\x01' and 'is gone' in recipe.message
    assert not select(line, 'weave').success


def test_the_false_reject_rate_is_set_anew(line):
    line = line()
    before = line.inspect(surface(3))

    def calibrate(**request):
        return line.bench.call(CalibrateRecipe, NODE + 'calibrate_recipe', **request)
    answer = calibrate(false_reject=0.5, review_band=math.nan)
    assert answer.success and answer.recipe.threshold < before.threshold
    assert '44.4%' in answer.message and answer.recipe.review_band == 0.1
    after = line.inspect(surface(3))
    assert after.threshold == answer.recipe.threshold and after.score == before.score
    assert after.recipe_hash != before.recipe_hash
    for request in ({'false_reject': 0.0}, {'false_reject': 0.1, 'review_band': -1.0},
                    {'false_reject': 0.1, 'name': '../x'}, {'false_reject': 0.1, 'name': 'none'}):
        assert not calibrate(**request).success
    other = calibrate(name='other', false_reject=0.3, review_band=0.0)
    assert other.success and not other.recipe.selected
