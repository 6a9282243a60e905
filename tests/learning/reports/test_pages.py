"""Pages are whole, self-contained, and say what is true of the data."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from adapt_learning.data import Dataset
from adapt_learning.data.quality import Norms, QualityConfig, report
from adapt_learning.errors import DatasetError
from adapt_learning.reports import quality_page, restoration_page, view_page, view_picture
from adapt_learning.reports.compare import episode_view

VOID = {'meta', 'input', 'br', 'path', 'rect', 'circle', 'polyline'}


class Reader(HTMLParser):
    """Collects what a browser would see, and which tags were never closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.tags, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return re.sub(r'\s+', ' ', ' '.join(self.words))


def read(path):
    text = path.read_text(encoding='utf-8')
    page = Reader(text)
    assert not page.wrong and not page.open, 'tags do not match'
    assert not re.search(r'(?:src|href)=|url\(|@import|https?://', text), 'needs something else'
    for tag, values in page.tags:
        if tag == 'svg':
            assert 'aria-hidden' in values or len(values['aria-label']) > 5
    for bad in ('nan', 'inf', 'None'):
        assert not re.search(rf'(?:["\s,]|M){bad}["\s,]', text.split('<script>')[0]), bad
    return page


def quality(path, dataset, name='some data'):
    norms = Norms.of(dataset, QualityConfig())
    result = report(dataset, norms=norms)
    quality_page(path, dataset, result, norms, name)
    return result, read(path)


def test_the_page_on_polluted_data(polluted, tmp_path):
    result, page = quality(tmp_path / 'r.html', polluted, 'a <b>bold</b> & name')
    assert result.verdict == 'bad' and 'adapt restore' in page.text
    assert 'a <b>bold</b> & name' in page.text  # shown, not obeyed
    assert result.summary in page.text
    for entry in result.episodes:
        assert not entry.reasons or '; '.join(entry.reasons) in page.text
    assert sum(t == 'i' for t, _ in page.tags) == len(polluted)
    labels = [values.get('aria-label', '') for tag, values in page.tags if tag == 'svg']
    assert sum('rows marked as suspected' in label for label in labels) >= 8


def test_the_page_on_clean_data(clean, tmp_path):
    result, page = quality(tmp_path / 'r.html', clean)
    assert result.count('ok') == len(clean)
    assert 'every episode is ok' in page.text


@pytest.mark.parametrize('lengths', [[1], [1, 2], [3, 30, 3]])
def test_tiny_datasets(clean, tmp_path, lengths):
    def cut(episode, n):
        return replace(episode, observation=episode.observation[:n], action=episode.action[:n],
                       timestamp_s=episode.timestamp_s[:n], reward=episode.reward[:n], success=None,
                       seed=None, noise_level=None)
    few = Dataset(tuple(cut(clean.episodes[i], n) for i, n in enumerate(lengths)), clean.contract)
    quality(tmp_path / 'r.html', few)


def test_constant_and_not_finite_data(clean, tmp_path):
    episodes = []
    for episode in clean.episodes[:12]:
        observation = np.zeros_like(episode.observation)
        observation[3, 2] = np.nan
        episodes.append(replace(episode, observation=observation,
                                action=np.zeros_like(episode.action)))
    result, page = quality(tmp_path / 'r.html', Dataset(tuple(episodes), clean.contract))
    assert result.count('bad') == 12 and '1 values are NaN' in page.text


def test_a_long_dataset_has_a_small_page(clean, tmp_path):
    many = Dataset(clean.episodes * 15, clean.contract)
    quality(tmp_path / 'r.html', many)
    assert (tmp_path / 'r.html').stat().st_size < 6e5


def test_the_page_of_a_restoration(polluted, restored, tmp_path):
    restoration_page(polluted, restored, tmp_path / 'r.html')
    page = read(tmp_path / 'r.html')
    dropped = polluted.steps - restored.steps
    assert dropped > 10 and f'{dropped} dropped' in page.text
    assert 'Against the truth' in page.text and 't_thres' in page.text
    assert '100.0 %' in page.text  # all that was polluted was found
    assert 'Dashed grey: before' in page.text


def test_a_restoration_of_clean_data_says_so(clean, tmp_path):
    from adapt_learning.restoration.lineage import SideOutcome, derive
    count = clean.steps
    nothing = [SideOutcome(values, np.zeros(count), np.zeros(count, bool), np.zeros(count, bool),
                           np.full(count, -1)) for values in clean.pairs()]
    same = derive(clean, *nothing, np.ones(count, bool),
                  {'source': {'name': 'x', 'hash': clean.hash}, 'needed': False})
    restoration_page(clean, same, tmp_path / 'r.html')
    page = read(tmp_path / 'r.html')
    assert 'Nothing to restore' in page.text and 'Against the truth' not in page.text


def test_a_restoration_that_was_not_needed_is_worth_a_look(polluted, restored, tmp_path):
    facts = {**restored.meta['restoration'], 'needed': False,
             'estimates': {'state': 0.0, 'action': 0.0},
             'config': {'clean_share': 0.5}}
    restoration_page(polluted, replace(restored, meta={'restoration': facts}), tmp_path / 'r.html')
    page = read(tmp_path / 'r.html')
    assert 'probably not needed' in page.text and 'Nothing to restore' not in page.text
    assert 'fixed at 0.5' in page.text and 'clean_share=auto' in page.text


def test_a_restoration_of_something_else_is_refused(clean, polluted, restored, tmp_path):
    with pytest.raises(DatasetError, match='was restored from content'):
        restoration_page(clean, restored, tmp_path / 'r.html')
    with pytest.raises(DatasetError, match='no lineage'):
        restoration_page(clean, polluted, tmp_path / 'r.html')
    assert not list(tmp_path.iterdir())


def test_the_view_of_one_episode(polluted, restored, tmp_path):
    seen = episode_view(restored, 2, polluted)
    view_page(tmp_path / 'v.html', seen, 'restored')
    page = read(tmp_path / 'v.html')
    assert seen.sentence in page.text
    labels = [v.get('aria-label', '') for t, v in page.tags if t == 'svg']
    count = int(seen.edited['state'].sum())
    assert sum(f'{count} rows marked as restored' in label for label in labels) == 6
    view_picture(tmp_path / 'v.png', seen, 'restored')
    data = (tmp_path / 'v.png').read_bytes()
    assert data.startswith(b'\x89PNG') and len(data) > 20_000
