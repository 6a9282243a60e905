"""What the user is told when the set-up cannot go on."""


class SetupError(Exception):
    """The set-up cannot go on; the text is one sentence that says why and what to do."""
