"""What the documentation mentions: links, headings, tables, commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGES = tuple(sorted({
    *ROOT.glob('*.md'), *(ROOT / 'docs').rglob('*.md'), *(ROOT / 'src').glob('*/README.md')}))
_LINK = re.compile(r'!?\[[^\]]*\]\(([^)\s]+)\)')
_FENCE = re.compile(r'^```.*?\n(.*?)^```', re.M | re.S)


def without_code(text: str) -> str:
    """Return the text without blocks and spans of code."""
    return re.sub(r'`[^`\n]*`', '', _FENCE.sub('', text))


def links(text: str) -> list[str]:
    """Return the targets of all links within the repository."""
    return [target for target in _LINK.findall(without_code(text)) if '://' not in target]


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as GitHub makes them."""
    headings = re.findall(r'^#+ (.*)$', _FENCE.sub('', text), re.M)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')
            for heading in headings}


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every command line in blocks and spans of code."""
    blocks = _FENCE.findall(text)
    spans = re.findall(r'`([^`\n]+)`', _FENCE.sub('', text))
    for line in (*(line for block in blocks for line in block.splitlines()), *spans):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        if words:
            yield words


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip('#'))
    start = text.index(f'\n{heading}\n') + 1
    end = re.compile(rf'^#{{1,{level}}} ', re.M).search(text, start + len(heading))
    return text[start:end.start() if end else len(text)]


def table(text: str, first: str) -> list[list[str]]:
    """Return the cells of the first table whose first heading is `first`."""
    lines = [[cell.strip().strip('`').replace('\\|', '|')
              for cell in re.split(r'(?<!\\)\|', line)[1:-1]] for line in text.splitlines()]
    for number, cells in enumerate(lines[:-1]):
        under = lines[number + 1]
        if cells and cells[0] == first and under and all(set(cell) <= set('-: ') for cell in under):
            body = lines[number + 2:]
            end = next((i for i, row in enumerate(body) if not row), len(body))
            return body[:end]
    return []
