"""The steps of the set-up, in order. Each can be repeated, and killed at any moment."""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapt_setup import rendering, system, wheels
from adapt_setup.commands import output_of, run
from adapt_setup.errors import SetupError
from adapt_setup.paths import Paths
from adapt_setup.ros import DISTRO, Ros
from adapt_setup.stamps import Stamp, key_of, names_of, write_atomically


@dataclass
class SetUp:
    """One set-up of one checkout; `run` does what is not done yet and says what it did."""

    paths: Paths
    ros: Ros
    env: dict[str, str]
    did: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Do every step whose inputs have changed since it was done last."""
        self._environment()
        self._packages()
        self._fallback()
        self._workspace()
        self._rendering()

    def optional(self, programs: Mapping[str, str], what: str) -> None:
        """
        Install {program: Debian package} where packages may be installed; say so where not.

        Nothing of the stack needs them to run.
        """
        path = self.env.get('PATH')
        missing = [package for program, package in programs.items()
                   if not shutil.which(program, path=path)]
        if not missing:
            return
        try:
            with self._says(f'system packages: {" ".join(missing)}'):
                system.install(missing, self._log('system'), self.env)
        except SetupError as error:
            print(f'[setup] going on without {what}. {error}')

    # Steps -----------------------------------------------------------------------------------

    def _environment(self) -> None:
        """Make the virtual environment; an unfinished or foreign one is replaced."""
        missing = system.missing_build_packages(self.ros.interpreter, self.env)
        if missing:
            with self._says(f'system packages: {" ".join(missing)}'):
                system.install(missing, self._log('system'), self.env)
        # Not in the key: which interpreter asks. An environment that runs is kept.
        key = key_of(str(self.paths.venv), self.ros.source, self.ros.prefix)
        stamp = Stamp(self.paths.state, 'environment')
        packages = Stamp(self.paths.state, 'packages')
        runs = output_of([self.paths.python, '-c', 'import pip'], self.env) is not None
        if stamp.is_done(key) and not packages.was_interrupted() and runs:
            return
        version = output_of([self.ros.interpreter, '--version'], self.env)
        with self._says(f'virtual environment of {version}'):
            shutil.rmtree(self.paths.venv, ignore_errors=True)
            stamp.begin()
            run(
                [self.ros.interpreter, '-m', 'venv', *self.ros.venv_arguments, self.paths.venv],
                self._log('environment'), self.env,
            )
            (self.paths.venv / 'COLCON_IGNORE').touch()
            stamp.done(key)

    def _packages(self) -> None:
        """Install the pinned packages, repair the wheels."""
        names = [name for group in self.ros.requirement_sets for name in group.split()]
        files = [self.paths.requirements / f'{name}.txt' for name in names]
        key = key_of(*files, Path(wheels.__file__))
        stamp = Stamp(self.paths.state, 'packages')
        if stamp.is_done(key):
            return
        stamp.begin()
        for group in self.ros.requirement_sets:
            with self._says(f'Python packages: {group}'):
                arguments = [
                    argument
                    for name in group.split()
                    for argument in ('-r', self.paths.requirements / f'{name}.txt')
                ]
                self._pip('install', *arguments)
        if self.ros.source == 'wheels':
            wheels.repair_cmake_exports(self.paths.venv)
        stamp.done(key)

    def _fallback(self) -> None:
        """Install the stand-in for launch and ros2 where the real ones are not."""
        if not (self.paths.fallback / 'pyproject.toml').is_file():
            return
        # `compat` puts the folder itself on the path. The default, a finder, comes after the path,
        # where Python would take the checkout's launch/ for the package `launch`.
        arguments = ('--no-deps', '--no-build-isolation', '--config-settings=editable_mode=compat')
        stamp = Stamp(self.paths.state, 'launch')
        key = key_of(*arguments, self.paths.fallback / 'pyproject.toml')
        if stamp.is_done(key) and not stamp.was_interrupted():
            return
        if self.ros.source == 'system':
            if output_of([self.paths.python, '-c', 'import launch, launch_ros'], self.env) is None:
                raise SetupError(
                    'The sourced ROS 2 has no `launch` and `launch_ros`: install '
                    f'ros-{DISTRO}-launch-ros and ros-{DISTRO}-ros2launch.'
                )
            return
        with self._says('launch and ros2, which PyPI does not have'):
            stamp.begin()
            self._pip('install', *arguments, '-e', self.paths.fallback)
            stamp.done(key)

    def _workspace(self) -> None:
        """
        Build the three packages with colcon.

        Python files and configuration are linked, so editing them needs no build. What does:
        interfaces, package files, new or removed launch files, configuration and models.
        """
        root = self.paths.root
        sources = root / 'src'
        key = key_of(
            str(root), self.ros.source, self.ros.prefix,
            Stamp(self.paths.state, 'environment').key() or '',
            sources / 'adapt_msgs',
            *(
                file
                for package in ('adapt_learning', 'adapt_ros')
                for name in ('package.xml', 'setup.py', 'setup.cfg')
                if (file := sources / package / name).is_file()
            ),
            names_of([root / 'launch', root / 'config', root / 'models']),
            root / 'colcon.meta',
        )
        stamp = Stamp(self.paths.build, '.adapt')
        linked = _is_linked(self.paths.install)
        if stamp.is_done(key) and linked:
            return
        with self._says('colcon build'):
            if stamp.was_interrupted() or not stamp.key() or not linked:
                for folder in (self.paths.build, self.paths.install):
                    shutil.rmtree(folder, ignore_errors=True)
            stamp.begin()
            run(
                [
                    self.paths.python, '-m', 'colcon', '--log-base', self.paths.work / 'colcon',
                    'build', '--symlink-install', '--base-paths', sources,
                ],
                self._log('build'), self._build_environment(), root,
            )
            _remove_dangling_links(self.paths.install)
            stamp.done(key)

    def _rendering(self) -> None:
        """Find the OpenGL that draws, and write down what scripts/env.sh needs to know."""
        generated = self.paths.state / 'env.sh'
        stamp = Stamp(self.paths.state, 'rendering')
        key = key_of(
            Stamp(self.paths.state, 'environment').key() or '',
            Stamp(self.paths.state, 'packages').key() or '',
            Path(__file__),
        )
        if stamp.is_done(key) and generated.is_file():
            return
        with self._says('headless OpenGL for camera images and videos'):
            stamp.begin()
            write_atomically(generated, self._generated(self._find_backend()))
            stamp.done(key)

    # Helpers ---------------------------------------------------------------------------------

    def _find_backend(self) -> str:
        python = self.paths.python
        backend = rendering.choose(python, self.env)
        reason: object = ''
        for packages in system.GL_PACKAGES.values():
            if backend != rendering.NONE:
                return backend
            try:
                system.install(packages, self._log('system'), self.env)
            except SetupError as error:
                reason = error
                continue
            backend = rendering.choose(python, self.env)
        if backend == rendering.NONE:
            print('[setup] no headless OpenGL: all runs but camera images and videos.', reason)
        return backend

    def _generated(self, backend: str) -> str:
        lines = [
            '# Written by `make setup`, read by scripts/env.sh.',
            f'ADAPT_ROS={self.ros.source}',
            f'ADAPT_MUJOCO_GL={backend}',
        ]
        if self.ros.source == 'wheels':
            folders = ':'.join(str(folder) for folder in wheels.library_folders(self.paths.venv))
            lines.append(f"ADAPT_ROS_LIBRARIES='{folders}'")
        else:
            lines.append(f"ADAPT_ROS_PREFIX='{self.ros.prefix}'")
        return '\n'.join(lines) + '\n'

    def _build_environment(self) -> dict[str, str]:
        env = dict(self.env)
        venv = self.paths.venv
        env['PATH'] = f'{venv / "bin"}:{env["PATH"]}'
        env['VIRTUAL_ENV'] = str(venv)
        env.setdefault('CMAKE_BUILD_PARALLEL_LEVEL', '2')
        if self.ros.source == 'wheels':
            env.update(
                AMENT_PREFIX_PATH=str(venv), CMAKE_PREFIX_PATH=str(venv),
                ROS_DISTRO=DISTRO, ROS_VERSION='2', ROS_PYTHON_VERSION='3',
            )
        return env

    def _pip(self, *arguments: str | Path) -> None:
        env = {**self.env, 'PIP_DISABLE_PIP_VERSION_CHECK': '1', 'PIP_NO_INPUT': '1'}
        command = [self.paths.python, '-m', 'pip', *arguments, '--progress-bar', 'off']
        run(command, self._log('pip'), env)

    def _log(self, name: str) -> Path:
        return self.paths.work / f'{name}.log'

    def _says(self, what: str) -> '_Timer':
        self.did.append(what)
        return _Timer(what, print)


@dataclass
class _Timer:
    what: str
    say: Callable[..., None]

    def __enter__(self) -> None:
        self._start = time.monotonic()
        self.say(f'[setup] {self.what} ...', flush=True)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.say(f'[setup]     done in {time.monotonic() - self._start:.0f} s', flush=True)


def _is_linked(install: Path) -> bool:
    """Return False where nothing is built, or where a plain `colcon build` has made copies."""
    return (install / 'local_setup.bash').is_file() and all(
        any((install / package).glob('lib/python3*/site-packages/*.egg-link'))
        for package in ('adapt_learning', 'adapt_ros')
    )


def _remove_dangling_links(folder: Path) -> None:
    """Remove what an earlier build linked and is no longer in the sources."""
    for path in folder.rglob('*'):
        if path.is_symlink() and not path.exists():
            path.unlink()
