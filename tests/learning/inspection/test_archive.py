"""The archive is bounded, survives kills and full disks, and never stops an inspection."""

import errno
import json
import shutil

import pytest

from adapt_learning.errors import SettingError
from adapt_learning.inspection import archive
from adapt_learning.inspection.archive import ResultArchive, read_results


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())


def numbers(folder):
    return [one['part'] for one in read_results(folder)]


def test_results_and_pictures_are_kept(tmp_path):
    kept = ResultArchive(tmp_path / 'results')
    name = kept.add({'part': 1, 'verdict': 'NOK'}, b'png')
    assert (tmp_path / 'results' / name).read_bytes() == b'png'
    assert kept.add({'part': 2, 'verdict': 'OK'}) == ''
    first, second = read_results(tmp_path / 'results')
    assert first == {'part': 1, 'verdict': 'NOK', 'picture': name} and second['picture'] == ''
    assert kept.count == 2 and kept.size == size_of(tmp_path / 'results')
    assert kept.problem == '' and kept.lost == 0


@pytest.mark.parametrize('most', [1, 7, 50])
def test_the_number_is_bounded_and_the_oldest_go(tmp_path, most):
    kept = ResultArchive(tmp_path, most_results=most)
    for part in range(120):
        kept.add({'part': part}, b'x')
        found = numbers(tmp_path)
        assert len(found) == kept.count <= most
        assert found == list(range(part + 1 - len(found), part + 1)), 'the newest, in order'
    assert len(found) > 0.8 * most
    assert len(list(tmp_path.rglob('*.png'))) == kept.count, 'pictures go with their results'


def test_the_bytes_are_bounded(tmp_path):
    kept = ResultArchive(tmp_path, most_bytes=50_000)
    for part in range(200):
        kept.add({'part': part}, bytes(1000))
        assert size_of(tmp_path) == kept.size <= 50_000
    assert kept.size > 35_000 and numbers(tmp_path)[-1] == 199


def test_one_result_that_is_larger_than_all_may_be_is_lost(tmp_path):
    kept = ResultArchive(tmp_path, most_bytes=5_000)
    kept.add({'part': 1})
    kept.add({'part': 2}, bytes(6000))
    assert kept.lost == 1 and 'more than the archive may hold' in kept.problem
    assert numbers(tmp_path) == [1]


def test_an_earlier_process_counts_and_its_torn_line_does_no_harm(tmp_path):
    first = ResultArchive(tmp_path, most_results=20)
    for part in range(20):
        first.add({'part': part}, b'x')
    last = sorted(tmp_path.glob('*/results.jsonl'))[-1]
    with open(last, 'a') as file:
        file.write('{"part": 99, "verd')  # killed here
    second = ResultArchive(tmp_path, most_results=20)
    assert second.count == 20
    for part in range(20, 30):
        second.add({'part': part}, b'x')
    found = numbers(tmp_path)
    assert found == list(range(30 - len(found), 30)) and 15 < len(found) <= 20


def test_a_full_disk_is_told_once_and_stops_nothing(tmp_path, monkeypatch):
    kept = ResultArchive(tmp_path)
    kept.add({'part': 1})

    def full(*_, **__):
        raise OSError(errno.ENOSPC, 'No space left on device')
    monkeypatch.setattr(archive, 'open', full, raising=False)
    assert kept.add({'part': 2}) == '' and kept.add({'part': 3}, b'png') == ''
    assert kept.lost == 2 and 'No space left' in kept.problem and 'make room' in kept.problem
    monkeypatch.delattr(archive, 'open')
    kept.add({'part': 4})
    assert kept.problem == '' and kept.lost == 2 and numbers(tmp_path) == [1, 4]


def test_a_picture_that_did_not_fit_leaves_no_half_of_it(tmp_path, monkeypatch):
    from pathlib import Path
    kept = ResultArchive(tmp_path)

    def half(self, data):
        with open(self, 'wb') as file:
            file.write(data[:2])
        raise OSError(errno.ENOSPC, 'No space left on device')
    monkeypatch.setattr(Path, 'write_bytes', half)
    kept.add({'part': 1}, b'png data')
    assert not list(tmp_path.rglob('*.png')) and kept.lost == 1


def test_a_folder_that_goes_away_comes_back(tmp_path):
    kept = ResultArchive(tmp_path / 'results', most_results=10)
    kept.add({'part': 1})
    shutil.rmtree(tmp_path / 'results')
    for part in range(2, 40):
        kept.add({'part': part})
    assert kept.problem == '' and kept.lost <= 1
    assert numbers(tmp_path / 'results')[-1] == 39


def test_a_place_that_cannot_be_used_is_told_and_stops_nothing(tmp_path):
    (tmp_path / 'file').write_text('mine')
    kept = ResultArchive(tmp_path / 'file')
    assert 'cannot be used' in kept.problem
    assert kept.add({'part': 1}) == '' and kept.lost == 1 and kept.problem
    assert (tmp_path / 'file').read_text() == 'mine'


def test_foreign_things_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / 'notes').mkdir()
    (tmp_path / 'notes' / 'x.txt').write_text('mine')
    kept = ResultArchive(tmp_path, most_results=2)
    for part in range(10):
        kept.add({'part': part})
    assert (tmp_path / 'notes' / 'x.txt').read_text() == 'mine'
    line = (sorted(tmp_path.glob('0*/results.jsonl'))[-1]).read_text().splitlines()[-1]
    assert json.loads(line) == {'part': 9, 'picture': ''}


def test_bounds_are_at_least_one(tmp_path):
    with pytest.raises(SettingError, match='at least one result'):
        ResultArchive(tmp_path, most_results=0)
