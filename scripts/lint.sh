#!/usr/bin/env bash
# ruff always; the ament linters of the operating system (or of a sourced ROS 2) where installed.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/env.sh || exit 1
failed=0

check() {  # name, command ...
    local name="$1" output
    shift
    if output=$("$@" 2>&1); then
        echo "[lint] $name: ok"
    else
        printf '%s\n' "$output" | grep -v '^checking \|^\* '
        echo "[lint] $name: failed"
        failed=1
    fi
}

ament() {  # linter, arguments ...: with the interpreter it was installed for, not with ours
    local linter="ament_$1" program
    shift
    program=$(PATH="${PATH#"$VIRTUAL_ENV/bin:"}" command -v "$linter")
    if [ -z "$program" ]; then
        echo "[lint] $linter: not installed, skipped (Debian: python3-${linter//_/-})"
    elif [ "$ADAPT_ROS" = system ]; then
        check "$linter" "$program" "$@"
    else
        check "$linter" env -u PYTHONPATH -u LD_LIBRARY_PATH -u VIRTUAL_ENV \
            PATH="${PATH#"$VIRTUAL_ENV/bin:"}" "$program" "$@"
    fi
}

check ruff ruff check .

# The sources are the product; tests and scripts are checked by ruff alone.
mapfile -t sources < <(git ls-files --cached --others --exclude-standard 'src/*.py' 'launch/*.py')
mapfile -t manifests < <(git ls-files --cached --others --exclude-standard 'src/*package.xml')
mapfile -t cmake < <(git ls-files --cached --others --exclude-standard 'src/*CMakeLists.txt')
ament flake8 --config scripts/ament_flake8.ini "${sources[@]}"
# Short docstrings begin on the first line, here and in most of ROS 2's own packages; D213 does not
# allow that. D405 to D417 want sections that these docstrings do not use.
ament pep257 --add-ignore D213 -- "${sources[@]}"
ament xmllint "${manifests[@]}"
ament lint_cmake "${cmake[@]}"
exit $failed
