"""Repairs of ROS 2 from PyPI."""

import re
from pathlib import Path

from adapt_setup.commands import output_of
from adapt_setup.errors import SetupError
from adapt_setup.stamps import write_atomically

# Where the machine that built the wheels had Python: it is written into the exported CMake files.
_INCLUDE = re.compile(r'/opt/python/cp3\d+-cp3\d+/include/python3\.\d+')
_SITE_PACKAGES = re.compile(r'/opt/python/cp3\d+-cp3\d+/lib/python3\.\d+/site-packages')


def repair_cmake_exports(venv: Path) -> int:
    """
    Point the exported CMake files at this machine's Python; return how many were changed.

    Each file is replaced as a whole, so it may be repeated after an interruption.
    """
    python = venv / 'bin' / 'python'
    include = output_of([python, '-c', 'import sysconfig; print(sysconfig.get_path("include"))'])
    site_packages = site_packages_of(venv)
    if not include:
        raise SetupError(f'{python} does not run: delete {venv} and start again.')
    changed = 0
    for file in sorted((venv / 'share').rglob('*.cmake')):
        text = file.read_text()
        new = _INCLUDE.sub(include, _SITE_PACKAGES.sub(str(site_packages), text))
        if new != text:
            write_atomically(file, new)
            changed += 1
    return changed


def site_packages_of(venv: Path) -> Path:
    """Return the environment's site-packages."""
    found = sorted(venv.glob('lib/python3*/site-packages'))
    if not found:
        raise SetupError(f'{venv} has no site-packages: delete it and start again.')
    return found[0]


def library_folders(venv: Path) -> list[Path]:
    """Return the folders that the wheels' shared libraries are found in."""
    return [venv / 'lib', *sorted(site_packages_of(venv).glob('ros_*.libs'))]


