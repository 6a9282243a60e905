# The environment of this checkout, for bash and zsh:  source scripts/env.sh
#
# Puts the virtual environment, ROS 2 Jazzy and the built packages in front. May be sourced from any
# folder, and more than once. Variables that are already set keep their values where they are yours
# to choose: ROS_DOMAIN_ID, ROS_AUTOMATIC_DISCOVERY_RANGE, MUJOCO_GL.
# shellcheck shell=bash disable=SC1090,SC1091

_adapt_env() {
    local root="$1" venv="$1/.venv" shell="$2" part
    if [ ! -f "$venv/adapt/env.sh" ] || [ ! -f "$root/install/local_setup.$shell" ]; then
        echo "This checkout is not set up yet: run 'make -C $root setup' first." >&2
        return 1
    fi
    local ADAPT_MUJOCO_GL ADAPT_ROS_LIBRARIES ADAPT_ROS_PREFIX
    . "$venv/adapt/env.sh"
    export ADAPT_ROS

    if [ "$ADAPT_ROS" = system ]; then
        if [ -z "${ROS_DISTRO:-}" ]; then . "$ADAPT_ROS_PREFIX/setup.$shell"; fi
    else
        export ROS_DISTRO=jazzy ROS_VERSION=2 ROS_PYTHON_VERSION=3
        # The wheels' own start-up hook would set this path by starting Python twice.
        export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
        _adapt_prepend LD_LIBRARY_PATH "$ADAPT_ROS_LIBRARIES"
        _adapt_prepend AMENT_PREFIX_PATH "$venv"
        _adapt_prepend CMAKE_PREFIX_PATH "$venv"
    fi
    export VIRTUAL_ENV="$venv"
    _adapt_prepend PATH "$venv/bin"
    # AMENT_TRACE_SETUP_FILES and friends may be unset, which colcon's files do not expect.
    case $- in *u*) part=u; set +u ;; *) part= ;; esac
    . "$root/install/local_setup.$shell"
    if [ -n "$part" ]; then set -u; fi

    # Robots on the network are reached only where somebody opens the range deliberately.
    export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"
    export MUJOCO_GL="${MUJOCO_GL:-$ADAPT_MUJOCO_GL}"
}

_adapt_prepend() {  # variable, value: put in front once
    local old
    eval "old=\"\${$1:-}\""
    case ":$old:" in
        *":$2:"*) ;;
        *) export "$1=$2${old:+:$old}" ;;
    esac
}

if [ -n "${ZSH_VERSION:-}" ]; then
    eval '_adapt_root="${${(%):-%x}:A:h:h}"'
    _adapt_env "$_adapt_root" zsh
else
    _adapt_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
    _adapt_env "$_adapt_root" bash
fi
_adapt_status=$?
unset _adapt_root
unset -f _adapt_env _adapt_prepend
eval "unset _adapt_status; return $_adapt_status"
