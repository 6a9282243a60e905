"""Every command in the documentation exists, with its options, arguments and parameters."""

import ast
import importlib
import json
import re
from dataclasses import fields

import documentation
import pytest
import yaml

from adapt_learning import catalog
from adapt_learning.cli.main import app

# Names that pages use for what the reader adds.
INVENTED = {'my_policy', 'my_task'}
ROOT = documentation.ROOT
LAUNCH = {path.name: path for path in (ROOT / 'launch').glob('*.launch.py')}


def mentioned(program):
    """Return (page, words) of all command lines that begin with a program."""
    return [pytest.param(words, id=f'{page.relative_to(ROOT)}: {" ".join(words)[:60]}')
            for page in documentation.PAGES if page.name != 'CHANGELOG.md'
            for words in documentation.commands(page.read_text(encoding='utf-8'))
            if words[0] == program]


def find_verb(words):
    """Return (command, rest of the words)."""
    import typer
    command, rest = typer.main.get_command(app), list(words[1:])
    while rest and hasattr(command, 'commands') and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    return command, rest


@pytest.mark.parametrize('words', mentioned('adapt'))
def test_adapt(words):
    command, rest = find_verb(words)
    if rest and set(rest[0]) <= set('ABCDEFGHIJKLMNOPQRSTUVWXYZ.'):
        return  # "adapt VERB --help"
    assert not (hasattr(command, 'commands') and rest and rest[0][0].isalpha()), (
        f"'{rest[0]}' is no verb of {command.name}: {sorted(command.commands)}")
    known = {option for parameter in command.params for option in
             (*parameter.opts, *parameter.secondary_opts)} | {'--help', '-h'}
    used = [word.split('=')[0] for word in rest if word.startswith('--')]
    assert set(used) <= known
    for option, value in zip(rest, rest[1:], strict=False):
        if option == '--task':
            assert value in {*catalog.names('task'), *INVENTED, 'TASK'}
    if words[1:2] == ['train'] and rest and not rest[0].startswith('-'):
        assert rest[0].split('|')[0] in {*catalog.names('policy'), *INVENTED, 'POLICY'}


def launch_arguments(path):
    """Return {argument: default} of a launch file, read without running it."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'DeclareLaunchArgument':
            keywords = {k.arg: k.value for k in node.keywords}
            default = keywords.get('default_value')
            found[node.args[0].value] = default.value if default is not None else None
    return found


def check_launch(file, words):
    assert file in LAUNCH, f'there is {sorted(LAUNCH)}'
    given = [word.split(':=')[0] for word in words if ':=' in word and word != 'name:=value']
    assert set(given) <= set(launch_arguments(LAUNCH[file]))


def check_run(executable, words):
    assert executable in settings_classes()
    names = {f.name for f in fields(settings_classes()[executable])}
    given = [value.split(':=')[0] for flag, value in zip(words, words[1:], strict=False)
             if flag == '-p']
    assert set(given) <= names
    for flag, value in zip(words, words[1:], strict=False):
        if flag == '--params-file':
            assert (ROOT / value).is_file()


NODES = sorted(path.stem for path in (ROOT / 'src/adapt_ros/adapt_ros/nodes').glob('*.py')
               if path.stem != '__init__')


def settings_classes():
    """Return {node: dataclass of its parameters} of all nodes."""
    found = {}
    for name in NODES:
        members = vars(importlib.import_module(f'adapt_ros.nodes.{name}'))
        found[name], = (member for key, member in members.items() if key.endswith('Settings'))
    return found


@pytest.mark.parametrize('words', mentioned('ros2'))
def test_ros2(words):
    if words[1:3] == ['launch', 'adapt_ros'] and words[3] != 'FILE':
        check_launch(words[3], words[4:])
    elif words[1:3] == ['run', 'adapt_ros']:
        check_run(words[3], words[4:])


@pytest.mark.parametrize('words', mentioned('make'))
def test_make(words):
    targets = set(re.findall(r'^([a-z]+):', (ROOT / 'Makefile').read_text(encoding='utf-8'), re.M))
    assert words[1:] == [] or words[1] in targets
    for word in words[2:]:
        if word.startswith('ARGS=') and words[1] == 'demo':
            check_launch('fetchpick_dbc.launch.py', word.removeprefix('ARGS=').split())


@pytest.mark.parametrize('words', mentioned('python'))
def test_python(words):
    if words[1].endswith('.py'):
        assert (ROOT / words[1]).is_file()
    if words[1] != 'docs/tools/ros.py' or words[2] not in ('call', 'send_goal'):
        return
    if '...' not in words[3]:
        node, service = words[3].strip('/').split('/')
        source = (ROOT / f'src/adapt_ros/adapt_ros/nodes/{node}.py').read_text(encoding='utf-8')
        assert f"'~/{service}'" in source or f"('{service}', self." in source
    if len(words) > 4:
        assert isinstance(json.loads(words[4]), dict)


@pytest.mark.parametrize('name', NODES)
def test_parameter_files_load(name, rclpy_session):
    """ROS itself reads config/nodes/*.yaml, and every parameter is there."""
    from rclpy.node import Node

    from adapt_ros import parameters
    file = ROOT / f'config/nodes/{name}.yaml'
    kind = settings_classes()[name]
    written = yaml.safe_load(file.read_text(encoding='utf-8'))[f'/**/{name}']['ros__parameters']
    assert list(written) == [f.name for f in fields(kind)]
    node = Node(name, namespace='cell', cli_args=['--ros-args', '--params-file', str(file)])
    try:
        values = parameters.declare(node, kind)
    finally:
        node.destroy_node()
    assert {f.name: getattr(values, f.name) for f in fields(kind)} == written
    # What a file sets anew is said here; all the rest are the defaults.
    set_anew = set(re.findall(r'(\w+) \(default', file.read_text(encoding='utf-8')))
    assert all(getattr(values, f.name) == f.default for f in fields(kind)
               if f.name not in set_anew)
