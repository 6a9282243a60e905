"""How long inferences take: everybody in turns, processor time of the one thread."""

import time
from collections.abc import Callable, Sequence

import numpy as np


def inference_seconds(acts: Sequence[Callable[[np.ndarray], object]],
                      observations: Sequence[np.ndarray]) -> np.ndarray:
    """
    Return the processor time of every call [s], [policies, observations].

    Each policy is asked twice for an observation and the second call counts: the first brings its
    weights into the caches. What other programs do does not count. Who works in a process of its
    own says in `seconds` what the last call took there.
    """
    seconds = np.zeros((len(acts), len(observations)))
    random = np.random.default_rng(0)
    for i, observation in enumerate(observations):
        # Nobody always comes behind the one that leaves the caches to others.
        for who in random.permutation(len(acts)):
            acts[who](observation)
            began_s = time.process_time()
            acts[who](observation)
            spent_s = time.process_time() - began_s
            seconds[who, i] = getattr(acts[who], 'seconds', spent_s)
    return seconds
