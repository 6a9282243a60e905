"""The feedback page of HERO: a grid of pictures to be called good, bad and best.

One page object per browser; what it shows comes from the session that all of them share.
"""

from collections.abc import Callable

from nicegui import background_tasks, run, ui

from adapt_learning.errors import SettingError
from adapt_learning.generation.hero.draft import Draft
from adapt_learning.pages.hero_history import show_history
from adapt_learning.pages.hero_session import HeroSession, Phase
from adapt_learning.pages.hero_style import CSS, KEYS, SCRIPT

_LOOK_EVERY_S = 0.2
_SIDEWAYS = {'ArrowLeft': -1, 'ArrowRight': 1}
_UP_DOWN = {'ArrowUp': -1, 'ArrowDown': 1}


class HeroPage:
    """One browser's view of a session; `link` makes the address of a picture."""

    def __init__(self, session: HeroSession, link: Callable[..., str]):
        self.session, self.link = session, link
        self._seen = self._drawn = None
        self._here, self._columns = 0, 1
        self._asked_about: int | None = None
        self._cells: list[ui.element] = []
        ui.add_css(CSS)
        ui.add_body_html(SCRIPT)
        ui.colors(primary='#37474f')
        self._header()
        with ui.row().classes('w-full no-wrap items-start hero-columns'):
            self._main = ui.column().classes('grow')
            with ui.column().classes('hero-side p-2'):
                self._side()
        self._dialogs()
        ui.keyboard(self._key, repeating=True, ignore=['input', 'select', 'textarea'])
        # How many pictures are in a line is known to the browser alone.
        ui.on('hero_columns', lambda event: setattr(self, '_columns', max(1, int(event.args))))
        ui.timer(_LOOK_EVERY_S, self._look)

    def _header(self) -> None:
        with ui.header().classes('items-center gap-3 py-2'):
            self._title = ui.label().classes('text-lg font-bold').mark('title')
            self._count = ui.label().mark('count')
            self._bar = ui.linear_progress(0, show_value=False).classes('w-40').props(
                'rounded size=10px color=light-green-5 track-color=blue-grey-3')
            ui.space()
            self._undo = self._button('Undo', 'undo', lambda: self._edit(Draft.undo))
            self._pause = self._button('Pause', 'pause', self._toggle_pause)
            self._button('Keys', 'keyboard', lambda: self._help.open())
            self._submit = self._button('Hand in', 'send', self._hand_in).props('color=green-8')

    def _button(self, text: str, icon: str, action: Callable[[], object]) -> ui.button:
        return ui.button(text, icon=icon, on_click=action).props('dense no-caps').mark(
            text.lower().replace(' ', '-'))

    def _side(self) -> None:
        ui.label('Best so far').classes('font-bold')
        self._best = ui.html('', sanitize=False).classes('w-full')
        self._history = ui.column().classes('w-full')

    def _dialogs(self) -> None:
        with ui.dialog() as self._help, ui.card():
            ui.label('Keys').classes('text-lg font-bold')
            ui.html('<table>' + ''.join(
                f'<tr><td style="padding:2px 12px 2px 0"><kbd>{key}</kbd></td><td>{what}</td></tr>'
                for key, what in KEYS) + '</table>', sanitize=False)
        with ui.dialog() as self._large, ui.card().classes('items-center').style('max-width:none'):
            self._large_picture = ui.html('', sanitize=False)
            self._large_text = ui.label()
        with ui.dialog() as self._no_best, ui.card():
            self._no_best_text = ui.label()
            with ui.row():
                ui.button('Hand in as it is', on_click=self._really_hand_in).props('no-caps').mark(
                    'as-it-is')
                ui.button('Back', on_click=self._no_best.close).props('no-caps flat')

    # What is shown

    def _look(self) -> None:
        """Draw anew what has changed since this page was drawn."""
        session = self.session
        if self._seen == session.version:
            return
        self._seen = session.version
        judging = session.phase is Phase.JUDGING and not session.paused
        shown = (session.phase, session.paused, session.asked.number if session.asked else None)
        if shown != self._drawn:
            self._drawn = shown
            self._draw()
        elif not judging:
            self._show_work()
        if judging:
            self._mark()
        self._submit.set_enabled(judging)
        self._undo.set_enabled(judging and session.draft.can_undo)

    def _draw(self) -> None:
        """Draw everything below the header."""
        session = self.session
        self._here, self._cells = 0, []
        self._large.close()
        self._no_best.close()
        self._main.clear()
        rounds = session.run.config.rounds
        number = min(len(session.history) + 1, rounds)
        self._title.set_text(f'“{_short(session.run.prompt)}”')
        self._count.set_text(f'round {number} of {rounds}')
        self._bar.set_value(len(session.history) / rounds)
        self._pause.set_text('Continue' if session.paused else 'Pause')
        with self._main:
            if session.paused:
                self._note('pause', 'Paused', 'Everything that was said is on disk. Go on here or '
                           'in another browser, or stop the server and start it again later.')
            elif session.phase is Phase.JUDGING:
                self._grid()
            elif session.phase is Phase.FINISHED:
                self._note('done_all', 'Done', 'All rounds are answered and learnt from. Close '
                           'this page and stop the server (Ctrl-C); `adapt hero sample` makes '
                           'more pictures.')
            elif session.phase is Phase.FAILED:
                self._note('error', 'The work stopped', session.problem)
                ui.button('Try again', on_click=self._retry).props('no-caps').mark('try-again')
            else:
                self._note('hourglass_top', 'Working', 'The model learns from the answer and draws '
                           'the next pictures.')
                self._work = ui.label().mark('work')
                self._work_bar = ui.linear_progress(0, show_value=False).classes('w-96')
                self._show_work()
        best = session.run.best_picture is not None
        self._best.set_content(
            f'<img class="hero-still" alt="best picture so far" src="{self.link("best")}">'
            if best else '<i>none yet</i>')
        self._history.clear()
        with self._history:
            show_history(session.history)

    def _grid(self) -> None:
        asked = self.session.asked
        ui.label(f'Which of them show “{_short(asked.prompt)}”? Click: good. Click again: bad. One '
                 'is the best of the good ones (key B, or the right mouse button).').classes('px-2')
        with ui.element('div').classes('hero-grid w-full').mark('grid'):
            for i in range(len(asked.pictures)):
                with ui.element('div').classes('hero-cell').mark(f'picture-{i}') as cell:
                    cell.props(f'role=button aria-label="picture {i + 1}" data-picture={i}')
                    ui.html(f'<img alt="picture {i + 1}" loading="eager" '
                            f'src="{self.link("pictures", asked.number, i)}">'
                            f'<span class="mark"></span><span class="number">{i + 1}</span>',
                            sanitize=False)
                    ui.icon('zoom_in').classes('lens').mark(f'lens-{i}').props(
                        f'role=button aria-label="enlarge picture {i + 1}"').on(
                        'click.stop', lambda i=i: self._enlarge(i))
                cell.on('click', lambda i=i: self._at(i, Draft.toggle))
                cell.on('contextmenu.prevent', lambda i=i: self._at(i, Draft.choose_best))
                cell.on('dblclick.prevent', lambda: None)
                self._cells.append(cell)
        ui.run_javascript('heroWatch()')

    def _mark(self) -> None:
        """Show good, best and the place of the keys."""
        draft = self.session.draft
        for i, cell in enumerate(self._cells):
            wanted = ' '.join(name for name, on in (
                ('good', i in draft.good), ('best', i == draft.best), ('here', i == self._here))
                if on)
            cell.classes(replace=f'hero-cell {wanted}'.strip())
            # Not by colour alone: for screen readers too.
            cell.props(f'aria-pressed={"true" if i in draft.good else "false"} '
                       f'data-state={draft.state(i)}')
        good, best = len(draft.good), draft.best
        rounds = self.session.run.config.rounds
        self._count.set_text(
            f'round {self.session.asked.number + 1} of {rounds} · {good} good, '
            f'{draft.count - good} bad, ' + (f'best: {best + 1}' if best is not None
                                             else 'no best yet'))
        if self._large.value:
            self._show_large()

    def _show_work(self) -> None:
        if self.session.phase is Phase.WORKING and not self.session.paused:
            work = self.session.progress
            left = '' if work.left_s is None else f', about {round(work.left_s)} s left'
            self._work.set_text(f'{work.stage}: {work.done} of {work.steps}{left}'
                                if work.steps else 'begins ...')
            self._work_bar.set_value(work.done / work.steps if work.steps else 0)

    def _note(self, icon: str, title: str, text: str) -> None:
        with ui.row().classes('items-center p-4'):
            ui.icon(icon, size='48px')
            with ui.column().classes('gap-0'):
                ui.label(title).classes('text-lg font-bold').mark('note')
                ui.label(text).classes('max-w-2xl').mark('note-text')

    # What is done

    def _key(self, event) -> None:
        if not event.action.keydown:
            return
        key, large = event.key.name, self._large.value
        if event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta:
            return
        if key in ('h', 'H', '?'):
            self._help.close() if self._help.value else self._help.open()
        elif event.action.repeat and not key.startswith('Arrow'):
            return
        elif key in ('p', 'P'):
            self._toggle_pause()
        elif key == 'Enter' and self._drawn[:2] == (Phase.FAILED, False):
            self._retry()
        elif not self._cells:
            return
        elif self._no_best.value:
            if key == 'Enter':
                self._really_hand_in()
        elif key.startswith('Arrow'):
            self._move(key, large)
        elif key in (' ', 'g', 'G'):
            self._at(self._here, Draft.toggle)
        elif key in ('b', 'B'):
            self._at(self._here, Draft.choose_best)
        elif key in ('u', 'U'):
            self._edit(Draft.undo)
        elif key in ('z', 'Z'):
            self._large.close() if large else self._show_large()
        elif key == 'Enter':
            self._hand_in()

    def _move(self, key: str, large: bool) -> None:
        if key in _SIDEWAYS:
            self._go(self._here + _SIDEWAYS[key])
        elif key in _UP_DOWN and not large:
            self._go(self._here + _UP_DOWN[key] * self._columns)

    def _go(self, place: int) -> None:
        if 0 <= place < len(self._cells):
            self._here = place
            self._mark()
            ui.run_javascript(f'heroShow({place})')

    def _at(self, picture: int, change: Callable[[Draft, int], None]) -> None:
        self._here = picture
        self._edit(lambda draft: change(draft, picture))

    def _edit(self, change: Callable[[Draft], None]) -> None:
        # The round that this page shows, which another browser may have handed in.
        self._try(lambda: self.session.edit(self._drawn[2], change))
        self._look()

    def _try(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except (SettingError, OSError) as error:
            ui.notify(str(error), type='warning', position='top')
            return False
        return True

    def _toggle_pause(self) -> None:
        self.session.pause(not self.session.paused)
        self._look()

    def _hand_in(self) -> None:
        draft = self.session.draft
        if self.session.phase is not Phase.JUDGING or self.session.paused or draft is None:
            return
        # The round that is asked about, which may be over when the question is answered.
        self._asked_about = self._drawn[2]
        if draft.best is not None:
            self._really_hand_in()
            return
        if draft.good:
            text = 'No picture is chosen as the best: ' + (
                'the best one so far is kept.' if self.session.run.best_picture is not None else
                'until there is one, all good ones count alike.')
        else:
            text = 'No picture is good: the model stays as it is, and new pictures are drawn.'
        self._no_best_text.set_text(text)
        self._no_best.open()

    def _really_hand_in(self) -> None:
        self._no_best.close()
        if self._try(lambda: self.session.submit(self._asked_about)):
            background_tasks.create(work(self.session))
        self._look()

    def _retry(self) -> None:
        if self.session.retry():
            background_tasks.create(work(self.session))
        self._look()

    def _enlarge(self, picture: int) -> None:
        self._go(picture)
        self._show_large()

    def _show_large(self) -> None:
        asked, draft = self.session.asked, self.session.draft
        if draft is None:  # another browser has handed the round in
            return
        self._large_picture.set_content(
            f'<img class="hero-large" alt="picture {self._here + 1}" '
            f'src="{self.link("pictures", asked.number, self._here)}">')
        self._large_text.set_text(f'{self._here + 1} of {len(asked.pictures)}: '
                                  f'{draft.state(self._here)}')
        self._large.open()


async def work(session: HeroSession) -> None:
    """Let the session work beside the pages."""
    await run.io_bound(session.work)


def _short(prompt: str, most: int = 60) -> str:
    return prompt if len(prompt) <= most else prompt[:most - 1] + '…'
