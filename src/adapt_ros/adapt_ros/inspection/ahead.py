"""Parts are got ready by another thread while the one before is shown."""

from concurrent.futures import Future, ThreadPoolExecutor

from adapt_ros.inspection.parts import Part, PartSource


class Ahead:
    """
    Gives the parts of a source in order, each ready when it is asked for if there was time.

    Drawing or decoding a picture takes longer than a node may keep its timers waiting.
    """

    def __init__(self, source: PartSource):
        """Begin with the first part."""
        self._source = source
        self._next = 0
        self._thread = ThreadPoolExecutor(1, 'parts')
        self._ready = self._begin()

    def take(self) -> Part | None:
        """
        Return the next part, None after the last; waits where it is not ready yet.

        PictureError where its picture cannot be read; the call after that goes on behind it.
        """
        ready = self._ready
        if ready is None:
            return None
        self._next += 1
        self._ready = self._begin()
        return ready.result()

    def close(self) -> None:
        """End the thread; a picture that is being drawn is finished first."""
        self._thread.shutdown(cancel_futures=True)

    def _begin(self) -> Future | None:
        if self._next >= len(self._source):
            return None
        return self._thread.submit(self._source.part, self._next)
