"""The feedback page in a real browser, with a real run of a tiny model behind it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from browser import Person, open_browser
from selenium.webdriver import Keys
from tiny_pipeline import tiny_pipeline

COUNT, ROUNDS = 8, 2
SMALL = [word for setting in (
    f'pictures={COUNT}', f'rounds={ROUNDS}', 'sampling.steps=4', 'embedding.updates=5',
    'ddpo.steps=2') for word in ('--set', setting)]


class Server:
    """`adapt hero serve` on one run; may be killed and started again."""

    def __init__(self, out, pipeline):
        self.out, self.pipeline = out, pipeline
        self.run = out.with_name(f'{out.name}.run')
        self.port = free_port()
        self.process = self.link = None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'adapt_learning.cli.main', 'hero', 'serve',
             str(self.pipeline), '--prompt', 'a red circle', '--out', str(self.out), '--port',
             str(self.port), *SMALL],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, 'OMP_NUM_THREADS': '1'})
        said = []
        for line in self.process.stdout:
            said.append(line)
            found = re.search(r'http://127\.0\.0\.1:\d+/\S+', line)
            if found:
                self.link = found.group()
                return self
        raise AssertionError(f'no link: {"".join(said)}')

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code

    def answers(self):
        file = self.run / 'answers.jsonl'
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


@pytest.fixture(scope='module')
def pipeline(tmp_path_factory):
    return tiny_pipeline(tmp_path_factory.mktemp('pipeline') / 'tiny')


@pytest.fixture
def server(tmp_path, pipeline):
    served = Server(tmp_path / 'tuned', pipeline).start()
    yield served
    if served.process.poll() is None:
        served.stop()


@pytest.fixture(scope='module')
def browsers(tmp_path_factory):
    """Return a maker of browsers, which are all closed at the end."""
    with contextlib.ExitStack() as stack:
        def another():
            browser = open_browser(tmp_path_factory.mktemp('profile'))
            stack.callback(browser.quit)
            return Person(browser)
        yield another


@pytest.fixture(scope='module')
def person(browsers):
    return browsers()


def cells(person):
    return person.waits_for(lambda: len(found := person.all('.hero-cell')) == COUNT and found)


def states(person):
    return [cell.get_attribute('data-state') for cell in person.all('.hero-cell')]


def shows(person, good=(), best=None):
    wanted = ['best' if i == best else 'good' if i in good else 'bad' for i in range(COUNT)]
    person.waits_for(lambda: states(person) == wanted)


def looks_at(person, server):
    person.browser.get(server.link)
    return cells(person)


def test_a_round_by_clicks(server, person):
    found = looks_at(person, server)
    for i in (1, 4, 4, 6):  # the second click on one calls it bad again
        person.clicks(found[i])
    shows(person, good=(1, 6))
    person.clicks_right(found[6])
    shows(person, good=(1,), best=6)
    first = person.all('.hero-cell img')[0].get_attribute('src')
    person.clicks(person.button('Hand in'))
    person.waits_for('round 2 of 2')
    assert [(x['good'], x['best']) for x in server.answers()] == [([1, 6], 6)]
    shows(person)  # nothing is judged yet
    assert person.all('.hero-cell img')[0].get_attribute('src') != first
    assert person.sees('Round 1: 2 good, 6 bad')
    assert person.all('.hero-side img'), 'the best picture stands beside'
    assert person.complaints() == []


def test_a_round_by_keys_to_the_end_of_the_run(server, person):
    looks_at(person, server)
    person.presses('g', Keys.ARROW_RIGHT, ' ', Keys.ARROW_RIGHT, 'g', 'u', Keys.ARROW_RIGHT, 'b')
    shows(person, good=(0, 1), best=3)
    person.presses('z')
    person.waits_for('4 of 8: best')
    person.presses(Keys.ARROW_LEFT, 'g')
    person.waits_for('3 of 8: good')
    person.presses('z')
    shows(person, good=(0, 1, 2), best=3)
    person.presses(Keys.ENTER)
    person.waits_for('round 2 of 2')
    cells(person)
    person.presses('b', Keys.ENTER)
    person.waits_for('All rounds are answered')
    assert [(x['good'], x['best']) for x in server.answers()] == [([0, 1, 2, 3], 3), ([0], 0)]
    assert (server.out / 'manifest.json').is_file(), 'the artifact'
    assert server.stop() == 0, 'Ctrl-C ends it without an error'


def test_nothing_good_is_explained_first_and_is_an_answer(server, person):
    looks_at(person, server)
    person.presses(Keys.ENTER)
    person.waits_for('No picture is good')
    assert server.answers() == []
    person.clicks(person.button('Hand in as it is'))
    person.waits_for('Round 1: 0 good, 8 bad')
    assert person.sees('no picture is good'), 'the history says what became of it'
    assert server.answers()[0]['good'] == []


def test_good_ones_without_a_best_and_all_good(server, person):
    found = looks_at(person, server)
    for cell in found:
        person.clicks(cell)
    shows(person, good=range(COUNT))
    person.presses(Keys.ENTER)
    person.waits_for('No picture is chosen as the best')
    person.presses(Keys.ENTER)
    person.waits_for('Round 1: 8 good, 0 bad')


def test_a_reload_loses_nothing_and_two_browsers_see_the_same(server, person, browsers):
    found = looks_at(person, server)
    person.clicks(found[2])
    person.clicks_right(found[5])
    person.browser.refresh()
    cells(person)
    shows(person, good=(2,), best=5)
    other = browsers()
    other.browser.get(server.link)
    cells(other)
    shows(other, good=(2,), best=5)
    other.clicks(other.all('.hero-cell')[0])
    shows(person, good=(0, 2), best=5)
    other.presses('u')
    shows(person, good=(2,), best=5)
    other.presses('p')
    person.waits_for('Everything that was said is on disk')
    assert not person.all('.hero-cell')
    person.clicks(person.button('Continue'))
    cells(other)
    other.presses(Keys.ENTER)
    person.waits_for('round 2 of 2')
    assert len(server.answers()) == 1


def test_a_killed_server_goes_on_in_mid_round(server, person):
    found = looks_at(person, server)
    person.clicks(found[3])
    person.clicks_right(found[7])
    shows(person, good=(3,), best=7)
    before = picture_of(person)
    server.stop(signal.SIGKILL)
    server.start()
    looks_at(person, server)
    shows(person, good=(3,), best=7)
    assert picture_of(person) == before
    person.presses('u')
    shows(person, good=(3,))


def picture_of(person):
    """Return the bytes of the first picture, as the browser got them."""
    return urllib.request.urlopen(person.all('.hero-cell img')[0].get_attribute('src')).read()


def test_without_the_link_nothing_is_shown(server, person):
    base = server.link.rsplit('/', 1)[0]
    person.browser.get(base)
    person.waits_for('needs the whole link')
    assert not person.all('.hero-cell')
    for path in ('/wrong', '/wrong/pictures/0/0', f'{server.link[len(base):]}/pictures/0/99',
                 f'{server.link[len(base):]}/pictures/7/0',
                 f'{server.link[len(base):]}/pictures/..%2f..%2frun.json/0'):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(base + path)
        assert refused.value.code in (404, 422), path


def test_one_server_has_a_run_and_the_second_says_so(server):
    again = Server(server.out, server.pipeline)
    with pytest.raises(AssertionError, match='another process'):
        again.start()
    again.process.wait(30)
    again.process.stdout.close()
    assert again.process.returncode == 2
