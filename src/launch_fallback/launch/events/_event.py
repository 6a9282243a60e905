"""The base of all events."""


class Event:
    """Something that happened or shall happen."""

    name = 'launch.Event'
