"""Reading a contract: all mistakes at once, each with its line."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from adapt_learning import catalog
from adapt_learning.errors import ContractError
from adapt_learning.frames.contract import Contract
from adapt_learning.frames.contract_rules import cross_problems

CONTRACT_DIR = Path(__file__).parent.parent / 'contracts'
"""The contracts of the simulated tasks, installed with the package."""


def load_contract(path: str | Path) -> Contract:
    """
    Read and check a contract.

    `path` is a YAML file or the bare name of a contract that is installed: with this package
    (`fetch_pick`), or beside the task of this name in the package that brings it. Raises
    ContractError with every mistake and its line.
    """
    path = Path(path)
    if not path.suffix and len(path.parts) == 1:
        path = _installed(path.name)
    try:
        text = path.read_text(encoding='utf-8')
    except UnicodeDecodeError as error:
        raise ContractError(f'the contract {path} is not a text file in UTF-8') from error
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        problem = getattr(error, 'strerror', None) or error
        raise ContractError(f'cannot read the contract {path}: {problem}') from error
    return parse_contract(text, str(path))


def _installed(name: str) -> Path:
    folder = catalog.folder_of_others('task', name) or CONTRACT_DIR
    path = folder / f'{name}.yaml'
    if path.is_file():
        return path
    if folder != CONTRACT_DIR:
        raise ContractError(f"the task '{name}' has no contract: {path} is missing; it belongs "
                            'beside the module of the task, and into its package')
    known = sorted(p.stem for p in CONTRACT_DIR.glob('*.yaml'))
    raise ContractError(f"there is no installed contract '{name}'; allowed: {known}, or the path "
                        'of a .yaml file')


def parse_contract(text: str, origin: str = 'contract') -> Contract:
    """Check the text of a contract; `origin` is how error messages call it."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, 'problem_mark', None)
        where = f':{mark.line + 1}' if mark else ''
        problem = getattr(error, 'problem', None) or str(error)
        raise ContractError(f'{origin}{where}: this is not YAML: {problem}') from error
    except (ValueError, RecursionError) as error:  # a date or number that is none; endless nesting
        raise ContractError(f'{origin}: this is not YAML: {error}') from error
    if not isinstance(values, dict):
        raise ContractError(f'{origin}: a contract is a YAML mapping with name, rate_hz, '
                            f'observation and action; got {type(values).__name__}')
    found = set(_repeated_words(node))
    try:
        contract = Contract.model_validate(values)
        if not found:
            return contract
    except ValidationError as error:
        # Pydantic stops before the rules between features where a single feature is wrong; they
        # are asked again here, so that the user sees all mistakes in one go.
        found |= set(cross_problems(values))
        found |= {(item['loc'], _message(item)) for item in error.errors()
                  if (item['loc'] or not found) and not _follows(item)}
    lines = sorted((_line(node, loc), '.'.join(map(str, loc)) or 'contract', message)
                   for loc, message in found)
    problems = tuple(f'{origin}:{line}: {where}: {message}' for line, where, message in lines)
    count = f'{len(problems)} mistake' + ('s' if len(problems) > 1 else '')
    raise ContractError(f'the contract {origin} has {count}:\n  ' + '\n  '.join(problems), problems)


def _follows(item: dict) -> bool:
    """Return whether pydantic only says that nothing is left of a list of wrong features."""
    return item['type'] == 'too_short' and bool(item['input'])


def _repeated_words(root) -> list[tuple[tuple, str]]:
    """Return (place, message) for words that stand twice in a mapping; YAML takes the last one."""
    problems, todo, seen = [], [((), root)], set()
    while todo:
        loc, node = todo.pop()
        if id(node) in seen:  # an alias, which may even contain itself
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            words = [key.value for key, _ in node.value]
            problems += [((*loc, word), 'stands there twice') for word in set(words)
                         if words.count(word) > 1]
            todo += [((*loc, key.value), value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            todo += [((*loc, i), value) for i, value in enumerate(node.value)]
    return problems


def _message(item: dict) -> str:
    """Say one pydantic error in the words of the contract."""
    if item['type'] == 'missing':
        return 'is needed and missing'
    if item['type'] == 'extra_forbidden':
        return 'is not a word of the contract (a typing error?)'
    if item['type'] == 'value_error':
        return item['msg'].removeprefix('Value error, ')
    return f'{item["msg"]}; got {item["input"]!r}'


def _line(root, loc: tuple) -> int:
    """Return the line (from 1) of the deepest part of `loc` that stands in the file."""
    node, line = root, 1
    for step in loc:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step < len(node.value):
                child = node.value[step]
                line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line
