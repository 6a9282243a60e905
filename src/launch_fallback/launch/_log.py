"""What the launch says: to the screen, and to launch.log where real launch would keep it."""

import os
import socket
import sys
import time
from pathlib import Path
from typing import Iterable, Optional, TextIO

debug = False
_file: Optional[TextIO] = None

# For each way of output, where lines from stdout and stderr go.
OUTPUTS = {
    'screen': {'stdout': {'screen'}, 'stderr': {'screen'}},
    'log': {'stdout': {'log'}, 'stderr': {'log', 'screen'}},
    'both': {'stdout': {'log', 'screen'}, 'stderr': {'log', 'screen'}},
}


def open_file() -> Path:
    """Open launch.log in a folder of its own below the ROS log folder; return the folder."""
    global _file
    home = os.environ.get('ROS_HOME') or os.path.join('~', '.ros')
    base = Path(os.environ.get('ROS_LOG_DIR') or os.path.join(home, 'log')).expanduser()
    stamp = f'{time.strftime("%Y-%m-%d-%H-%M-%S")}-{time.time_ns() // 1000 % 1000000:06d}'
    folder = base / f'{stamp}-{socket.gethostname()}-{os.getpid()}'
    folder.mkdir(parents=True, exist_ok=True)
    _file = (folder / 'launch.log').open('a', encoding='utf-8')
    latest = base / 'latest'
    try:
        latest.unlink(missing_ok=True)
        latest.symlink_to(folder)
    except OSError:
        pass  # a convenience only; somebody's own file or folder may be in its place
    return folder


def write(line: str, targets: Iterable[str], label: str = '') -> None:
    """Write one line to 'screen', 'log' or both; at once, so that nothing is lost in a crash."""
    if 'log' in targets and _file is not None:
        print(f'{time.time():.7f} {label}{line}', file=_file, flush=True)
    if 'screen' in targets:
        try:
            encoding = sys.stdout.encoding or 'utf-8'
            print(line.encode(encoding, 'replace').decode(encoding), flush=True)
        except OSError:
            # Whoever read our output is gone (closed pipe, closed terminal): the children must
            # still be looked after.
            sys.stdout = open(os.devnull, 'w')


def tell(level: str, name: str, message: str) -> None:
    """Say something in the launch's own name or in that of a process."""
    if level != 'DEBUG' or debug:
        write(f'[{level}] [{name}]: {message}', ('screen', 'log'))
