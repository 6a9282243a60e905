"""Substitutions that find packages and their executables through the ament index."""

import os
import shutil

from launch._base import LaunchContext, SomeText, Substitution, described, pieces, text_of
from launch._refuse import names_of
from launch.substitutions import SubstitutionFailure

__all__ = ['ExecutableInPackage', 'FindPackagePrefix', 'FindPackageShare']
__getattr__ = names_of(__name__)


def package_prefix(package: str) -> str:
    """Return the prefix of a package, or raise one clear sentence."""
    from ament_index_python.packages import PackageNotFoundError, get_package_prefix
    try:
        return get_package_prefix(package)
    except (PackageNotFoundError, ValueError):
        raise SubstitutionFailure(f"there is no package '{package}' in AMENT_PREFIX_PATH="
                                  f'{os.environ.get("AMENT_PREFIX_PATH", "")}') from None
    except EnvironmentError:
        raise SubstitutionFailure(f"package '{package}' cannot be looked for: AMENT_PREFIX_PATH "
                                  'is not set') from None


class FindPackagePrefix(Substitution):
    """The prefix that a package is installed in."""

    def __init__(self, package: SomeText) -> None:
        self.package = pieces(package)

    def perform(self, context: LaunchContext) -> str:
        return package_prefix(text_of(context, self.package))

    def describe(self) -> str:
        return f'$(find-pkg-prefix {described(self.package)})'


class FindPackageShare(FindPackagePrefix):
    """The share folder of a package."""

    def perform(self, context: LaunchContext) -> str:
        return os.path.join(super().perform(context), 'share', text_of(context, self.package))

    def describe(self) -> str:
        return f'$(find-pkg-share {described(self.package)})'


class ExecutableInPackage(FindPackagePrefix):
    """The path of an executable of a package."""

    def __init__(self, executable: SomeText, package: SomeText) -> None:
        super().__init__(package)
        self.executable = pieces(executable)

    def perform(self, context: LaunchContext) -> str:
        package, name = text_of(context, self.package), text_of(context, self.executable)
        folder = os.path.join(super().perform(context), 'lib', package)
        found = shutil.which(name, path=folder)
        if found is None:
            raise SubstitutionFailure(f"package '{package}' has no executable '{name}' in {folder}")
        return found
