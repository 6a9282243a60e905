"""Running jobs: each once, in an order that works, and on from where it was interrupted."""

import json
from dataclasses import dataclass

import pytest
from quick_jobs import Make, ran

from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.runner import run_jobs
from adapt_learning.errors import DatasetError


def chain(**changes):
    """Return a table of two targets that share their first job."""
    data = Make('data', 5)
    train = Make('train', 7, (data,))
    return [Make('near', 1, (train,)), Make('far', 2, (train,), **changes)]


@pytest.mark.parametrize('processes', [1, 2])
def test_runs_everything_once_in_order(place, processes):
    run_jobs(chain(), place, processes)
    assert ran(place)[:2] == ['data', 'train'] and sorted(ran(place)[2:]) == ['far', 'near']
    assert [job.result(place)['value'] for job in chain()] == [13, 14]
    run_jobs(chain(), place, processes)
    assert len(ran(place)) == 4


def test_result_file_says_where_it_comes_from(place):
    run_jobs(chain(), place, 1)
    job = chain()[0]
    content = json.loads(job.result_file(place).read_text())
    assert job.result_file(place).name == f'make-near-{job.key(place)}.json'
    assert content['inputs'] == {'number': 1, 'after': [12]} and content['result'] == {'value': 13}
    provenance = content['provenance']
    assert provenance['command'] == 'make near' and provenance['seconds'] >= 0
    assert {'code_version', 'cores', 'processor', 'packages', 'ended'} <= set(provenance)
    assert str(place.cache) not in job.result_file(place).read_text()


def test_a_changed_input_runs_what_depends_on_it_and_nothing_else(place):
    run_jobs(chain(), place, 1)
    changed = [chain()[0], Make('far', 3, chain()[1].after)]
    run_jobs(changed, place, 1)
    assert ran(place)[4:] == ['far'] and changed[1].result(place)['value'] == 15


def test_a_job_that_fails_keeps_the_results_of_the_others(place):
    with pytest.raises(RuntimeError, match='far fails'):
        run_jobs(chain(fails=True), place, 1)
    assert ran(place)[:2] == ['data', 'train']
    run_jobs(chain(), place, 1)
    assert sorted(ran(place)) == ['data', 'far', 'near', 'train']


def test_an_empty_cache_is_no_reason_to_run_what_has_a_result(place, tmp_path):
    run_jobs(chain(), place, 1)
    elsewhere = Workplace(place.results, tmp_path / 'other cache')
    run_jobs(chain(), elsewhere, 1)
    assert ran(elsewhere) == []
    chain()[1].result_file(elsewhere).unlink()
    run_jobs(chain(), elsewhere, 1)
    assert ran(elsewhere) == ['data', 'train', 'far']  # not 'near'


def test_results_copied_without_the_first_ones_are_found_again(place):
    run_jobs(chain(), place, 1)
    chain()[0].needs[0].needs[0].result_file(place).unlink()
    run_jobs(chain(), place, 1)
    assert ran(place)[4:] == ['data']


def test_progress_tells_jobs_and_share(place):
    said = []
    run_jobs(chain(), place, 1, said.append)
    assert said[0].done == 0 and said[-1].done == said[-1].jobs == 4
    assert said[-1].share == pytest.approx(1.0) and 'near' in said[-1].note + said[-2].note
    assert [now.share for now in said] == sorted(now.share for now in said)


def test_two_runs_do_not_share_a_cache(place):
    from adapt_learning.data.files import own_folder
    place.cache.mkdir()
    with own_folder(place.cache), pytest.raises(DatasetError, match='another process'):
        run_jobs(chain(), place, 1)


@dataclass(frozen=True)
class Meanwhile(Make):
    """A job during which another run, with a cache of its own, writes to the same results."""

    def run(self, place):
        """Start and end the other run."""
        other = Workplace(place.results, place.cache / 'other')
        run_jobs([Make(f'other-{self.name}', 1)], other, 1)
        return super().run(place)


def test_runs_with_caches_of_their_own_may_share_the_results(place):
    first = Meanwhile('first', 1)
    run_jobs([Meanwhile('second', 2, (first,))], place, 1)
    assert ran(place) == ['first', 'second']
    assert sorted(path.name.split('-')[1] for path in place.results.glob('make-*')) == [
        'first', 'other', 'other', 'second']
    assert not list(place.results.glob('.*')) and not list(place.cache.glob('.jobs*'))
