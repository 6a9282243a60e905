"""Turn this checkout into a working installation: `make setup` calls this."""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python shall hear it in words
    sys.exit(
        f'Python 3.11 or newer is needed, this is {sys.version.split()[0]}: run make with '
        'PYTHON=python3.12, or install python3.12 and python3.12-venv.'
    )

from adapt_setup import system  # noqa: E402
from adapt_setup.errors import SetupError  # noqa: E402
from adapt_setup.paths import Paths  # noqa: E402
from adapt_setup.ros import clean_environment, find_ros  # noqa: E402
from adapt_setup.stamps import only_one  # noqa: E402
from adapt_setup.steps import SetUp  # noqa: E402


def main() -> int:
    """Set up the checkout that this file is in; return the exit code."""
    paths = Paths(Path(__file__).resolve().parent.parent)
    env = clean_environment(paths, os.environ)
    if Path(sys.prefix) == paths.venv:  # a prepared shell: its Python may be about to be replaced
        base = sys._base_executable
        os.execve(base, [base, *sys.argv], env)
    options = _options()
    started = time.monotonic()
    try:
        with only_one(paths.work):
            set_up = SetUp(paths, find_ros(env), env)
            set_up.run()
            if options.ament_linters:
                set_up.optional(system.LINTERS, 'ament linters')
            if options.browser:
                set_up.optional(system.BROWSER, 'a browser: the tests of web pages are skipped')
    except SetupError as error:
        print(f'[setup] {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\n[setup] stopped; the next run goes on from here', file=sys.stderr)
        return 130
    if set_up.did:
        print(f'[setup] ready after {time.monotonic() - started:.0f} s')
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--ament-linters', action='store_true',
        help="also install the operating system's ament linters, for `make lint`",
    )
    parser.add_argument(
        '--browser', action='store_true',
        help='also install Chromium and its driver, for the tests of web pages',
    )
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
