"""The environment file and the programs that start demo and tests."""

import os
import shutil
import subprocess
import sys

import pytest


def shell(script: str, cwd, name: str = 'bash') -> subprocess.CompletedProcess:
    """Run a script in a shell that knows nothing of the checkout."""
    env = {k: os.environ[k] for k in ('HOME', 'LANG') if k in os.environ}
    env['PATH'] = '/usr/local/bin:/usr/bin:/bin'
    return subprocess.run(
        [name, '-c', script], cwd=cwd, env=env, capture_output=True, text=True, timeout=60,
    )


@pytest.mark.parametrize('name', ['bash', 'zsh'])
def test_env_gives_everything_from_any_folder(name, tmp_path, repository):
    if not shutil.which(name):
        pytest.skip(f'{name} is not installed')
    result = shell(
        f'set -eu; . {repository}/scripts/env.sh; . {repository}/scripts/env.sh; '
        'python -c "import rclpy, adapt_msgs.msg, adapt_learning, adapt_ros; print(\'fine\')"; '
        'command -v ros2 adapt; echo "$ROS_DISTRO $ROS_AUTOMATIC_DISCOVERY_RANGE $MUJOCO_GL"; '
        'echo "$AMENT_PREFIX_PATH"',
        tmp_path, name,
    )
    assert result.returncode == 0, result.stderr
    fine, ros2, adapt, settings, prefixes = result.stdout.splitlines()
    assert fine == 'fine' and ros2.endswith('/ros2') and adapt.endswith('/adapt')
    assert settings.startswith('jazzy LOCALHOST ')
    folders = prefixes.split(':')
    assert len(folders) == len(set(folders)), 'sourcing twice must add nothing'


def test_env_keeps_what_the_user_chose(tmp_path, repository):
    result = shell(
        'export ROS_DOMAIN_ID=42 ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET MUJOCO_GL=glfw; '
        f'. {repository}/scripts/env.sh; '
        'echo "$ROS_DOMAIN_ID $ROS_AUTOMATIC_DISCOVERY_RANGE $MUJOCO_GL"',
        tmp_path,
    )
    assert result.stdout == '42 SUBNET glfw\n'


def test_env_before_setup_says_what_to_do(tmp_path, repository):
    (tmp_path / 'scripts').mkdir()
    shutil.copy(repository / 'scripts' / 'env.sh', tmp_path / 'scripts')
    result = shell('. scripts/env.sh; echo "code $?"', tmp_path)
    assert 'make -C' in result.stderr and result.stdout == 'code 1\n'


def free_domain(repository, *command: str, **env: str) -> subprocess.Popen:
    program = [sys.executable, str(repository / 'scripts' / 'with_free_domain.py'), *command]
    base = {k: v for k, v in os.environ.items() if k != 'ROS_DOMAIN_ID'}
    return subprocess.Popen(
        program, env={**base, **env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )


def test_commands_at_once_have_domains_of_their_own(repository):
    running = [free_domain(repository, 'sh', '-c', 'echo $ROS_DOMAIN_ID; read x') for _ in range(8)]
    domains = [int(process.stdout.readline()) for process in running]
    for process in running:
        process.communicate('\n')
    assert len(set(domains)) == 8 and all(1 <= domain <= 101 for domain in domains)


def test_chosen_domain_is_kept(repository):
    process = free_domain(repository, 'sh', '-c', 'echo $ROS_DOMAIN_ID', ROS_DOMAIN_ID='7')
    out, _ = process.communicate()
    assert out == '7\n'


def test_domains_with_ports_that_a_killed_process_left_come_last():
    from with_free_domain import tidy_first
    left = ['fastrtps_port7911', 'fastrtps_port8161', 'fastrtps_port7000', 'sem.fastrtps_0a',
            'fastrtps_008f28ab15cabc25']
    assert tidy_first([2, 3, 1, 4], left) == [1, 4, 2, 3]
    assert tidy_first([2, 1], []) == [2, 1]


def no_leftovers(repository, script: str) -> subprocess.CompletedProcess:
    program = [sys.executable, str(repository / 'scripts' / 'no_leftovers.py'), 'sh', '-c', script]
    return subprocess.run(program, capture_output=True, text=True, timeout=30)


def test_clean_command_keeps_its_exit_code(repository):
    assert no_leftovers(repository, 'sleep 0.2 & exit 3').returncode == 3


def test_orphans_that_end_by_themselves_leave_no_zombies(repository):
    script = 'pid=$(sh -c "sleep 0.1 >/dev/null & echo \\$!"); sleep 0.5; test ! -e /proc/$pid'
    assert no_leftovers(repository, script).returncode == 0


def test_what_is_left_running_is_named_ended_and_counts(repository):
    result = no_leftovers(repository, 'setsid sleep 987 >/dev/null 2>&1 & echo $!')
    assert result.returncode == 1 and 'left running' in result.stderr
    assert 'sleep 987' in result.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(result.stdout), 0)
