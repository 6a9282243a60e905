"""The feedback page in a real browser, with a real run of a tiny model behind it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from browser import Person, open_browser
from selenium.webdriver import Keys
from tiny_pipeline import tiny_pipeline

COUNT, MANY = 8, 20
SMALL = (f'pictures={COUNT}', 'sampling.steps=4', 'embedding.updates=5', 'ddpo.steps=2')
# What the server says comes late: after window.heardNow().
SLOW = """
const held = [];
window.socket.onevent = packet => held.push(packet);
window.heardNow = () => {
  delete window.socket.onevent;
  held.forEach(packet => window.socket.onevent(packet));
};
"""


class Server:
    """`adapt hero serve` on one run; may be killed and started again."""

    def __init__(self, out, pipeline, rounds):
        self.out, self.pipeline, self.rounds = out, pipeline, rounds
        self.run = out.with_name(f'{out.name}.run')
        self.port = free_port()
        self.process = self.link = None

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'adapt_learning.cli.main', 'hero', 'serve',
             str(self.pipeline), '--prompt', 'a red circle', '--out', str(self.out), '--port',
             str(self.port),
             *(word for one in (*SMALL, f'rounds={self.rounds}') for word in ('--set', one))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            # NiceGUI would take itself for a test of its own.
            env={name: value for name, value in os.environ.items() if 'PYTEST' not in name}
            | {'OMP_NUM_THREADS': '1'})
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


@pytest.fixture(scope='module')
def server(tmp_path_factory, pipeline):
    """Return a server that the tests share; each begins where the one before ended."""
    served = Server(tmp_path_factory.mktemp('runs') / 'tuned', pipeline, MANY).start()
    yield served
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


@pytest.fixture(scope='module')
def other(browsers):
    return browsers()


def cells(person):
    return person.waits_for(lambda: len(found := person.all('.hero-cell')) == COUNT and found)


def states(person):
    return [cell.get_attribute('data-state') for cell in person.all('.hero-cell')]


def shows(person, good=(), best=None):
    wanted = ['best' if i == best else 'good' if i in good else 'bad' for i in range(COUNT)]
    person.waits_for(lambda: states(person) == wanted)


def looks_at(person, server):
    """Open the page; return the pictures of the round that waits, and its number from 1."""
    person.browser.get(server.link)
    found = cells(person)
    return found, len(server.answers()) + 1


def hands_in(person, number):
    """Hand a round in by key, and wait for the next."""
    person.presses(Keys.ENTER)
    person.waits_for(f'round {number + 1} of')
    cells(person)


def answer(server):
    last = server.answers()[-1]
    return last['good'], last['best']


def picture_of(person):
    """Return the bytes of the first picture, as the browser got them."""
    return urllib.request.urlopen(person.all('.hero-cell img')[0].get_attribute('src')).read()


def test_a_round_by_clicks(server, person):
    found, number = looks_at(person, server)
    for i in (1, 4, 4, 6):  # the second click on one calls it bad again
        person.clicks(found[i])
    shows(person, good=(1, 6))
    person.clicks_right(found[6])
    shows(person, good=(1,), best=6)
    before = picture_of(person)
    person.clicks(person.button('Hand in'))
    person.waits_for(f'round {number + 1} of')
    assert answer(server) == ([1, 6], 6)
    shows(person)  # nothing is judged yet
    assert picture_of(person) != before
    assert person.sees(f'Round {number}: 2 good, 6 bad')
    assert person.all('.hero-side img'), 'the best picture stands beside'
    assert person.complaints() == []


def test_a_round_by_keys(server, person):
    _, number = looks_at(person, server)
    person.presses('g', Keys.ARROW_RIGHT, ' ', Keys.ARROW_RIGHT, 'g', 'u', Keys.ARROW_RIGHT, 'b')
    shows(person, good=(0, 1), best=3)
    person.presses('z')
    person.waits_for('4 of 8: best')
    person.presses(Keys.ARROW_LEFT, 'g')
    person.waits_for('3 of 8: good')
    person.presses('z')
    shows(person, good=(0, 1, 2), best=3)
    hands_in(person, number)
    assert answer(server) == ([0, 1, 2, 3], 3)


def test_up_and_down_go_by_lines(server, person):
    looks_at(person, server)
    person.browser.set_window_size(500, 1000)
    columns = person.waits_for(lambda: person.browser.execute_script(
        "const n = getComputedStyle(document.querySelector('.hero-grid')).gridTemplateColumns"
        ".split(' ').length; return n < 8 ? n : 0"))
    time.sleep(0.5)  # the page hears of it a moment later
    person.presses(Keys.ARROW_DOWN)
    person.waits_for(lambda: here(person) == columns)
    person.presses(Keys.ARROW_UP)
    person.waits_for(lambda: here(person) == 0)
    person.browser.set_window_size(1400, 1000)


def here(person):
    # None: the mark moved on while the cells were asked one by one.
    return next((i for i, cell in enumerate(person.all('.hero-cell'))
                 if 'here' in cell.get_attribute('class').split()), None)


def test_nothing_good_is_explained_first_and_is_an_answer(server, person):
    _, number = looks_at(person, server)
    person.presses(Keys.ENTER)
    person.waits_for('No picture is good')
    assert len(server.answers()) == number - 1
    person.clicks(person.button('Hand in as it is'))
    person.waits_for(f'Round {number}: 0 good, 8 bad')
    assert person.sees('no picture is good'), 'the history says what became of it'
    assert answer(server) == ([], None)


def test_all_good_and_no_best(server, person):
    found, number = looks_at(person, server)
    for cell in found:
        person.clicks(cell)
    shows(person, good=range(COUNT))
    person.presses(Keys.ENTER)
    person.waits_for('No picture is chosen as the best')
    person.presses(Keys.ENTER)
    person.waits_for(f'Round {number}: 8 good, 0 bad')


def test_a_reload_loses_nothing_and_two_browsers_see_the_same(server, person, other):
    found, number = looks_at(person, server)
    person.clicks(found[2])
    person.clicks_right(found[5])
    person.browser.refresh()
    cells(person)
    shows(person, good=(2,), best=5)
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
    person.waits_for(f'round {number + 1} of')
    assert len(server.answers()) == number


def test_a_question_that_another_browser_overtook_is_no_answer(server, person, other):
    _, number = looks_at(person, server)
    looks_at(other, server)
    person.presses(Keys.ENTER)
    as_it_is = person.button('Hand in as it is')
    person.browser.execute_script(SLOW)
    other.presses('b')
    shows(other, best=0)
    hands_in(other, number)
    person.clicks(as_it_is)
    person.browser.execute_script('window.heardNow()')
    person.waits_for(f'round {number} was answered already')
    person.waits_for(lambda: not person.sees('Hand in as it is'), 10)
    assert len(server.answers()) == number
    person.presses(Keys.ENTER)
    person.button('Hand in as it is')  # asked anew, about the new round
    other.presses('b')
    shows(other, best=0)
    hands_in(other, number + 1)
    person.waits_for(lambda: not person.sees('Hand in as it is'), 10)
    assert len(server.answers()) == number + 1


def test_lens_help_undo_and_pause_without_the_keys_of_marks(server, person):
    found, _ = looks_at(person, server)
    person.clicks(person.all('.hero-cell .lens')[2])
    person.waits_for('3 of 8: bad')
    person.presses('z')
    person.waits_for(lambda: not person.all('.hero-large'))
    shows(person)
    for key in 'h?':
        person.presses(key)
        person.waits_for('to the next picture')
        person.presses(key)
        person.waits_for(lambda: not person.sees('to the next picture'))
    person.clicks(found[1])
    shows(person, good=(1,))
    person.clicks(person.button('Undo'))
    shows(person)
    person.clicks(person.button('Pause'))
    person.waits_for('Everything that was said is on disk')
    person.clicks(person.button('Continue'))
    cells(person)


def test_work_that_stopped_is_tried_again_by_enter(server, person):
    _, number = looks_at(person, server)
    way = server.run / f'rounds/{number - 1:03d}/trajectories.safetensors'
    way.rename(way.with_suffix('.away'))
    person.presses('b', Keys.ENTER)
    person.waits_for('The work stopped')
    assert person.sees('trajectories.safetensors is missing or damaged')
    assert person.button('Try again')
    way.with_suffix('.away').rename(way)
    person.presses(Keys.ENTER)
    person.waits_for(f'Round {number}: 1 good, 7 bad')
    assert len(server.answers()) == number


def test_without_the_link_nothing_is_shown(server, person):
    base, secret = server.link.rsplit('/', 1)
    person.browser.get(base)
    person.waits_for('needs the whole link')
    assert not person.all('.hero-cell')
    for path in ('wrong', 'wrong/pictures/0/0', f'{secret}/pictures/0/99',
                 f'{secret}/pictures/7777/0', f'{secret}/pictures/..%2f..%2frun.json/0'):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f'{base}/{path}')
        assert refused.value.code in (404, 422), path


def test_a_killed_server_goes_on_in_mid_round_to_the_artifact(tmp_path, pipeline, person):
    server = Server(tmp_path / 'tuned', pipeline, 2).start()
    found, _ = looks_at(person, server)
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
    person.presses('b')
    shows(person, good=(3,), best=0)
    hands_in(person, 1)
    person.presses('b', Keys.ENTER)
    person.waits_for('All rounds are answered')
    assert (server.out / 'manifest.json').is_file()
    assert server.stop() == 0, 'Ctrl-C ends it without an error'
