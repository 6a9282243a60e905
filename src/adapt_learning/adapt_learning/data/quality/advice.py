"""From findings to one sentence and to what should be done next."""

from adapt_learning.data.quality.findings import (
    BAD,
    INSPECT,
    LEAVE_OUT,
    LOOK,
    OK,
    RECORD,
    RESTORE,
    EpisodeReport,
    Finding,
    odd,
)

_LISTED = 12


def summary(episodes: tuple[EpisodeReport, ...], findings: tuple[Finding, ...]) -> str:
    """Return one sentence on what the dataset is fit for."""
    bad = sum(e.verdict == BAD for e in episodes)
    look = sum(e.verdict == LOOK for e in episodes)
    steps = sum(e.steps for e in episodes)
    facts = f'{len(episodes)} episodes, {steps} pairs'
    polluted = next((f for f in findings if f.check == 'pollution' and f.verdict == BAD), None)
    if polluted:
        return f'{facts}: polluted, restore it before training; {polluted.reason}.'
    broken = next((f for f in findings if f.verdict == BAD), None)
    if broken:
        return f'{facts}: not fit for training as it is; {broken.reason}.'
    if bad >= 0.1 * len(episodes):
        return f'{facts}: not fit for training as it is; {bad} episodes are bad.'
    if bad or look:
        return (f'{facts}: fit for training after a look at {bad + look} of them '
                f'({bad} bad, {look} odd).')
    if odd(findings):
        return f'{facts}: every episode is fine; mind what is said below about the whole.'
    return f'{facts}: nothing odd was found.'


def advice(episodes: tuple[EpisodeReport, ...],
           findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Return what to do next, most urgent first."""
    lines = []
    by_remedy: dict[str, list[int]] = {}
    for episode in episodes:
        for remedy in dict.fromkeys(f.remedy for f in odd(episode.findings)):
            by_remedy.setdefault(remedy, []).append(episode.episode)
    left_out = [e.episode for e in episodes if any(
        f.remedy == LEAVE_OUT and f.verdict != OK for f in e.findings)]
    if left_out:
        lines.append(f'Leave out {_list(left_out)}: failed, damaged or there twice.')
    pollution = [f.verdict for f in odd(findings)
                 if f.check in ('pollution', 'faults') and f.remedy == RESTORE]
    if BAD in pollution:
        lines.append('Restore the rest: adapt restore DIR --out NEW --preset trajectory '
                     '--report restored.html, then report on NEW.')
    elif pollution:
        # Contacts rattle, and that is real: a person tells it from a fault.
        lines.append('Look at the marked rows of the worst episodes; if they are faults and not '
                     'contacts, restore: adapt restore DIR --out NEW --preset trajectory '
                     '--report restored.html.')
    elif RESTORE in by_remedy:
        lines.append(f'Single rows of {_list(by_remedy[RESTORE])} are suspicious: look at them '
                     '(adapt data view DIR --episode N), leave them out, or restore.')
    if RECORD in by_remedy:
        lines.append(f'Record {_list(by_remedy[RECORD])} again if you can: their timing is '
                     'wrong, and no later step mends that.')
    if INSPECT in by_remedy:
        lines.append(f'Look at {_list(by_remedy[INSPECT])}: adapt data view DIR --episode N.')
    lines += [f'{f.reason[0].upper()}{f.reason[1:]}.' for f in odd(findings)
              if f.check not in ('pollution', 'outcomes', 'leaks')]
    return tuple(lines) or ('Train on it.',)


def _list(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f'episode {numbers[0]}'
    more = f' and {len(numbers) - _LISTED} more' if len(numbers) > _LISTED else ''
    return f'episodes {", ".join(map(str, numbers[:_LISTED]))}{more}'
