"""Which source of parts a text means."""

from adapt_ros.inspection.generated import PREFIX, GeneratedSource
from adapt_ros.inspection.parts import FolderSource, PartSource


def open_source(parts: str, seed: int = 0, count: int = 0, defective_share: float = 0.5) \
        -> PartSource:
    """
    Return the source that `parts` names: `generated:FAMILY_SEED`, or else a folder.

    The share of defective parts is that of generated ones. Raises SettingError or CatalogError. A
    folder whose name begins like that is given as a path: ./generated:x.
    """
    if parts.startswith(PREFIX):
        return GeneratedSource(parts.removeprefix(PREFIX), seed, count, defective_share)
    return FolderSource(parts, seed, count)
