"""Every word of the captions is one token; nothing that somebody types breaks it."""

import pytest
from transformers import CLIPTokenizer

from adapt_learning.generation.small.denoiser import tokens_of
from adapt_learning.generation.small.pictures import WORDS
from adapt_learning.generation.small.tokenizer import make_tokenizer, merges_of, save_vocabulary


@pytest.fixture(scope='module')
def tokenizer():
    return make_tokenizer(WORDS, 24)


def test_every_word_is_one_token(tokenizer):
    assert all(len(tokenizer(word).input_ids) == 3 for word in WORDS)
    assert len({tokenizer(word).input_ids[1] for word in WORDS}) == len(WORDS)


def test_a_later_word_does_not_break_an_earlier_one():
    words = ('red', 'green', 'greened', 'ed', 'reed')
    tokenizer = make_tokenizer(words, 8)
    assert all(len(tokenizer(word).input_ids) == 3 for word in words)
    assert merges_of(words[:2]) == merges_of(words)[:len(merges_of(words[:2]))]


def test_text_comes_back(tokenizer):
    text = 'a red circle above a blue square'
    assert tokenizer.decode(tokenizer(text.upper()).input_ids, skip_special_tokens=True) == text


@pytest.mark.parametrize('text', ['', 'zebra', 'naïve Ü 雪 🎈', 'x' * 10_000, '<|endoftext|>'])
def test_unknown_words_are_tokens_too(tokenizer, text):
    tokens = tokens_of(tokenizer, [text, 'two green triangles'])
    assert tokens.shape == (2, 24)
    assert 0 <= tokens.min() and tokens.max() < len(tokenizer)


def test_its_files_are_those_of_clip(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    save_vocabulary(WORDS, tmp_path)
    (tmp_path / 'tokenizer.json').unlink()  # older programs read these two
    again = CLIPTokenizer.from_pretrained(tmp_path)
    for text in ('a red circle', 'zebra'):
        assert again(text).input_ids == tokenizer(text).input_ids
