"""What a run writes down: log.jsonl for programs, TensorBoard files for eyes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path


class RunLog:
    """
    Numbers of the members over the steps, in a run folder.

    Each line of log.jsonl is {stage, step, <name>: [one number per member]}; there are no clock
    times in it, so the same command writes the same file.
    """

    FILE = 'log.jsonl'

    def __init__(self, folder: Path, seeds: Sequence[int]):
        # Here and not above: TensorBoard takes a second to import and only training needs it.
        from torch.utils.tensorboard import SummaryWriter

        self.path = folder / self.FILE
        self.seeds = tuple(seeds)
        self._file = open(self.path, 'a', encoding='utf-8')  # noqa: SIM115 - closed by close()
        self._board = SummaryWriter(str(folder / 'tensorboard'))

    @classmethod
    def cut(cls, folder: Path, stages: Sequence[str], stage: str, step: int) -> None:
        """Forget what was logged after a step of a stage (a resumed run logs it again)."""
        path = folder / cls.FILE
        if not path.is_file():
            return
        kept = []
        for line in path.read_text(encoding='utf-8').splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # the last line of a run that was killed while writing
            place = (stages.index(entry['stage']), entry['step'])
            if place <= (stages.index(stage), step):
                kept.append(line + '\n')
        path.write_text(''.join(kept), encoding='utf-8')

    def write(self, stage: str, step: int, values: Mapping[str, Sequence[float]]) -> None:
        """Write one line; every value has one number per member."""
        self._file.write(json.dumps({'stage': stage, 'step': step, **values}) + '\n')
        self._file.flush()
        for name, numbers in values.items():
            for seed, number in zip(self.seeds, numbers, strict=True):
                self._board.add_scalar(f'{stage}/{name}/seed-{seed}', number, step)

    def close(self) -> None:
        """Close both files."""
        self._file.close()
        self._board.close()
