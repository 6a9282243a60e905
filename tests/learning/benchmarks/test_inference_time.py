"""Times of inferences: who computes more takes longer, whatever else happens between the calls."""

import time

import numpy as np

from adapt_learning.benchmarks.inference_time import inference_seconds


def works_for(seconds):
    """Return a policy that computes so long."""
    def act(observation):
        until_s = time.process_time() + seconds
        while time.process_time() < until_s:
            pass
    return act


def test_processor_time_by_policy_and_observation():
    asked = []
    found = inference_seconds(
        [works_for(0.001), works_for(0.004), lambda observation: time.sleep(0.005),
         asked.append], list(range(20)))
    assert found.shape == (4, 20)
    short, long, asleep, _ = np.median(found, axis=1)
    assert 0.001 <= short < 0.002 and 3 < long / short < 5
    assert asleep < 0.001  # waiting is not work
    assert sorted(asked) == sorted(2 * list(range(20)))
