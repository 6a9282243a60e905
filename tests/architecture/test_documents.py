"""What the documents point at exists, and nothing points at somebody's machine."""

import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE_BLOCK = re.compile(r'^```.*?^```', re.M | re.S)
LINK = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')
SPAN = re.compile(r'`([^`\n]+)`')
NAME = re.compile(r'[\w.*-]+(/[\w.*-]+)*/?')
SUFFIXES = ('.py', '.md', '.yaml', '.yml', '.toml', '.sh', '.msg', '.srv', '.action', '.xml',
            '.cfg', '.repos')
# Written by programs while they run; never in the repository.
GENERATED = {
    'out', 'build', 'install', 'log', '.venv', 'dist', 'data', 'runs', 'meta', 'videos',
    'manifest.json', 'weights.safetensors', 'model.onnx', 'likeness.onnx', 'card.md',
    'result.json', 'log.jsonl', 'info.json', 'stats.json',
}


def documents():
    """Return the documents for people."""
    found = [*ROOT.glob('*.md'), *ROOT.glob('docs/**/*.md'), *ROOT.glob('src/*/README.md'),
             *ROOT.glob('benchmarks/**/*.md')]
    return sorted(path for path in found if not path.is_symlink())


@functools.cache
def file_names():
    """Return the names of all files of the repository, to find those without a folder."""
    skipped = {'.git', '.venv', 'build', 'install', 'log', '__pycache__'}
    names = set()
    for folder in ROOT.iterdir():
        if folder.is_file():
            names.add(folder.name)
        elif folder.name not in skipped:
            names.update(path.name for path in folder.rglob('*'))
    return names


def exists(name, document):
    """Return whether a file, folder or pattern exists, seen from the root or the document."""
    name = name.rstrip('/')
    return any(next(base.glob(name), None) is not None for base in (ROOT, document.parent))


def broken_links(text, document):
    """Yield the targets of links within the repository that do not exist."""
    for target in LINK.findall(text):
        path = target.partition('#')[0]
        if path and not re.match(r'[a-z]+:', target) and not (document.parent / path).exists():
            yield target


def missing_names(text, document):
    """
    Yield names in `code` that look like files of the repository and do not exist.

    Those with a folder count where the folder is one of the repository's; those without where
    they end like a source or a document.
    """
    for span in SPAN.findall(CODE_BLOCK.sub('', text)):
        if not NAME.fullmatch(span) or span.split('/')[0] in GENERATED or span in GENERATED:
            continue
        if 'my_' in span:  # an example of what the reader will write
            continue
        if '/' in span:
            inside = (ROOT / span.split('/')[0]).is_dir() and not span.startswith('.')
            if inside and not exists(span, document):
                yield span
        elif span.endswith(SUFFIXES) and '*' not in span and not span.startswith('.'):
            if span not in file_names():
                yield span


@pytest.mark.parametrize('document', documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_file_names_in_a_document_exist(document):
    text = document.read_text(encoding='utf-8')
    assert not list(broken_links(text, document))
    assert not list(missing_names(text, document))


def test_the_check_of_documents_finds_what_is_missing():
    document = ROOT / 'ARCHITECTURE.md'
    text = ('[here](ARCHITECTURE.md#arrows) [gone](docs/gone.md) [web](https://example.org/x) '
            '`tests/architecture` `tests/nowhere` `config/contracts/*.yaml` `src/x/*.py` '
            '`catalog.py` `gone.py` `out/result.json` `geometry_msgs/msg/Twist` `a / b`\n'
            '```\n`tests/in_a_block`\n```\n')
    assert list(broken_links(text, document)) == ['docs/gone.md']
    assert list(missing_names(text, document)) == ['tests/nowhere', 'src/x/*.py', 'gone.py']


HOMES = ('work', 'home', 'root', 'Users', 'mnt', 'media')
MACHINE = re.compile(rf'(?<![\w.~$}}*-])/(?:{"|".join(HOMES)})/[\w.-]')


def test_no_file_knows_a_path_of_somebody_s_machine(list_files):
    found = []
    for path in list_files():
        try:
            lines = path.read_text(encoding='utf-8').splitlines()
        except UnicodeDecodeError:
            continue
        found += [f'{path.relative_to(ROOT)}:{i}: {line.strip()[:100]}'
                  for i, line in enumerate(lines, 1) if MACHINE.search(line)]
    assert not found, '\n'.join(found)


def test_the_search_for_machine_paths_finds_them():
    for home in HOMES:
        assert MACHINE.search(f'see /{home}/me/x') and MACHINE.search(f"'/{home}/x'")
        assert not MACHINE.search(f'frame/{home}/x') and not MACHINE.search(f'~/{home}/x')
