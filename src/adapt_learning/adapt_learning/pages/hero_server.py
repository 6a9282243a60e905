"""Serve the feedback page of one run on this machine; whoever has the link may answer."""

import contextlib
import secrets
import socket
from collections.abc import Callable

from fastapi import Response
from nicegui import app, background_tasks, ui

from adapt_learning.errors import SettingError
from adapt_learning.pages.hero_page import HeroPage, work
from adapt_learning.pages.hero_session import HeroSession

_HOST = '127.0.0.1'


def serve(session: HeroSession, port: int, say: Callable[[str], None]) -> None:
    """
    Serve until Ctrl-C; `say` is told the link.

    The link holds a secret, so no other page in the browser can answer.
    """
    secret = secrets.token_urlsafe(16)
    address = f'http://{_HOST}:{port}'

    def link(*words: object) -> str:
        return '/'.join((f'/{secret}', *map(str, words)))

    @ui.page('/', title='HERO feedback')
    def refused() -> None:
        ui.label('This page needs the whole link that "adapt hero serve" has printed.')

    @ui.page(f'/{secret}', title='HERO feedback')
    def page() -> None:
        HeroPage(session, link)

    @app.get(f'/{secret}/pictures/{{number}}/{{index}}')
    def picture(number: int, index: int) -> Response:
        return _png(session.picture(number, index), 'max-age=3600')

    @app.get(f'/{secret}/best')
    def best() -> Response:
        return _png(session.best_picture(), 'no-store')

    app.on_startup(lambda: background_tasks.create(work(session)))
    app.on_startup(lambda: say(f'{address}/{secret}'))
    with contextlib.suppress(KeyboardInterrupt):  # how a server ends is no error
        ui.run(host=_HOST, port=port, show=False, reload=False, show_welcome_message=False,
               title='HERO feedback', favicon='🎯')


def _png(data: bytes | None, caching: str) -> Response:
    if data is None:
        return Response('there is no such picture in the round that is asked', 404)
    return Response(data, media_type='image/png', headers={'Cache-Control': caching})


def check_free(port: int) -> None:
    """Raise SettingError where another program has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise SettingError(f'port {port} cannot be served on: {error.strerror}; choose another '
                               'with --port') from error
