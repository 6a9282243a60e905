"""The page of `adapt bench hero`: success, variants, best image ratio, answers needed."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from adapt_learning import catalog
from adapt_learning.benchmarks.hero_bench import (
    NAME,
    HeroBench,
    HeroCell,
    answers_needed,
    cells_of,
)
from adapt_learning.benchmarks.hero_job import METHODS, pipeline_hash
from adapt_learning.benchmarks.hero_transfer import RELATED, stored_transfers
from adapt_learning.benchmarks.job import Workplace
from adapt_learning.benchmarks.page import store_page, table
from adapt_learning.evaluation.intervals import SuccessRate, success_rate
from adapt_learning.evaluation.plots import new_figure, save_figure
from adapt_learning.generation.hero.config import preset

TASKS = ('pretrained', 'dreambooth', 'supervised', 'd3po', 'hero')
VARIANTS = ('pretrained', 'binary', 'no_embed', 'positives', 'hero')
RATIOS = ('random', 'beta_0', 'hero', 'beta_1')
PUBLISHED = {'pretrained': 0.40, 'binary': 0.78, 'no_embed': 0.76, 'positives': 0.82, 'hero': 0.91}
"""Dissertation table 2.4."""
_AIM = 4
"""HERO is to reach the level of D3PO with so many times fewer answers."""
_COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7')
_NOTE = """\
A hidden rule judges the pictures of a small model, without errors, and counts {samples} new
pictures after the last answer. Success in percent with the 95 % Wilson interval of all seeds
pooled (it ignores that the pictures of one seed share one model), ± standard deviation over the
seeds where there are several. *From plain noise*: the same weights, without the stored noises;
*pretrained from the same noises*: the stored noises, without what the weights have learnt.
*HERO there*: what HERO has with the same seeds, where a method was not run with all of its. The
dissertation has Stable Diffusion, people and other prompts; its numbers stand here to show the
order that it found, not to be compared.
"""


def write_page(bench: HeroBench, place: Workplace) -> Path:
    """Write hero.json, .md and .png beside the results; return the path of the page."""
    cells = cells_of(bench, place)
    folder = place.results.parent
    drawn = {rule: _same_seeds({name: cells[rule, name] for name in RATIOS
                                if (rule, name) in cells}) for rule in bench.rules}
    drawn = {rule: found for rule, found in drawn.items() if len(found) > 1}
    if drawn:
        draw(folder / f'{NAME}.png', drawn, preset(bench.preset).pictures)
    values = {
        'table': NAME, 'command': bench.command, 'pipeline': pipeline_hash(bench.pipeline),
        'preset': bench.preset, 'seeds': list(bench.seeds), 'samples': bench.samples,
        'published_2_4': PUBLISHED, 'cells': [cell.as_dict() for cell in cells.values()]}
    return store_page(folder, NAME, values, '\n'.join(_markdown(bench, place, cells, bool(drawn))))


def _same_seeds(cells: dict[str, HeroCell]) -> dict[str, HeroCell]:
    """Return the cells with the seeds that all of them have; none where they share none."""
    shared = set.intersection(*(set(cell.seeds) for cell in cells.values())) if cells else set()
    return {name: cell.of(shared) for name, cell in cells.items()} if shared else {}


def draw(path: Path, drawn: dict[str, dict[str, HeroCell]], pictures: int) -> None:
    """Draw success over answers, a panel per prompt, a line per start of the pictures."""
    figure = new_figure((4.6 * len(drawn), 3.8), 120)
    for axes, (rule, cells) in zip(figure.subplots(1, len(drawn), squeeze=False)[0],
                                   drawn.items(), strict=True):
        for colour, name in zip(_COLOURS, RATIOS, strict=True):
            if name in cells:
                curve = [100 * rate for rate in cells[name].curve]
                axes.plot([pictures * i for i in range(len(curve))], curve, color=colour,
                          marker='o', markersize=4, label=METHODS[name].title)
        seeds = len(next(iter(cells.values())).seeds)
        axes.set_title(f"{_prompt(rule)} ({seeds} "
                       f"{'seed' if seeds == 1 else 'seeds'})", fontsize=10)
        axes.set_xlabel('answers')
        axes.set_ylabel('success [%]')
        axes.set_ylim(0, 103)
        axes.grid(alpha=0.25)
        axes.legend(fontsize=8)
    save_figure(figure, path)


def _markdown(bench: HeroBench, place: Workplace, cells: dict[tuple[str, str], HeroCell],
              drawn: bool) -> Iterator[str]:
    yield '# Feedback on a small diffusion model (dissertation tables 2.3, 2.4, figure 2.8)\n'
    yield f'Made by `{bench.command}` from the files in {NAME}/; nothing is typed by hand.\n'
    yield _NOTE.format(samples=bench.samples)
    for title, methods in (
            ('Methods (as table 2.3)', TASKS), ('Variants (as table 2.4)', VARIANTS),
            ('Where pictures begin (as figure 2.8; HERO has best image ratio 0.5)', RATIOS)):
        yield f'## {title}\n'
        yield from _success(bench, cells, methods)
        yield from _order(bench, cells, methods)
    if drawn:
        yield f'![Success over answers by best image ratio]({NAME}.png)\n'
    yield '## How much the pictures differ from one another\n'
    yield from _variety(bench, cells)
    yield '## Answers needed to reach the level of D3PO\n'
    yield from _needed(bench, cells)
    yield '## Transfer to another prompt\n'
    yield from _transfer(bench, place)
    yield '## How long the jobs took\n'
    yield from _times(cells)


def _success(bench: HeroBench, cells: dict[tuple[str, str], HeroCell],
             methods: tuple[str, ...]) -> Iterator[str]:
    published = methods is VARIANTS
    titles = ['method', *_prompts(bench), *(['dissertation'] * published)]
    yield from table(titles, (
        [METHODS[name].title,
         *(_cell(cells.get((rule, name)), cells.get((rule, 'hero'))) for rule in bench.rules),
         *(f'{100 * PUBLISHED[one]:.0f}' for one in [name] * published)] for name in methods
        if any((rule, name) in cells for rule in bench.rules)))


def _order(bench: HeroBench, cells: dict[tuple[str, str], HeroCell],
           methods: tuple[str, ...]) -> Iterator[str]:
    """Say where rows that the dissertation has below HERO are not below it here."""
    against = []
    for rule, prompt in zip(bench.rules, _prompts(bench), strict=True):
        hero = cells.get((rule, 'hero'))
        for name in methods:
            cell = cells.get((rule, name))
            same = hero and cell and hero.of(cell.seeds)
            if name == 'hero' or not same or not same.seeds:
                continue
            here, there = (100 * one.of(same.seeds).pooled.rate for one in (cell, hero))
            if here >= there:
                against.append(
                    f'{METHODS[name].title} on *{prompt}* ({here:.1f} to {there:.1f})')
    if against:
        yield ('Rows stand in the order of the dissertation, where HERO is best; results do not. '
               f'At or above HERO with the same seeds: {"; ".join(against)}.\n')


def _prompts(bench: HeroBench) -> list[str]:
    return [_prompt(rule) for rule in bench.rules]


def _prompt(rule: str) -> str:
    return catalog.load('evaluator', rule).prompt


def _cell(cell: HeroCell | None, hero: HeroCell | None) -> str:
    if cell is None:
        return '-'
    rate = cell.pooled
    text = _rate(rate)
    if cell.spread is not None:
        text += f' ± {100 * cell.spread:.1f}'
    if METHODS[cell.method].learns and rate.rate != cell.plain.rate:
        text += f', from plain noise {100 * cell.plain.rate:.1f}'
    if cell.noises is not None:
        text += f', pretrained from the same noises {100 * cell.noises.rate:.1f}'
    alike = hero and hero.of(cell.seeds)
    if alike and 0 < len(alike.seeds) < len(hero.seeds):
        text += (f'; seed {", ".join(map(str, alike.seeds))} only, HERO there '
                 f'{100 * alike.pooled.rate:.1f}')
    return text


def _variety(bench: HeroBench, cells: dict[tuple[str, str], HeroCell]) -> Iterator[str]:
    rows = []
    for name in METHODS:
        found = [cells.get((rule, name)) for rule in bench.rules]
        if any(cell is not None and cell.variety is not None for cell in found):
            rows.append([METHODS[name].title, *(
                '-' if cell is None or cell.variety is None else f'{cell.variety:.3f}'
                for cell in found)])
    yield ('Root of the mean squared difference of two counted pictures of a seed (values in '
           '0..1). Success says nothing of it: one good picture over and over has 100 % and 0.\n')
    yield from table(['method', *_prompts(bench)], rows)


def _needed(bench: HeroBench, cells: dict[tuple[str, str], HeroCell]) -> Iterator[str]:
    pictures, rows, untaught, shown = preset(bench.preset).pictures, [], [], []
    for rule in bench.rules:
        d3po, hero, plain = (cells.get((rule, name)) for name in ('d3po', 'hero', 'pretrained'))
        if d3po is None or hero is None:
            continue
        level, answers = d3po.pooled.rate, d3po.results[0]['answers']
        needed, prompt = answers_needed(hero, level, pictures), f'*{_prompt(rule)}*'
        rows.append([_prompt(rule), '-' if plain is None else f'{100 * plain.pooled.rate:.1f}',
                     f'{100 * level:.1f}', str(answers),
                     'never' if needed is None else str(needed)])
        if plain is not None and d3po.pooled.low <= plain.pooled.rate:
            untaught.append(prompt)
        elif plain is not None and needed is not None and _AIM * needed <= answers:
            shown.append(prompt)
    if rows:
        yield from table(['prompt', 'pretrained [%]', 'D3PO at its end [%]', 'its answers',
                          "HERO's answers"], rows)
        if untaught:
            yield (f'For {" and ".join(untaught)} the level of D3PO is that of the pretrained '
                   'model (within its interval): to reach it shows nothing. The aim, '
                   f'{_AIM} times fewer answers, is shown for {" and ".join(shown) or "none"}'
                   f'{" only" if shown else ""}.\n')
        yield ('A level counts as reached by the pictures of the first round (or the counted ones) '
               'in which the share of successes is as high; 64 pictures leave much to chance.\n')
    else:
        yield 'No results yet.\n'


def _transfer(bench: HeroBench, place: Workplace) -> Iterator[str]:
    rows = []
    for rule in RELATED:
        found = stored_transfers([bench.job(rule, 'hero', seed) for seed in bench.seeds], place)
        if rule in bench.rules and found:
            samples = sum(one['samples'] for one in found)
            rows.append([_prompt(rule), RELATED[rule], str(len(found)), *(
                _rate(success_rate(sum(one[name] for one in found), samples))
                for name in ('pretrained_successes', 'plain_successes', 'successes'))])
    if not rows:
        yield 'No results yet.\n'
        return
    yield ('The rule judges pictures of a related prompt that nobody gave feedback on; it does not '
           'look at what is added. Success in percent with the 95 % Wilson interval.\n')
    yield from table(['tuned for', 'asked for', 'seeds', 'pretrained', 'tuned, from plain noise',
                      'tuned, from the stored noises'], rows)


def _rate(rate: SuccessRate) -> str:
    return f'{100 * rate.rate:.1f} ({100 * rate.low:.1f}-{100 * rate.high:.1f})'


def _times(cells: dict[tuple[str, str], HeroCell]) -> Iterator[str]:
    rows = []
    for name, method in METHODS.items():
        found = [x for (_, one), cell in cells.items() if one == name for x in cell.seconds]
        if found:
            rows.append([method.title, str(len(found)),
                         *(f'{x:.0f}' for x in (min(found), median(found), max(found)))])
    if rows:
        yield ('Wall time on two cores that other programs had, too. The short ones of methods'
               ' that learn found their run in the cache and only counted again.\n')
        yield from table(['method', 'jobs', 'shortest [s]', 'median [s]', 'longest [s]'], rows)
