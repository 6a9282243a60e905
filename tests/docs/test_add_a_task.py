"""The how-to that adds a task, done step by step with the text that stands there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap

import documentation
import pytest

ROOT = documentation.ROOT
PAGE = (ROOT / 'docs/how-to/add_a_task.md').read_text(encoding='utf-8')
PACKAGE = ROOT / 'src/adapt_learning/adapt_learning'


def files():
    """Return {path: text} of the files that the page gives."""
    found = re.findall(r'`(my_tasks/[\w/.]+)`:\n\n```\w+\n(.*?)^```', PAGE, re.M | re.S)
    assert len(found) == 3
    return dict(found)


def commands():
    """Return the command lines of the section that tries the task."""
    block = re.search(r'```\n(pip install.*?)```', PAGE, re.S)[1]
    return [shlex.split(line) for line in block.splitlines()]


class Shell:
    """Runs commands in a folder, with places of packages in front of all others."""

    def __init__(self, folder, *places):
        self.folder = folder
        search = [*map(str, places), *filter(None, sys.path)]
        self.environment = os.environ | {
            'PYTHONPATH': os.pathsep.join(search), 'OMP_NUM_THREADS': '1', 'COLUMNS': '200'}

    def python(self, *words):
        """Run Python with words and return what it said."""
        done = subprocess.run([sys.executable, *words], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True, timeout=150)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def adapt(self, *words):
        """Run the command line."""
        return self.python('-m', 'adapt_learning.cli.main', *words)


@pytest.fixture(scope='module')
def own_package(tmp_path_factory):
    """Write and install the package of the page; return a shell that sees it."""
    folder = tmp_path_factory.mktemp('own')
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    install = commands()[0]
    assert install[:2] == ['pip', 'install']
    # As on the page, but beside this environment, and with the setuptools that it has.
    Shell(folder).python('-m', *install, '--quiet', '--no-deps', '--no-build-isolation',
                         '--no-index', '--target', 'site')
    return Shell(folder, folder / 'site')


def test_a_package_of_ones_own_brings_a_task(own_package):
    """Collect, train and evaluate by the command lines of the page."""
    collect, train, evaluate = commands()[1:]
    own_package.adapt(*collect[1:], '--jobs', '1')
    own_package.adapt(*train[1:], '--set', 'run.threads=1')
    own_package.adapt(*evaluate[1:], '--jobs', '1', '--json', 'result.json')
    info = json.loads((own_package.folder / 'data/my_car/meta/info.json').read_text())
    assert info['total_episodes'] == 5 and info['total_frames'] > 200
    result = json.loads((own_package.folder / 'result.json').read_text())
    assert result['task'] == 'my_car' and result['successes'] >= 4
    manifest = json.loads((own_package.folder / 'runs/my_car/manifest.json').read_text())
    assert [f['key'] for f in manifest['contract']['observation']] == ['position', 'velocity']


def test_it_is_named_and_nothing_of_it_is_imported_before_it_is_asked_for(own_package):
    said = own_package.python('-c', textwrap.dedent("""
        import sys
        from adapt_learning import catalog
        from adapt_learning.frames import load_contract
        assert 'my_car' in catalog.names('task')
        assert load_contract('my_car').rate_hz == 20
        try:
            catalog.load('task', 'my_cra')
        except catalog.CatalogError as error:
            print(error)
        assert not {'my_tasks.my_car', 'gymnasium', 'torch'} & sys.modules.keys()
        print(catalog.load('task', 'my_car').__name__)
        """))
    assert "Did you mean 'my_car'?" in said and said.endswith('MountainCar\n')


def test_a_package_that_cannot_be_imported_is_named(own_package, tmp_path):
    shutil.copytree(own_package.folder / 'site', tmp_path / 'site')
    (tmp_path / 'site/my_tasks/my_car.py').write_text('import no_such_library\n')
    (tmp_path / 'site/my_tasks/my_car.yaml').unlink()
    said = Shell(tmp_path, tmp_path / 'site').python('-c', textwrap.dedent("""
        from adapt_learning import catalog
        from adapt_learning.errors import UserError
        from adapt_learning.frames import load_contract
        for ask in (lambda: catalog.load('task', 'my_car'),
                    lambda: load_contract('my_car')):
            try:
                ask()
            except UserError as error:
                print(error)
        """))
    assert 'package my_tasks cannot be loaded' in said and 'no_such_library' in said
    assert 'has no contract' in said and 'my_car.yaml is missing' in said


def test_in_a_copy_of_the_repository_one_line_of_the_catalogue_is_enough(tmp_path):
    copy = tmp_path / 'copy/adapt_learning'
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns('__pycache__'))
    places = {'py': copy / 'tasks', 'yaml': copy / 'contracts'}  # what set-up links
    for name, text in files().items():
        path = ROOT / name
        if path.suffix[1:] in places:
            (places[path.suffix[1:]] / path.name).write_text(text, encoding='utf-8')
    line = re.search(r"^ *('my_car': .*)$", PAGE, re.M)[1]
    catalog = copy / 'catalog.py'
    begin = 'TASKS = MappingProxyType({\n'
    text = catalog.read_text(encoding='utf-8')
    catalog.write_text(text.replace(begin, f'{begin}    {line}\n'), encoding='utf-8')
    shell = Shell(tmp_path, copy.parent)
    shell.adapt(*commands()[1][1:], '--jobs', '1')
    assert (tmp_path / 'data/my_car/meta/info.json').is_file()
