"""What only the operating system's packages can give: compilers, headers, OpenGL."""

import os
import shutil
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

from adapt_setup.commands import output_of, run
from adapt_setup.errors import SetupError

GL_PACKAGES = {'egl': ('libegl1', 'libgl1-mesa-dri'), 'osmesa': ('libosmesa6',)}

LINTERS = {
    'ament_flake8': 'python3-ament-flake8',
    'ament_lint_cmake': 'python3-ament-lint-cmake',
    'ament_pep257': 'python3-ament-pep257',
    'ament_xmllint': 'python3-ament-xmllint',
}
BROWSER = {'chromium': 'chromium', 'chromedriver': 'chromium-driver'}
"""For the tests of web pages."""


def missing_build_packages(interpreter: str, env: Mapping[str, str]) -> list[str]:
    """Return the Debian names of what the build needs and this machine lacks."""
    path = env.get('PATH')
    missing = [
        package
        for program, package in (('g++', 'g++'), ('cmake', 'cmake'), ('make', 'make'))
        if not shutil.which(program, path=path)
    ]
    version = output_of(
        [interpreter, '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], env
    )
    if output_of([interpreter, '-c', 'import ensurepip, venv'], env) is None:
        missing.append(f'python{version}-venv')
    include = output_of(
        [interpreter, '-c', 'import sysconfig; print(sysconfig.get_path("include"))'], env
    ) or sysconfig.get_path('include')
    if not (Path(include) / 'Python.h').is_file():
        missing.append(f'python{version}-dev')
    return missing


def install(packages: Iterable[str], log: Path, env: Mapping[str, str]) -> None:
    """Install Debian packages; raise SetupError that names them where that is not allowed."""
    names = sorted(set(packages))
    sudo = _privilege(env)
    if sudo is None:
        raise SetupError(
            'System packages are missing and neither root nor passwordless sudo is at hand: run '
            f'`sudo apt-get install {" ".join(names)}`, then this command again.'
        )
    env = {**env, 'DEBIAN_FRONTEND': 'noninteractive'}
    apt = [*sudo, 'apt-get', '-o', 'DPkg::Lock::Timeout=300', '-qq']
    try:
        run([*apt, 'update'], log, env)
    except SetupError:
        pass  # an old list of packages is often good enough; the install says if not
    run([*apt, 'install', '--yes', '--no-install-recommends', *names], log, env)


def _privilege(env: Mapping[str, str]) -> list[str] | None:
    """Return the words to put before apt-get, None where it may not or cannot be used."""
    if not shutil.which('apt-get', path=env.get('PATH')):
        return None
    if os.geteuid() == 0:
        return []
    has_sudo = shutil.which('sudo', path=env.get('PATH'))
    if has_sudo and output_of(['sudo', '-n', 'true'], env) is not None:
        return ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND']
    return None
