"""Where things are in a checkout."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """The folders of one checkout; tests make one in a temporary folder."""

    root: Path

    @property
    def venv(self) -> Path:
        """Return the virtual environment."""
        return self.root / '.venv'

    @property
    def python(self) -> Path:
        """Return the interpreter of the virtual environment."""
        return self.venv / 'bin' / 'python'

    @property
    def state(self) -> Path:
        """Return the folder for stamps and generated settings; it dies with the environment."""
        return self.venv / 'adapt'

    @property
    def work(self) -> Path:
        """Return the folder of the lock and the logs; it outlives the environment."""
        return self.root / '.venv-setup'

    @property
    def build(self) -> Path:
        """Return colcon's build folder."""
        return self.root / 'build'

    @property
    def install(self) -> Path:
        """Return colcon's install folder."""
        return self.root / 'install'

    @property
    def requirements(self) -> Path:
        """Return the folder of pinned requirements."""
        return self.root / 'requirements'

    @property
    def fallback(self) -> Path:
        """Return the package that stands in for launch and ros2 where ROS is from PyPI."""
        return self.root / 'src' / 'launch_fallback'
