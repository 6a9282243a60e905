"""What the loader believes of an artifact, and what it does not."""

import json

import numpy as np
import pytest
from artifact_maker import make_policy

from adapt_learning.artifacts.manifest import _digest
from adapt_learning.data.chunk import Chunk
from adapt_learning.errors import ArtifactError
from adapt_learning.frames import load_contract
from adapt_learning.runtime import load_policy


@pytest.fixture
def make(tmp_path):
    """Return a function that writes an artifact of FetchPick."""
    return lambda **settings: make_policy(tmp_path / 'made', load_contract('fetch_pick'),
                                          action=np.full(4, 0.5), **settings)


def claim(folder, chunk):
    """Let the manifest say something else of its chunks."""
    path = folder / 'manifest.json'
    values = json.loads(path.read_text()) | {'chunk': chunk}
    values.pop('digest')
    path.write_text(json.dumps({**values, 'digest': _digest(values)}))


def test_single_actions_and_chunks(make):
    observation = np.zeros(16, np.float32)
    single = load_policy(make())
    assert single.chunk == Chunk() and single.act(observation).shape == (4,)
    several = load_policy(make(chunk=Chunk(3, 2)))
    assert several.chunk == Chunk(3, 2)
    np.testing.assert_allclose(several.act(observation)[:, 0], [0.5, 0.51, 0.52])


@pytest.mark.parametrize('true, said', [
    (Chunk(3, 2), None), (Chunk(3, 2), {'length': 4, 'executed': 2}),
    (None, {'length': 3, 'executed': 2}), (Chunk(3, 2), {'length': 1, 'executed': 1})])
def test_a_model_that_gives_other_actions_than_its_manifest_says_is_refused(make, true, said):
    folder = make(chunk=true)
    claim(folder, said)
    with pytest.raises(ArtifactError, match='gives actions of shape .* manifest says'):
        load_policy(folder)
