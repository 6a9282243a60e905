"""The launch file as a user starts it: the installed `ros2` command in processes of its own."""

import json
import os
import signal
import subprocess
import time
import uuid
from pathlib import Path

import psutil
from with_free_domain import hold_free_domain

LIMIT_S = 60.0
"""Generous: how long a loaded machine may take for a short run."""
EXIT_S = 5.0
"""The promise: after Ctrl-C everything is gone within this time."""


class Launched:
    """One `ros2 launch` in a session and a ROS domain of its own."""

    def __init__(self, folder: Path, *arguments: str,
                 file: str = 'fetchpick_dbc.launch.py', domain: int | None = None):
        self._lock = None
        if domain is None:
            domain, self._lock = hold_free_domain()
        self.domain, self._mark = domain, f'ADAPT_LAUNCH_TEST={uuid.uuid4()}'
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / 'output.txt'
        name, value = self._mark.split('=')
        self.environment = dict(
            os.environ, ROS_DOMAIN_ID=str(domain), ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST',
            ROS_LOG_DIR=str(folder / 'log'), **{name: value})
        with open(self.log, 'w') as output:
            self.process = subprocess.Popen(
                ['ros2', 'launch', 'adapt_ros', file, *arguments], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, cwd=folder)

    @property
    def output(self) -> str:
        """Return what it has printed so far."""
        return self.log.read_text()

    def until(self, text: str) -> None:
        """Wait until `text` was printed."""
        end = time.monotonic() + LIMIT_S
        while text not in self.output:
            assert self.process.poll() is None, f'ended without {text!r}:\n{self.output}'
            assert time.monotonic() < end, f'no {text!r}:\n{self.output}'
            time.sleep(0.01)

    def wait(self, within: float = LIMIT_S) -> int:
        """Wait for the end and return the exit code."""
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'still running after {within:g} s:\n{self.output}') from None

    def interrupt(self) -> float:
        """Press Ctrl-C: SIGINT to the foreground process group; return seconds until the end."""
        begin = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        self.wait()
        return time.monotonic() - begin

    def running(self) -> list[psutil.Process]:
        """Return every process of this launch, its orphans too."""
        found = []
        for process in psutil.process_iter():
            try:
                environment = Path(f'/proc/{process.pid}/environ').read_bytes()
                if self._mark.encode() in environment and process.status() != 'zombie':
                    found.append(process)
            except (OSError, psutil.Error):
                continue
        return found

    def node(self, name: str) -> psutil.Process:
        """Return the process of a node."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            for process in self.running():
                if any(f'/{name}' in word for word in process.cmdline()[:3]):
                    return process
            assert self.process.poll() is None, f'ended without {name}:\n{self.output}'
            time.sleep(0.02)
        raise AssertionError(f'{name} is not running:\n{self.output}')

    def left(self) -> list[str]:
        """Return what is still running a moment after the end."""
        end = time.monotonic() + 1.0
        while (running := self.running()) and time.monotonic() < end:
            time.sleep(0.02)
        return [' '.join(process.cmdline()) for process in running]

    def close(self) -> None:
        """End everything that is left of this launch."""
        for process in self.running():
            process.kill()
        self.process.wait(10)
        if self._lock is not None:
            self._lock.close()


def result_of(folder: Path) -> dict:
    """Return result.json of a report folder."""
    return json.loads((folder / 'result.json').read_text())
