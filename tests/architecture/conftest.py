"""The sources as syntax trees, and the import table of ARCHITECTURE.md."""

import ast
import fnmatch
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    """One Python file of a package."""

    path: Path
    name: str
    """Dotted, as it is imported."""
    package: str
    """Row of the table: the folder below adapt_learning, or adapt_ros."""
    tree: ast.Module

    def __str__(self):
        return str(self.path.relative_to(ROOT))

    def imports(self, everywhere=True):
        """
        Yield (line, dotted name of what is imported).

        `everywhere` False leaves out what is imported inside functions and for type checkers.
        """
        nodes = [self.tree]
        while nodes:
            node = nodes.pop()
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                # A name may be a module; the prefix decides which package it belongs to.
                yield from ((node.lineno, f'{self._from(node)}.{alias.name}')
                            for alias in node.names)
            function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            typing = isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test)
            if everywhere or not (function or typing):
                nodes += ast.iter_child_nodes(node)

    def _from(self, node):
        if not node.level:
            return node.module
        base = self.name.split('.')
        is_package = self.path.name == '__init__.py'
        base = base[:len(base) - node.level + is_package]
        return '.'.join([*base, node.module] if node.module else base)


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    project: frozenset[str]
    heavy: tuple[str, ...]
    light: tuple[str, ...]
    heavy_inside_functions_only: bool

    def allows(self, library, inside_function=True):
        """Return whether a library may be imported."""
        names = self.light + (
            self.heavy if inside_function or not self.heavy_inside_functions_only else ())
        return any(name == 'all' or fnmatch.fnmatchcase(library, name) for name in names)


def words(text):
    """Return the names of a cell; `-` is none."""
    return tuple(word for word in re.split(r',\s*', text.strip()) if word and word != '-')


def read_table(text):
    """Return {package: Row} of the import table."""
    rows = {}
    lines = text[text.index('| package | may import'):].splitlines()[2:]
    for line in lines:
        if not line.startswith('|'):
            break
        package, project, libraries = (cell.strip() for cell in line.strip('|').split('|'))
        project = frozenset(rows) if project == 'all of the above' else frozenset(words(project))
        heavy, _, light = libraries.partition('(')
        only = ', inside the commands only'
        rows[package] = Row(project, words(heavy.replace(only, '')), words(light.rstrip(')')),
                            only in heavy)
    return rows


@pytest.fixture(scope='session')
def import_table():
    """Return the function that reads a table from text."""
    return read_table


@pytest.fixture(scope='session')
def module_of():
    """Return a function that makes a module of source text."""
    return lambda text: Module(ROOT / 'some.py', 'some', 'some', ast.parse(text))


@pytest.fixture(scope='session')
def repository():
    """Return the root folder."""
    return ROOT


@pytest.fixture(scope='session')
def list_files():
    """Return a function patterns -> files that git tracks or would track."""
    return listed


@pytest.fixture(scope='session')
def table():
    """Return the import table of ARCHITECTURE.md."""
    return read_table((ROOT / 'ARCHITECTURE.md').read_text(encoding='utf-8'))


@pytest.fixture(scope='session')
def modules():
    """Return every module of adapt_learning and adapt_ros."""
    found = []
    for package in ('adapt_learning', 'adapt_ros'):
        source = ROOT / 'src' / package
        for path in sorted((source / package).rglob('*.py')):
            parts = list(path.relative_to(source).with_suffix('').parts)
            if parts[-1] == '__init__':
                parts.pop()
            row = parts[1] if package == 'adapt_learning' and len(parts) > 1 else package
            found.append(Module(path, '.'.join(parts), row,
                                ast.parse(path.read_text(encoding='utf-8'))))
    return found


@pytest.fixture(scope='session')
def python_files():
    """Return {path: tree} of all Python files that are not tests: packages, scripts, launch."""
    return {path: ast.parse(path.read_text(encoding='utf-8'))
            for path in listed('*.py') if path.relative_to(ROOT).parts[0] != 'tests'}


def listed(*patterns):
    """Return the files that git tracks or would track, without what is deleted already."""
    names = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split('\0')
    return [ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file()]
