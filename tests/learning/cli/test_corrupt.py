"""`adapt data corrupt`: a polluted copy that tells the truth, and mistakes in one sentence."""

import json
import shutil

import numpy as np
import pytest

from adapt_learning.data import load_dataset


def test_a_polluted_copy_with_the_truth(adapt, demos, tmp_path):
    done = adapt('data', 'corrupt', demos, '--kind', 'gaussian', '--p', '0.3', '--seed', '4',
                 '--out', tmp_path / 'noisy', '--json', tmp_path / 'facts.json')
    assert done.returncode == 0 and 'gaussian' in done.stdout
    facts = json.loads((tmp_path / 'facts.json').read_text())
    noisy, clean = load_dataset(tmp_path / 'noisy'), load_dataset(demos)
    assert facts['hash'] == noisy.hash and facts['source'] == {'hash': clean.hash}
    truth = np.concatenate([episode.extras['adapt.action_polluted'] for episode in noisy])
    changed = (noisy.pairs()[1] != clean.pairs()[1]).any(axis=1)
    np.testing.assert_array_equal(truth, changed)
    assert facts['polluted']['action'] == pytest.approx(truth.mean())


def test_one_side_only(adapt, demos, tmp_path):
    assert adapt('data', 'corrupt', demos, '--kind', 'stuck', '--sides', 'state', '--out',
                 tmp_path / 'noisy').returncode == 0
    noisy = load_dataset(tmp_path / 'noisy')
    np.testing.assert_array_equal(noisy.pairs()[1], load_dataset(demos).pairs()[1])


@pytest.mark.parametrize('options, words', [
    (('--kind', 'gausian'), "there is no pollution 'gausian'"),
    (('--kind', 'spike', '--p', '2'), 'lies in 0..1; got 2'),
    (('--kind', 'spike', '--sides', 'states'), 'sides are state and action'),
    (('--kind', 'gaussian', '--sigma', '1e300'), 'is above 0 and at most 1e+06; got 1e+300'),
    (('--kind', 'gaussian', '--sigma', 'inf'), 'is above 0 and at most 1e+06; got inf'),
    (('--kind', 'gaussian', '--seed', '9' * 400), 'is not negative and below 2^63'),
])
def test_mistakes_are_told_and_nothing_is_written(adapt, demos, tmp_path, options, words):
    done = adapt('data', 'corrupt', demos, *options, '--out', tmp_path / 'noisy')
    assert done.returncode == 2 and words in ' '.join(done.stderr.split())
    assert not (tmp_path / 'noisy').exists()


def test_places_where_nothing_can_be_written_are_told_before_the_work(adapt, demos, tmp_path):
    (tmp_path / 'afile').write_text('x')
    (tmp_path / 'dangling').symlink_to('nowhere')
    before = sorted(demos.rglob('*'))
    for out, said in ((tmp_path / 'afile/x', 'is a file'), (tmp_path / 'dangling', 'is a link to'),
                      (demos / 'meta/new', 'lies outside of the input')):
        for words in (('corrupt', demos, '--kind', 'spike'), ('import', demos),
                      ('export', demos, '--format', 'lerobot')):
            done = adapt('data', *words, '--out', out)
            assert done.returncode == 2 and said in ' '.join(done.stderr.split()), (words, out)
    assert sorted(demos.rglob('*')) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ['afile', 'dangling']


def test_polluted_data_are_refused(adapt, demos, tmp_path):
    for out in ('once', 'twice'):
        source = demos if out == 'once' else tmp_path / 'once'
        done = adapt('data', 'corrupt', source, '--kind', 'bias', '--out', tmp_path / out)
    assert done.returncode == 2 and 'polluted already' in ' '.join(done.stderr.split())


def test_pictures_that_stay_behind_are_named(adapt, demos, tmp_path):
    shutil.copytree(demos, tmp_path / 'filmed')
    info = tmp_path / 'filmed/meta/info.json'
    values = json.loads(info.read_text())
    values['features']['observation.images.front'] = {'dtype': 'video', 'shape': [8, 8, 3]}
    info.write_text(json.dumps(values))
    for source, said in ((tmp_path / 'filmed', True), (demos, False)):
        done = adapt('data', 'corrupt', source, '--kind', 'gaussian', '--out',
                     tmp_path / f'noisy-{said}')
        assert done.returncode == 0
        text = ' '.join(done.stdout.split())
        assert ('not taken over (observation.images.front)' in text) == said
