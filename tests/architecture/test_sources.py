"""Rules for every source file: small, documented, nothing that runs what it reads."""

import ast
import statistics

import pytest

LONGEST, MEDIAN = 400, 200


@pytest.fixture(scope='session')
def sources(python_files, repository):
    """Return the files of the packages, launch_fallback included."""
    return {path: tree for path, tree in python_files.items()
            if path.is_relative_to(repository / 'src')}


def test_there_are_sources(sources, repository):
    folders = {path.relative_to(repository).parts[1] for path in sources}
    assert {'adapt_learning', 'adapt_ros', 'launch_fallback'} <= folders


def test_no_file_is_long(python_files, repository):
    lengths = {path.relative_to(repository): len(path.read_text(encoding='utf-8').splitlines())
               for path in python_files}
    too_long = {str(path): n for path, n in lengths.items() if n >= LONGEST}
    assert not too_long, f'split these (a file has less than {LONGEST} lines): {too_long}'


def test_the_median_file_fits_a_few_screens(sources):
    lengths = [len(path.read_text(encoding='utf-8').splitlines()) for path in sources]
    assert statistics.median(length for length in lengths if length) < MEDIAN


def public(tree, methods=True):
    """Yield the public classes, functions and methods of a module."""
    todo = [tree]
    while todo:
        for node in todo.pop().body:
            is_class = isinstance(node, ast.ClassDef)
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            if (is_class or is_function) and not node.name.startswith('_'):
                yield node
                if is_class and methods:
                    todo.append(node)


def test_every_module_says_what_it_is_for(python_files, repository):
    silent = [str(path.relative_to(repository)) for path, tree in python_files.items()
              if tree.body and not ast.get_docstring(tree)]
    assert not silent


def test_every_public_class_and_function_has_a_docstring(sources, repository):
    """The methods of launch_fallback are those of ros2/launch, which documents them."""
    silent = []
    for path, tree in sources.items():
        methods = not path.is_relative_to(repository / 'src' / 'launch_fallback')
        silent += [f'{path.relative_to(repository)}:{node.lineno}: {node.name}'
                   for node in public(tree, methods) if not ast.get_docstring(node)]
    assert not silent, '\n'.join(silent)


FORBIDDEN_MODULES = {'pickle', 'cPickle', 'dill', 'cloudpickle', 'marshal', 'shelve', 'jsonpickle'}
FORBIDDEN_CALLS = {
    'eval': 'runs what it reads', 'exec': 'runs what it reads', '__import__': 'use importlib',
    'yaml.load': 'use yaml.safe_load', 'yaml.unsafe_load': 'use yaml.safe_load',
    'yaml.full_load': 'use yaml.safe_load', 'yaml.load_all': 'use yaml.safe_load_all',
    'os.system': 'use subprocess with a list', 'os.popen': 'use subprocess with a list',
    'joblib.load': 'is a pickle', 'tempfile.mktemp': 'use mkstemp or mkdtemp',
}
# launch's own PythonExpression evaluates what stands in a launch file, which is a program anyway.
ACCEPTED = {'src/launch_fallback/launch/substitutions.py': 'eval: runs what it reads'}


def dangers(tree):
    """Yield (line, what is wrong) for what runs code out of data."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, f'imports {alias.name}') for alias in node.names
                        if alias.name.split('.')[0] in FORBIDDEN_MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.split('.')[0] in FORBIDDEN_MODULES:
                yield node.lineno, f'imports {node.module}'
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            keywords = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if called in FORBIDDEN_CALLS:
                yield node.lineno, f'{called}: {FORBIDDEN_CALLS[called]}'
            if called == 'torch.load' and keywords.get('weights_only') != 'True':
                yield node.lineno, 'torch.load without weights_only=True'
            if keywords.get('allow_pickle') == 'True':
                yield node.lineno, 'allow_pickle=True'
            if keywords.get('shell') == 'True':
                yield node.lineno, 'shell=True'


def test_loading_a_file_never_runs_code(python_files, repository):
    found = [f'{path.relative_to(repository)}:{line}: {what}'
             for path, tree in python_files.items() for line, what in dangers(tree)
             if ACCEPTED.get(str(path.relative_to(repository))) != what]
    assert not found, '\n'.join(found)


@pytest.mark.parametrize('text', [
    'import pickle', 'from pickle import loads', 'eval("1")', 'yaml.load(x)', 'torch.load(f)',
    'torch.load(f, weights_only=False)', 'numpy.load(f, allow_pickle=True)', 'os.system("x")',
    'subprocess.run("x", shell=True)', 'exec(x)',
])
def test_the_search_for_dangers_finds_them(text):
    assert list(dangers(ast.parse(text)))


@pytest.mark.parametrize('text', [
    'policy.eval()', 'torch.load(f, weights_only=True)', 'yaml.safe_load(x)', 'numpy.load(f)'])
def test_what_is_harmless_is_let_pass(text):
    assert not list(dangers(ast.parse(text)))
