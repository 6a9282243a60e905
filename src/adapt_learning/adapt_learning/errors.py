"""Errors that a user can mend.

Every message says four things: what rule broke, what came, what is allowed, what to do. The
command line prints such an error without a traceback and exits with 2; a node refuses the
transition or the goal with the same sentence. Everything else is a bug and keeps its traceback.

    UserError
    ├── ContractError      a contract file breaks its rules (all mistakes at once, with lines)
    ├── SampleError        one message does not fit the contract (wrong length, wrong joint)
    ├── DatasetError       a dataset on disk is damaged, incomplete or of another form
    ├── ArtifactError      an artifact is damaged, unsafe or made for another contract
    ├── PictureError       a picture cannot be read, or not as the pixels that are needed
    ├── CatalogError       an unknown task, policy, ... was asked for
    └── SettingError       an argument or configuration value is out of its range
"""


class UserError(Exception):
    """Base of all errors that the user can mend; carries one readable message."""


class ContractError(UserError):
    """A contract breaks one or more rules; `problems` lists each with its line."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()):
        super().__init__(message)
        self.problems = problems


class SampleError(UserError):
    """One message does not fit the contract."""


class DatasetError(UserError):
    """A dataset on disk cannot be used as it is."""


class ArtifactError(UserError):
    """An artifact on disk cannot be used as it is."""


class PictureError(UserError):
    """A picture cannot be read, or is not what is needed."""


class CatalogError(UserError):
    """A name is not in the catalogue."""


class SettingError(UserError):
    """A setting is out of its range."""
