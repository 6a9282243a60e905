"""Work for processes; a worker imports it by this name."""

import os

from adapt_learning.errors import ContractError, SettingError


def process_id():
    return os.getpid()


def where(state, item):
    return item, state, os.environ.get('OMP_NUM_THREADS')


def refuse(state, item):
    raise ContractError('three mistakes', ('one', 'two', 'three'))


def broken_setup():
    raise SettingError('this task cannot be made')
