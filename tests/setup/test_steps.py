"""The set-up does what is missing, no more, and mends what was interrupted."""

import pytest

from adapt_setup import system
from adapt_setup.steps import SetUp


def pip_files(commands: list[str]) -> str:
    """Return the requirement files of all pip runs."""
    return ' '.join(word for line in commands if ' pip ' in line for word in line.split('/'))


def test_first_run_does_everything_and_second_nothing(machine, wheels_ros):
    first = machine.set_up(wheels_ros)
    assert [line.split(' -m ')[1].split()[0] for line in first] == [
        'venv', 'pip', 'pip', 'pip', 'colcon',
    ]
    assert machine.set_up(wheels_ros) == []


def test_torch_is_installed_first_and_alone(machine, wheels_ros):
    pip = [line for line in machine.set_up(wheels_ros) if ' pip ' in line]
    assert pip[0].count('.txt') == 1 and 'torch.txt' in pip[0]


def test_wheels_bring_ros_and_the_launch_fallback(machine, wheels_ros):
    commands = machine.set_up(wheels_ros)
    assert 'ros-wheels.txt' in pip_files(commands)
    assert 'ros-system.txt' not in pip_files(commands)
    assert any('launch_fallback' in line for line in commands)


def test_installed_ros_brings_neither(machine, system_ros):
    commands = machine.set_up(system_ros)
    assert 'ros-system.txt' in pip_files(commands)
    assert 'ros-wheels.txt' not in pip_files(commands)
    assert not any('launch_fallback' in line for line in commands)
    assert '--system-site-packages' in commands[0]


def test_change_between_installed_ros_and_wheels_starts_anew(machine, wheels_ros, system_ros):
    machine.set_up(wheels_ros)
    assert ' -m venv ' in machine.set_up(system_ros)[0]


def test_changed_requirement_installs_and_keeps_the_environment(machine, paths, wheels_ros):
    machine.set_up(wheels_ros)
    with (paths.requirements / 'dev.txt').open('a') as file:
        file.write('six==1.16.0\n')
    commands = machine.set_up(wheels_ros)
    assert len(commands) == 2 and all(' pip install ' in line for line in commands)


@pytest.mark.parametrize('name', ['src/adapt_msgs/msg/New.msg', 'launch/new.launch.py'])
def test_new_source_builds_again(machine, paths, wheels_ros, name):
    machine.set_up(wheels_ros)
    file = paths.root / name
    file.parent.mkdir(exist_ok=True)
    file.write_text('')
    assert [' colcon ' in line for line in machine.set_up(wheels_ros)] == [True]


def test_edited_launch_file_needs_no_build(machine, paths, wheels_ros):
    file = paths.root / 'launch' / 'a.launch.py'
    file.write_text('')
    machine.set_up(wheels_ros)
    file.write_text('# edited')
    assert machine.set_up(wheels_ros) == []


@pytest.mark.parametrize('moment', [' -m venv ', 'torch.txt', 'ros-wheels.txt'])
def test_interrupted_packages_start_from_an_empty_environment(machine, paths, wheels_ros, moment):
    machine.dies_at = moment
    with pytest.raises(KeyboardInterrupt):
        machine.set_up(wheels_ros)
    half = paths.venv / 'half-installed'
    if paths.venv.exists():
        half.touch()
    machine.dies_at = ''
    assert ' -m venv ' in machine.set_up(wheels_ros)[0]
    assert not half.exists()
    assert machine.set_up(wheels_ros) == []


def test_interrupted_build_starts_from_empty_folders(machine, paths, wheels_ros):
    machine.dies_at = ' colcon '
    with pytest.raises(KeyboardInterrupt):
        machine.set_up(wheels_ros)
    half = paths.build / 'half.o'
    half.touch()
    machine.dies_at = ''
    assert [' colcon ' in line for line in machine.set_up(wheels_ros)] == [True]
    assert not half.exists()


def test_copies_of_a_plain_colcon_build_are_replaced_by_links(machine, paths, wheels_ros):
    machine.set_up(wheels_ros)
    (paths.install / 'adapt_ros/lib/python3.11/site-packages/adapt_ros.egg-link').unlink()
    assert [' colcon ' in line for line in machine.set_up(wheels_ros)] == [True]


def test_removed_sources_leave_no_dangling_links(machine, paths, wheels_ros):
    machine.set_up(wheels_ros)
    dead = paths.install / 'gone.launch.py'
    dead.symlink_to(paths.root / 'launch' / 'gone.launch.py')
    (paths.root / 'launch' / 'new.launch.py').touch()
    machine.set_up(wheels_ros)
    assert not dead.is_symlink()


def test_environment_that_does_not_run_is_replaced(machine, paths, wheels_ros):
    machine.set_up(wheels_ros)
    paths.python.unlink()
    assert ' -m venv ' in machine.set_up(wheels_ros)[0]


def test_what_is_wanted_and_not_needed_is_installed_once(paths, wheels_ros, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(system, 'install', lambda names, log, env: asked.append(names))
    browser = tmp_path / 'bin' / 'browser'
    set_up = SetUp(paths, wheels_ros, {'PATH': str(browser.parent)})
    set_up.optional({'browser': 'a-browser'}, 'a browser')
    browser.parent.mkdir()
    browser.touch(0o755)
    set_up.optional({'browser': 'a-browser'}, 'a browser')
    assert asked == [['a-browser']]


def test_a_machine_that_takes_no_packages_goes_on_and_says_without_what(
        paths, wheels_ros, tmp_path, capsys):
    set_up = SetUp(paths, wheels_ros, {'PATH': str(tmp_path)})
    set_up.optional({'browser': 'a-browser'}, 'a browser: tests of pages are skipped')
    said = capsys.readouterr().out
    assert 'without a browser: tests of pages are skipped' in said
    assert 'apt-get install a-browser' in said
