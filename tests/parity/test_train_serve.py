"""What was trained is what is served: torch weights and the runner's ONNX say the same."""

import numpy as np
import pytest


def test_the_runner_acts_and_judges_as_the_trained_weights_do(policies):
    """Over the whole range of observations, to the rounding of float32."""
    import torch

    from adapt_learning.runtime import load_policy
    from adapt_learning.trainers.train import load_trained
    if len(policies) < 2:
        pytest.skip('models/fetch_pick_dbc is not there yet')
    trained, served = load_trained(policies[-1]), load_policy(policies[-1])
    random = np.random.default_rng(0)
    mean, std = (getattr(trained.observation_normalizer, name).numpy() for name in ('mean', 'std'))
    observation = (mean + 2 * std * random.standard_normal((64, mean.size))).astype(np.float32)
    with torch.no_grad():
        expected = trained.act(torch.from_numpy(observation)).numpy()
        judge = trained.likeness()
        scores = judge(torch.from_numpy(observation), torch.from_numpy(expected)).numpy()
    actual = np.stack([served.act(row) for row in observation])
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    judged = [served.likeness(o, a) for o, a in zip(observation, expected, strict=True)]
    np.testing.assert_allclose(judged, scores, rtol=1e-3, atol=1e-5)
