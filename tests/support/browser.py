"""A real headless browser for the tests of pages, and words for what a person does in it."""

import shutil
import time

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

PROGRAMS = {'chromium': shutil.which('chromium'), 'chromedriver': shutil.which('chromedriver')}
WAIT_S = 60.0


def open_browser(profile, width=1400, height=1000):
    """Start a browser; the test is skipped where there is none."""
    missing = [name for name, path in PROGRAMS.items() if path is None]
    if missing:
        pytest.skip(f'{" and ".join(missing)} not installed: scripts/set_up.sh --browser')
    options = webdriver.ChromeOptions()
    options.binary_location = PROGRAMS['chromium']
    for argument in ('--headless', '--no-sandbox', '--disable-background-networking',
                     '--disable-dev-shm-usage', f'--user-data-dir={profile}',
                     f'--window-size={width},{height}'):
        options.add_argument(argument)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    return webdriver.Chrome(options=options, service=Service(PROGRAMS['chromedriver']))


class Person:
    """Looks at a page and does things with mouse and keyboard."""

    def __init__(self, browser):
        self.browser = browser

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def sees(self, text):
        return text in self.browser.find_element(By.TAG_NAME, 'body').text

    def waits_for(self, what, seconds=WAIT_S):
        """Wait until a text is on the page, or a function returns something; return that."""
        ask = (lambda: self.sees(what)) if isinstance(what, str) else what
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            found = ask()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f'{what} did not come; the page says:\n'
                             + self.browser.find_element(By.TAG_NAME, 'body').text)

    def presses(self, *keys):
        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()

    def clicks(self, element):
        ActionChains(self.browser).click(element).perform()

    def clicks_right(self, element):
        ActionChains(self.browser).context_click(element).perform()

    def button(self, text):
        return self.waits_for(lambda: next(
            (x for x in self.all('button') if text in x.text and x.is_displayed()), None))

    def complaints(self):
        """Return what the browser's console calls severe."""
        return [line['message'] for line in self.browser.get_log('browser')
                if line['level'] == 'SEVERE' and 'favicon' not in line['message']]
