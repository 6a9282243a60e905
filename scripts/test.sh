#!/usr/bin/env bash
# All tests: those that measure time alone and first, then the others side by side.
# Arguments go to pytest, e.g. scripts/test.sh tests/learning -k contract
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh || exit 1

pytest_pass() {
    python scripts/no_leftovers.py python scripts/with_free_domain.py python -m pytest "$@"
}

pytest_pass -m serial "$@"
serial=$?
# Stolen in blocks, not dealt one by one: tests of a file share what is made for them. One more than
# the cores that the suite is made for: many tests wait for other processes.
pytest_pass -m 'not serial' -n "${JOBS:-3}" --dist worksteal "$@"
parallel=$?

# pytest's 5 means that a pass had no test, which is no fault as long as the other one had.
if [ "$serial" = 5 ]; then exit "$parallel"; fi
if [ "$parallel" = 5 ]; then exit "$serial"; fi
exit $((serial > parallel ? serial : parallel))
