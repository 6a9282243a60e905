"""One action per tick from a policy that may plan several at once."""

import numpy as np

from adapt_learning.runtime.inference import InferencePolicy


class Plan:
    """
    The actions that are left of the last chunk; the policy is asked when none is.

    A chunk goes on only from frame to frame: where an observation is missing, repeated or out of
    order, its actions no longer belong to their instants, and the policy is asked anew. `clear` is
    called wherever a run or an episode begins or ends: an old plan never goes on after that.
    """

    def __init__(self, policy: InferencePolicy, period_ns: int):
        self._policy = policy
        self._period_ns = period_ns
        self.clear()

    def clear(self) -> None:
        """Forget what was planned."""
        self._left = np.zeros((0, 0), np.float32)
        self._stamp_ns: int | None = None
        self.asked = False
        """Whether the last `due` asked the policy."""

    def due(self, observation: np.ndarray, stamp_ns: int) -> np.ndarray:
        """
        Return the actions that are to be executed, float32 [r, A]: the first one is for now.

        observation [S] float32 was seen at `stamp_ns`. Whoever finds one of the actions bad must
        not execute the others either.
        """
        followed = self._follows(stamp_ns)
        self._stamp_ns = stamp_ns
        self.asked = not (followed and len(self._left))
        if self.asked:
            action = self._policy.act(observation)
            self._left = action.reshape(-1, action.shape[-1])[:self._policy.chunk.executed]
        due, self._left = self._left, self._left[1:]
        return due

    def _follows(self, stamp_ns: int) -> bool:
        """Return whether a frame is one period after the one before, to half a period."""
        if self._stamp_ns is None:
            return False
        return abs(stamp_ns - self._stamp_ns - self._period_ns) * 2 < self._period_ns
