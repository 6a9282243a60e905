"""Which families a detector learns from, and which are kept to test it on.

Every fourth family in the order of the registry (index 3, 7, ...) is held out. The rule looks at
nothing but the order, so nobody can have chosen families that turn out well.
"""

from adapt_learning.surfaces.registry import names

_EVERY = 4


def training_families() -> tuple[str, ...]:
    """Return the families to learn from, in the order of the registry."""
    held_out = held_out_families()
    return tuple(name for name in names('family') if name not in held_out)


def held_out_families() -> tuple[str, ...]:
    """Return the families that no detector learns from, in the order of the registry."""
    return tuple(names('family')[_EVERY - 1::_EVERY])
