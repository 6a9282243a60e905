"""What stands under a table: how long its jobs took, on which machine, with which code."""

from collections.abc import Iterable, Mapping
from typing import Any


def facts(provenances: Iterable[Mapping[str, Any]]) -> str:
    """Return a sentence about the provenances of results; a job that comes twice counts once."""
    versions, machines, seconds = set(), set(), {}
    for one in provenances:
        versions.add(one['code_version'])
        machines.add(f'{one["cores"]} cores ({one["processor"]}), torch '
                     f'{one["packages"]["torch"]}')
        seconds[one['command'], one['ended'], one['seconds']] = one['seconds']
    return (f'{len(seconds)} jobs, together {sum(seconds.values()) / 60:.0f} minutes of one core, '
            f'other jobs beside them; {"; ".join(sorted(machines))}; code '
            f'{", ".join(sorted(versions))}.')
