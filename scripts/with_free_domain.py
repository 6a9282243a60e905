"""
Run a command with a ROS_DOMAIN_ID that nothing else on this machine uses.

A ROS_DOMAIN_ID that is already set is kept. Else a free one is taken and held for as long as the
command runs, so two demos or test runs at once never hear each other.
"""

import os
import random
import re
import socket
import sys

# Above 101 the ports of a domain run into those that Linux hands out for outgoing connections.
_DOMAINS = range(1, 102)
# DDS derives its ports from the domain: 7400 + 250 * domain, +10 and +11 for the first process.
_BASE, _GAIN = 7400, 250
# The lock is an abstract socket name: gone with the process that holds it, whatever ends it.
_LOCK = '\0adapt-ros-domain-{}'


_SHARED_MEMORY = '/dev/shm'
_SHARED_PORT = re.compile(r'fastrtps_port(\d+)')


def tidy_first(domains: list[int], files: list[str]) -> list[int]:
    """
    Put the domains behind whose ports in shared memory somebody left behind.

    Fast DDS takes up the port of a process that was killed, and what is sent there need not arrive.
    """
    left = {(int(found[1]) - _BASE) // _GAIN for name in files
            if (found := _SHARED_PORT.match(name))}
    return sorted(domains, key=left.__contains__)


def hold_free_domain() -> tuple[int, socket.socket]:
    """Return a domain and the socket that holds it for as long as it is open."""
    domains = random.SystemRandom().sample(_DOMAINS, len(_DOMAINS))
    files = os.listdir(_SHARED_MEMORY) if os.path.isdir(_SHARED_MEMORY) else []
    for domain in tidy_first(domains, files):
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(_LOCK.format(domain))
        except OSError:
            lock.close()
            continue
        if _no_participant(domain):
            return domain, lock
        lock.close()
    raise RuntimeError('every ROS domain from 1 to 101 is in use: end some ROS processes')


def _no_participant(domain: int) -> bool:
    for port in (10, 11):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(('', _BASE + _GAIN * domain + port))
            except OSError:
                return False
    return True


def main() -> None:
    """Become the command, with the domain."""
    if len(sys.argv) < 2:
        sys.exit('usage: with_free_domain.py COMMAND [ARGUMENT ...]')
    if not os.environ.get('ROS_DOMAIN_ID'):
        try:
            domain, lock = hold_free_domain()
        except RuntimeError as error:
            sys.exit(str(error))
        lock.set_inheritable(True)
        lock.detach()
        os.environ['ROS_DOMAIN_ID'] = str(domain)
    try:
        os.execvp(sys.argv[1], sys.argv[1:])
    except OSError as error:
        sys.exit(f'cannot run {sys.argv[1]}: {error.strerror}')


if __name__ == '__main__':
    main()
