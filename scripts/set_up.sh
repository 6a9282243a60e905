#!/bin/sh
# Find a Python that can do the set-up, then let it. Arguments go to set_up.py.
# `PYTHON=/path/to/python` chooses one.
here=$(cd "$(dirname "$0")" && pwd -P)

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

python=$(find_python)
if [ -z "$python" ] && [ -z "${PYTHON:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo '[setup] system packages: python3 python3-venv ...'
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes python3 python3-venv >/dev/null
    python=$(find_python)
fi
if [ -z "$python" ]; then
    echo "[setup] Python 3.11, 3.12 or 3.13 is needed and ${PYTHON:-python3} is not one: run" \
         "'sudo apt-get install python3 python3-venv', or make with PYTHON=/path/to/python3.12." >&2
    exit 1
fi
exec "$python" "$here/set_up.py" "$@"
