"""
Put the output of a demo into README.md, docs/tutorials/first_run.md and docs/images.

    make demo > demo.log && python docs/tools/refresh.py demo.log out
"""

import re
import sys
from pathlib import Path

import av
import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
_SHOWN = (0, 12, 20, 34)
"""Pictures of the film: start, above the block, grasp, goal."""


def main(log: str, out: str) -> None:
    """Write the table and the two pictures."""
    lines = [re.sub(r'^\[evaluator-\d+\] ', '', line)
             for line in Path(log).read_text(encoding='utf-8').splitlines()]
    table = '\n'.join(line.rstrip() for line in lines if re.match(r'  [a-z-]+.*  ', line))
    for page in ('README.md', 'docs/tutorials/first_run.md'):
        path = ROOT / page
        text = path.read_text(encoding='utf-8')
        block = re.compile(r'```\n  episodes .*?\n```', re.S)
        path.write_text(block.sub(lambda _: f'```\n{table}\n```', text), encoding='utf-8')
    frames = [f.to_ndarray(format='bgr24')
              for f in av.open(str(Path(out, 'episodes.mp4'))).decode(video=0)]
    _write('episode.png', np.concatenate([frames[i] for i in _SHOWN], 1))
    run = cv2.imread(str(Path(out, 'run.png')))
    _write('run.png', cv2.resize(run, (1064, 800), interpolation=cv2.INTER_AREA))


def _write(name: str, picture: np.ndarray) -> None:
    cv2.imwrite(str(ROOT / 'docs/images' / name), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == '__main__':
    main(*sys.argv[1:3])
