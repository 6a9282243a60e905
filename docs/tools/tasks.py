"""
Write docs/images/tasks.png (a moment of every task) and the table of docs/reference/tasks.md.

    python docs/tools/tasks.py
"""

import re
from pathlib import Path

import cv2
import numpy as np

from adapt_learning import catalog
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.base import Task

ROOT = Path(__file__).resolve().parents[2]
_COLUMNS, _SEED, _STEPS = 4, 3, 8
HEAD = ('| task | observation / action | Hz | steps | noise levels (largest) | experts, the '
        'default first | tables report |')


def row(task: Task) -> str:
    """Return the line of a task in the table."""
    spec = task.spec_
    levels = ', '.join(f'{level:g}' for level in spec.noise_levels)
    return ' | '.join((
        f'| `{spec.name}`', f'{task.observation_space.shape[0]} / {task.action_space.shape[0]}',
        f'{task.contract.rate_hz:g}', str(spec.max_steps), f'{levels} ({spec.max_noise_level:g})',
        ', '.join(task.experts), f'{spec.measure} |'))


def picture(task: Task) -> np.ndarray:
    """Return the task a few steps after its start, uint8 BGR, with its name."""
    expert = task.expert()
    task.reset(seed=_SEED)
    expert.reset(_SEED)
    for _ in range(_STEPS):
        task.step(expert.act(task.raw()))
    made = np.ascontiguousarray(task.render()[..., ::-1])
    cv2.rectangle(made, (0, 0), (140, 24), (255, 255, 255), -1)
    cv2.putText(made, task.spec_.name, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1,
                cv2.LINE_AA)
    return made


def main() -> None:
    """Write picture and table."""
    rows, pictures = [], []
    for name in catalog.names('task'):
        task = make_task(name)
        rows.append(row(task))
        pictures.append(picture(task))
        task.close()
    pictures += [np.full_like(pictures[0], 255)] * (-len(pictures) % _COLUMNS)
    lines = [np.concatenate(pictures[i:i + _COLUMNS], 1)
             for i in range(0, len(pictures), _COLUMNS)]
    cv2.imwrite(str(ROOT / 'docs/images/tasks.png'), np.concatenate(lines),
                [cv2.IMWRITE_PNG_COMPRESSION, 9])
    page = ROOT / 'docs/reference/tasks.md'
    table = '\n'.join((HEAD, '|---' * 7 + '|', *rows)) + '\n'
    text = page.read_text(encoding='utf-8')
    page.write_text(re.sub(re.escape(HEAD) + r'\n(?:\|.*\n)*', lambda _: table, text),
                    encoding='utf-8')


if __name__ == '__main__':
    main()
