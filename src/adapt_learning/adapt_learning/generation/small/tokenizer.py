"""A CLIP tokenizer of few words: every known word is one token, any other text its bytes."""

import json
from collections.abc import Iterable
from pathlib import Path

from transformers import CLIPTokenizer

_BEGIN, _STOP, _END = '<|startoftext|>', '<|endoftext|>', '</w>'


def make_tokenizer(words: Iterable[str], tokens: int) -> CLIPTokenizer:
    """Return a tokenizer of lower-case `words` for texts of up to `tokens` tokens."""
    merges = merges_of(words)
    vocabulary = _numbered(merges)
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=tokens)


def save_vocabulary(words: Iterable[str], folder: Path) -> None:
    """Write vocab.json and merges.txt, which programs older than tokenizer.json read."""
    merges = merges_of(words)
    (folder / 'vocab.json').write_text(json.dumps(_numbered(merges)) + '\n', encoding='utf-8')
    (folder / 'merges.txt').write_text(
        '\n'.join(['#version: 0.2', *(' '.join(pair) for pair in merges)]) + '\n',
        encoding='utf-8')


def merges_of(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return merges of pairs, in order of their rank, that make each word one token."""
    merges: list[tuple[str, str]] = []
    for word in words:
        pieces = _merged([*word[:-1], word[-1] + _END], merges)
        # New merges rank last, so they change nothing for the words before.
        while len(pieces) > 1:
            merges.append((pieces[0], pieces[1]))
            pieces = _merged(pieces, merges)
    return merges


def _merged(pieces: list[str], merges: list[tuple[str, str]]) -> list[str]:
    """Return the pieces after all merges, the lowest rank first."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    while True:
        pairs = [pair for pair in zip(pieces, pieces[1:], strict=False) if pair in ranks]
        if not pairs:
            return pieces
        best = min(pairs, key=ranks.get)
        joined, i = [], 0
        while i < len(pieces):
            if tuple(pieces[i:i + 2]) == best:
                joined.append(pieces[i] + pieces[i + 1])
                i += 2
            else:
                joined.append(pieces[i])
                i += 1
        pieces = joined


def _numbered(merges: list[tuple[str, str]]) -> dict[str, int]:
    letters = _byte_letters()
    tokens = [*letters, *(letter + _END for letter in letters), *(a + b for a, b in merges),
              _BEGIN, _STOP]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}


def _byte_letters() -> list[str]:
    """Return the letter that stands for each byte, as in GPT-2: printable ones for themselves."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return [*map(chr, plain), *(chr(256 + i) for i in range(len(others)))]
