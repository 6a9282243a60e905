"""Imports go down only; the table of ARCHITECTURE.md is the one source of truth."""

import ast
import graphlib
import subprocess
import sys

import pytest

CRAFTS = {'policies', 'restoration', 'inspection', 'generation'}
LEARNING, ROS = 'adapt_learning', 'adapt_ros'


def targets(module, everywhere=True):
    """Yield (line, row of the table) for every import of another part of the project."""
    for line, name in module.imports(everywhere):
        parts = name.split('.')
        if parts[0] == LEARNING and len(parts) > 1:
            yield line, parts[1]
        elif parts[0] == ROS:
            yield line, ROS


def is_library(name):
    """Return whether a top-level name is neither of the standard library nor of this project."""
    return name not in sys.stdlib_module_names and name not in (LEARNING, ROS)


def test_every_package_has_its_row_in_the_table(modules, table):
    missing = {m.package for m in modules if m.package != LEARNING} - set(table)
    assert not missing, f'ARCHITECTURE.md has no row for {sorted(missing)}'


def test_every_import_is_an_arrow_of_the_table(modules, table):
    wrong = [
        f'{module}:{line}: {module.package} may not import {target}'
        for module in modules for line, target in targets(module)
        if target not in (module.package, 'errors')
        and target not in (table[module.package].project if module.package in table else ())]
    assert not wrong, '\n'.join(wrong)


def test_every_library_is_in_the_table(modules, table):
    wrong = []
    for module in modules:
        row = table.get(module.package)
        top_level = set(module.imports(everywhere=False))
        for line, name in module.imports():
            library = name.split('.')[0]
            inside = (line, name) not in top_level
            if is_library(library) and not (row and row.allows(library, inside)):
                wrong.append(f'{module}:{line}: {module.package} may not import {library}'
                             + ('' if inside else ' at module level'))
    assert not wrong, '\n'.join(wrong)


def test_the_table_names_no_library_that_is_not_used(modules, table):
    used = {(module.package, name.split('.')[0]) for module in modules
            for _, name in module.imports()}
    unused = [f'{package}: {name}' for package, row in table.items()
              for name in (*row.heavy, *row.light)
              if name != 'all' and '*' not in name and (package, name) not in used]
    assert not unused, f'take these out of the table in ARCHITECTURE.md: {unused}'


def test_the_table_has_no_circles(table):
    graphlib.TopologicalSorter({name: row.project for name, row in table.items()}).prepare()


def test_crafts_do_not_import_each_other(table):
    for craft in CRAFTS & set(table):
        assert not (CRAFTS - {craft}) & table[craft].project


def test_only_adapt_ros_knows_ros(modules, table):
    for package, row in table.items():
        if package not in (ROS, 'benchmarks', 'cli'):
            assert not any(row.allows(name) for name in ('rclpy', 'adapt_msgs', 'std_msgs'))
    ros = ('rclpy', 'launch', 'launch_ros', 'rosbag2_py', 'ament_index_python', 'adapt_msgs')
    wrong = [f'{module}:{line}: {name}' for module in modules if module.package != ROS
             for line, name in module.imports()
             if name.split('.')[0] in ros or name.split('.')[0].endswith(('_msgs', '_srvs'))]
    assert not wrong, '\n'.join(wrong)


def test_what_a_recorder_or_a_robot_needs_is_light(table):
    """DESIGN: frames, data and artifacts without torch and mujoco; the runtime without both."""
    for package in ('frames', 'data', 'artifacts'):
        assert table[package].heavy == ()
    assert table['runtime'].heavy == ('onnxruntime',)


def test_modules_do_not_import_each_other_in_circles(modules):
    names = {module.name for module in modules}
    graph = {}
    for module in modules:
        used = set()
        for _, name in module.imports(everywhere=False):
            # `from a.b import c`: the module a.b.c if there is one, else a.b.
            for candidate in (name, name.rpartition('.')[0]):
                if candidate in names:
                    used.add(candidate)
                    break
        graph[module.name] = used - {module.name}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(' -> '.join(error.args[1]))


def test_imports_are_absolute_and_no_import_failure_is_swallowed(modules):
    """`try: import x except ImportError: x = None` leaves a hole that shows much later."""
    wrong = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                wrong.append(f'{module}:{node.lineno}: relative import')
            if isinstance(node, ast.ImportFrom) and any(a.name == '*' for a in node.names):
                wrong.append(f'{module}:{node.lineno}: import *')
        for node in module.tree.body:
            if isinstance(node, ast.Try) and any(
                    isinstance(part, ast.Import | ast.ImportFrom) for part in node.body):
                wrong.append(f'{module}:{node.lineno}: import inside try at module level')
    assert not wrong, '\n'.join(wrong)


@pytest.mark.parametrize('package', ['frames', 'data', 'artifacts', 'runtime'])
def test_importing_it_loads_nothing_heavy(package):
    loaded = modules_after(f'adapt_learning.{package}')
    heavy = {'torch', 'mujoco', 'matplotlib', 'gymnasium', 'rclpy', 'scipy', 'cv2', 'diffusers'}
    assert not heavy & loaded


def test_inspection_needs_no_torch_and_no_ros():
    loaded = modules_after('adapt_learning.inspection')
    assert not {'torch', 'mujoco', 'matplotlib', 'gymnasium', 'rclpy', 'scipy'} & loaded


def test_the_command_line_starts_without_anything_heavy():
    loaded = modules_after('adapt_learning.cli.main')
    assert not {'torch', 'mujoco', 'matplotlib', 'gymnasium', 'onnxruntime', 'pyarrow'} & loaded


def test_the_catalogue_imports_none_of_its_members():
    loaded = modules_after('adapt_learning.catalog')
    assert not {'torch', 'mujoco', 'numpy', 'adapt_learning.tasks', 'adapt_learning.policies'
                } & loaded


def modules_after(name):
    """Return what is loaded in a new process that imports `name`."""
    code = f'import sys, {name}; print(*sys.modules)'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          timeout=60, check=True)
    return set(done.stdout.split())
