"""Make a recipe in a process of its own: python -m adapt_ros.inspection.fit_process REQUEST.

The request is JSON: detector, files, out and the words of `fit_files` and `FitSettings`. Progress
comes as JSON lines on standard error, the result as JSON on standard output; what a user can mend
is one line that begins with `adapt: `, and exit code 2.
"""

import json
import os
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from adapt_learning.errors import UserError
from adapt_learning.inspection import FitSettings, Inspector, fit_files
from adapt_learning.inspection.pictures import list_pictures

# Inspection goes on beside it and has the right of way.
_NICE = 10


def main() -> int:
    """Do what the only argument says."""
    os.nice(_NICE)
    request = json.loads(sys.argv[1])
    try:
        recipe = fit_files(
            Inspector(request['detector']), list_pictures(request['files']), request['out'],
            name=request['name'], overwrite=request['overwrite'], surface=request['surface'],
            settings=FitSettings(**request['settings']), progress=_tell,
            created=datetime.now(UTC).isoformat(timespec='seconds'), code_version=_version())
    except UserError as error:
        print(f'adapt: {error}', file=sys.stderr, flush=True)
        return 2
    print(json.dumps({'name': recipe.name, 'hash': recipe.hash}))
    return 0


def _tell(stage: str, done: int, total: int) -> None:
    print(json.dumps({'stage': stage, 'done': done, 'total': total}), file=sys.stderr, flush=True)


def _version() -> str:
    try:
        return version('adapt_learning')
    except PackageNotFoundError:
        return 'unknown'


if __name__ == '__main__':
    sys.exit(main())
