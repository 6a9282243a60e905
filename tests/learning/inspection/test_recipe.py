"""Recipes: made of references, written whole, refused when they are not what they were."""

import dataclasses
import json
import math
import shutil

import numpy as np
import pytest
from tiny_detector import surface, with_blob

from adapt_learning.errors import ArtifactError, DatasetError, PictureError, SettingError
from adapt_learning.inspection import (
    FitSettings,
    fit_files,
    fit_recipe,
    load_recipe,
    write_recipe,
)
from adapt_learning.inspection.fit import picture_of_pixels
from adapt_learning.inspection.pictures import encode_png
from adapt_learning.inspection.recipe import check_name
from adapt_learning.inspection.recipe_file import reference_pictures, rewrite_settings
from adapt_learning.inspection.shelf import RecipeShelf


def change(folder, **values):
    """Change words of recipe.json."""
    path = folder / 'recipe.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_recipe_comes_back_as_it_was(stored, fitted):
    recipe, found = fitted[0], load_recipe(stored)
    assert dataclasses.replace(found, hash='') == recipe
    assert len(found.hash) == 64
    for mine, other in zip(recipe.bank.levels, found.bank.levels, strict=True):
        np.testing.assert_array_equal(mine, other)
    for i, pixels in enumerate(reference_pictures(stored, found)):
        np.testing.assert_array_equal(pixels, surface(i))


def test_the_file_says_what_people_want_to_know(stored):
    values = json.loads((stored / 'recipe.json').read_text())
    assert values['surface'] == 'woven wire' and values['reference_count'] == 8
    assert values['frame_size'] == [96, 96] and values['created'].startswith('2000')
    assert values['references'][3]['source'] == '003.png'
    assert len(values['calibration']['scores']) == 8
    assert values['calibration']['score']['asked'] == 0.2
    assert 'at most 11.1% of good parts are refused' in values['promise']
    assert not list(stored.parent.glob('.*')), 'nothing temporary is left'


def test_fitting_twice_gives_the_same_recipe(inspector, pictures, fitted):
    again, _ = fit_recipe(inspector, pictures(8), 'weave', surface='woven wire',
                          settings=FitSettings(false_reject=0.2),
                          created='2000-01-01T00:00:00+00:00')
    assert again == fitted[0]


def test_progress_is_told(inspector, pictures):
    told = []
    fit_recipe(inspector, pictures(3), 'weave', progress=lambda *one: told.append(one))
    assert {stage for stage, _, _ in told} == {'reading references', 'calibration', 'bank'}


def test_one_reference_is_calibrated_with_copies_and_promises_nothing(inspector, pictures):
    recipe, _ = fit_recipe(inspector, pictures(1), 'weave')
    assert recipe.calibration.score.bound is None and recipe.odd == ()
    assert 'nothing can be promised' in recipe.calibration.score.sentence
    assert len(recipe.calibration.scores) == 8
    assert recipe.recalibrated(0.5).calibration.score.bound is None
    good = inspector.judge(surface(60), recipe.bank).score
    bad = inspector.judge(with_blob(surface(60)), recipe.bank).score
    assert good < recipe.calibration.score.value < bad


def test_references_of_different_sizes_take_frames_of_any_size(inspector):
    mixed = [picture_of_pixels(surface(i, 96 + 8 * (i % 2)), f'{i}.png') for i in range(4)]
    recipe, stored = fit_recipe(inspector, mixed, 'weave')
    assert recipe.frame_size is None
    assert any('2 different sizes (96 x 96, 104 x 104)' in note for note in recipe.notes)
    assert len(stored) == 4
    one_size, _ = fit_recipe(inspector, mixed[::2], 'weave', settings=FitSettings(any_size=True))
    assert one_size.frame_size is None


def with_an_odd_one(pictures):
    made = pictures(8)
    made[5] = picture_of_pixels(with_blob(surface(5)), 'scratched.png')
    return made


def test_an_abnormal_reference_is_named(inspector, pictures):
    recipe, _ = fit_recipe(inspector, with_an_odd_one(pictures), 'weave')
    assert recipe.odd == ('scratched.png',) and len(recipe.references) == 8
    assert any('look odd' in note and 'scratched.png' in note for note in recipe.notes)
    clean, _ = fit_recipe(inspector, pictures(8), 'weave')
    assert clean.odd == () and clean.notes == ()


def test_an_abnormal_reference_is_left_out_if_asked(inspector, pictures):
    recipe, stored = fit_recipe(inspector, with_an_odd_one(pictures), 'weave',
                                settings=FitSettings(leave_out_odd=True))
    assert len(recipe.references) == len(stored) == 7 and recipe.odd == ('scratched.png',)
    assert 'scratched.png' not in {one.source for one in recipe.references}
    named, _ = fit_recipe(inspector, with_an_odd_one(pictures), 'weave')
    assert recipe.calibration.score.value < 0.5 * named.calibration.score.value


def test_the_same_picture_twice_counts_once(inspector, pictures):
    doubled = pictures(4) + [picture_of_pixels(surface(2), 'copy.png')]
    recipe, _ = fit_recipe(inspector, doubled, 'weave')
    assert len(recipe.references) == 4
    assert any('copy.png is the same picture as 002.png' in note for note in recipe.notes)
    assert min(recipe.calibration.scores) > 0.0


def test_grey_colour_and_deep_references_are_kept_as_they_came(inspector, tmp_path):
    made = [surface(0), np.dstack([surface(1)] * 3), surface(2).astype(np.uint16) * 256 + 5]
    fitted = fit_recipe(inspector, [picture_of_pixels(pixels, str(i))
                                    for i, pixels in enumerate(made)], 'mixed')
    recipe = write_recipe(tmp_path / 'mixed', *fitted)
    for pixels, found in zip(made, reference_pictures(tmp_path / 'mixed', recipe), strict=True):
        np.testing.assert_array_equal(found, pixels)


def test_recalibrating_needs_no_pictures(stored):
    recipe = load_recipe(stored)
    strict = rewrite_settings(stored, recipe.recalibrated(0.5, review_band=0.0))
    assert strict.calibration.score.value < recipe.calibration.score.value
    assert strict.calibration.review_band == 0.0 and strict.hash != recipe.hash
    found = load_recipe(stored)
    assert found == strict and found.calibration.score.bound == pytest.approx(4 / 9)
    with pytest.raises(SettingError, match='false-reject rate'):
        recipe.recalibrated(0.0)
    with pytest.raises(SettingError, match='review_band'):
        recipe.recalibrated(0.1, review_band=math.nan)


@pytest.mark.parametrize('name', [
    '', '.', '..', '../x', 'a/b', '/etc', 'a\\b', 'a b', 'a.b', 'x' * 65, 'ä', 'a\n', 'a\0', None])
def test_names_with_path_parts_are_refused(name, tmp_path):
    with pytest.raises(SettingError, match='letters, digits, _ and -'):
        check_name(name)
    shelf = RecipeShelf(tmp_path)
    for method in (shelf.path, shelf.load, shelf.remove):
        with pytest.raises(SettingError, match='letters, digits, _ and -'):
            method(name)


def test_bad_references_are_refused_and_leave_nothing(inspector, tmp_path):
    (tmp_path / 'good.png').write_bytes(encode_png(surface(0)))
    (tmp_path / 'empty.jpg').touch()
    (tmp_path / 'text.png').write_text('hello')
    (tmp_path / 'cut.png').write_bytes(encode_png(surface(1))[:500])
    for bad in ('empty.jpg', 'text.png', 'cut.png', 'none.png'):
        with pytest.raises(PictureError, match=bad.replace('.', r'\.')):
            fit_files(inspector, [tmp_path / 'good.png', tmp_path / bad], tmp_path / 'out')
    with pytest.raises(SettingError, match='at least one reference'):
        fit_files(inspector, [], tmp_path / 'out')
    assert not (tmp_path / 'out').exists() and not list(tmp_path.glob('.*'))
    recipe = fit_files(inspector, [tmp_path / 'good.png'], tmp_path / 'out')
    assert recipe.name == 'out' and load_recipe(tmp_path / 'out') == recipe


def test_only_a_recipe_is_overwritten_and_only_if_asked(stored, fitted, tmp_path):
    with pytest.raises(DatasetError, match="there is a recipe 'weave' already"):
        write_recipe(stored, *fitted)
    (stored / 'mine.txt').touch()
    write_recipe(stored, *fitted, overwrite=True)
    assert not (stored / 'mine.txt').exists() and load_recipe(stored)
    other = tmp_path / 'other'
    other.mkdir()
    (other / 'thesis.txt').touch()
    with pytest.raises(DatasetError, match='is no recipe'):
        write_recipe(other, *fitted, overwrite=True)
    assert not list(stored.parent.glob('.*'))


def test_a_recipe_is_whole_or_not_there(tmp_path, fitted, monkeypatch):
    from adapt_learning.inspection import recipe_file

    def full(*_):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(recipe_file, 'write_json', full)
    with pytest.raises(DatasetError, match='No space left'):
        write_recipe(tmp_path / 'shelf' / 'weave', *fitted)
    assert list((tmp_path / 'shelf').iterdir()) == []


@pytest.mark.parametrize('file', ['bank.safetensors', 'references/003.png'])
def test_a_recipe_whose_files_were_changed_is_refused(stored, file):
    data = bytearray((stored / file).read_bytes())
    data[-1] ^= 1
    (stored / file).write_bytes(bytes(data))
    with pytest.raises(ArtifactError, match='not the file that the recipe was made with'):
        load_recipe(stored)
    (stored / file).unlink()
    with pytest.raises(ArtifactError, match='is missing'):
        load_recipe(stored)


@pytest.mark.parametrize(('values', 'words'), [
    ({'format': 99}, 'format 1 are read'),
    ({'hashes': {'../../x': 'y'}}, 'may be an attack'),
    ({'hashes': {'references/../../x.png': 'y'}}, 'may be an attack'),
    ({'hashes': 3}, 'lacks or garbles'),
    ({'calibration': {}}, 'lacks or garbles'),
    ({'references': []}, 'lacks or garbles'),
    ({'frame_size': [1]}, 'lacks or garbles'),
    ({'name': '../x'}, 'letters, digits'),
    ({'limits': {'least_sharpness': None}}, 'lacks or garbles'),
])
def test_a_recipe_file_that_is_wrong_is_refused(stored, values, words):
    change(stored, **values)
    with pytest.raises((ArtifactError, SettingError), match=words):
        load_recipe(stored)


@pytest.mark.parametrize('value', ['NaN', '-1.0', '0.0', '"1"', 'true', '1e999'])
def test_a_threshold_that_would_let_everything_pass_is_refused(stored, value):
    text = (stored / 'recipe.json').read_text()
    threshold = json.loads(text)['calibration']['score']['value']
    (stored / 'recipe.json').write_text(text.replace(f'"value": {threshold}', f'"value": {value}'))
    with pytest.raises(ArtifactError):
        load_recipe(stored)


def test_what_is_no_recipe_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match='has none'):
        load_recipe(tmp_path)
    (tmp_path / 'recipe.json').write_text('{"format"')
    with pytest.raises(ArtifactError, match='truncated or damaged'):
        load_recipe(tmp_path)


def test_the_shelf_lists_removes_and_keeps_to_itself(stored, tmp_path):
    shelf = RecipeShelf(stored.parent)
    shutil.copytree(stored, shelf.folder / 'second')
    (shelf.folder / 'second' / 'bank.safetensors').write_bytes(b'')
    (shelf.folder / 'no_recipe').mkdir()
    (shelf.folder / '.weave.tmp').mkdir()
    good, bad = sorted(shelf.entries(), key=lambda entry: entry.name != 'weave')
    assert shelf.names() == ['second', 'weave']
    assert good.name == 'weave' and good.recipe.name == 'weave' and not good.problem
    assert bad.recipe is None and 'not the file' in bad.problem
    with pytest.raises(SettingError, match="no recipe 'third'; there are: second, weave"):
        shelf.load('third')
    with pytest.raises(SettingError, match="no recipe 'no_recipe' to remove"):
        shelf.remove('no_recipe')
    shelf.remove('second')
    assert shelf.names() == ['weave'] and not list(shelf.folder.glob('.removed*'))
    (shelf.folder / 'link').symlink_to(tmp_path)
    shelf.remove('link')
    assert tmp_path.is_dir() and not (shelf.folder / 'link').is_symlink()


def test_a_shelf_that_vanishes_is_empty(stored):
    shelf = RecipeShelf(stored.parent)
    shutil.rmtree(stored.parent)
    assert shelf.names() == [] and shelf.entries() == []


def test_a_shelf_where_a_file_stands_is_refused(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(SettingError, match='cannot be one'):
        RecipeShelf(tmp_path / 'file')
