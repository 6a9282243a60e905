"""Training of a small policy in a test."""

import io

from adapt_learning.stacked.loop import LoopSettings, run_stages
from adapt_learning.stacked.progress import ProgressReport


class NoLog:
    """Keeps nothing."""

    def write(self, stage, step, values):
        """Forget the values."""


def train(policy, pairs, folder):
    """Train a policy on raw pairs and return it."""
    run_stages(policy, policy.prepare(*pairs), None,
               LoopSettings(folder, NoLog(), ProgressReport(io.StringIO())))
    return policy.eval()
