"""
Jobs as tasks of a Ray cluster: `--backend ray`.

The address of a running cluster is in RAY_ADDRESS; without it a local one is started, on the
loopback device only, and ended again. Results and cache are files: all nodes have to see the two
folders under the same paths, and every job looks first whether its node does.
"""

import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, redirect_stdout
from tempfile import TemporaryDirectory
from typing import Any

from adapt_learning.benchmarks.backends import REPEATS, Backend, Ended, Work
from adapt_learning.benchmarks.job import Job
from adapt_learning.errors import SettingError
from adapt_learning.evaluation.workers import WorkerLost, default_jobs

ADDRESS = 'RAY_ADDRESS'
_STORE_BYTES = 80 * 2**20
"""Object store of a local cluster: jobs send a few numbers, their data are files."""
_LOCAL = {
    # Ray's name for it is misleading: a cluster of one node, which binds to 127.0.0.1 alone.
    'RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER': '0',
    # Without GPUs of their own tasks would not see any; here the job decides, as everywhere.
    'RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO': '0',
    'RAY_AUTH_MODE': 'token',
}


class RayBackend(Backend):
    """Tasks of one core each."""

    def __init__(self, processes: int | None = None,
                 lost: Callable[[str], None] = lambda note: None):
        super().__init__(processes, lost)
        # Before the import: Ray reads its environment then. It never reports to its makers.
        os.environ['RAY_USAGE_STATS_ENABLED'] = '0'
        self._address = os.environ.get(ADDRESS, '')
        self._stack = ExitStack()
        if not self._address:
            os.environ.update(_LOCAL, RAY_AUTH_TOKEN=secrets.token_hex(32))
        try:
            import ray
        except ImportError as error:
            raise SettingError("--backend ray needs the package ray, which is not installed: pip "
                               "install 'adapt_learning[ray]', or leave --backend out") from error
        self._ray = ray

    def __enter__(self) -> 'RayBackend':
        """Connect to the cluster of RAY_ADDRESS, or start a local one."""
        with ExitStack() as stack:
            # Ray tells of dead workers on standard output, and that may be kept for JSON.
            stack.enter_context(redirect_stdout(sys.stderr))
            quiet = {'log_to_driver': False, 'configure_logging': False}
            if self._address:
                self._connect(quiet)
            else:
                folder = stack.enter_context(
                    TemporaryDirectory(prefix='adapt-ray-', ignore_cleanup_errors=True))
                self._ray.init(
                    'local', num_cpus=self.processes or default_jobs(), include_dashboard=False,
                    object_store_memory=_STORE_BYTES, _temp_dir=folder, **quiet)
            stack.callback(self._ray.shutdown)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        """Leave the cluster; what is still running there ends, and a local cluster, too."""
        self._stack.close()

    @property
    def width(self) -> int:
        """Return --jobs, or the cores of the cluster."""
        return self.processes or max(1, int(self._ray.cluster_resources().get('CPU', 1)))

    def run(self, wave: Sequence[Job], work: Work) -> Iterator[Ended]:
        """Give the jobs as they end; a job whose worker died is begun again on another one."""
        ray = self._ray
        died = (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError,
                ray.exceptions.NodeDiedError)
        # Repeated here and not by Ray, so that it can be said and is counted.
        task = ray.remote(num_cpus=1, max_retries=0)(_run)
        waiting, under_way, deaths = list(wave), {}, Counter()
        try:
            while waiting or under_way:
                while waiting and len(under_way) < self.width:
                    job = waiting.pop(0)
                    under_way[task.remote(work, job)] = job
                (ended,), _ = ray.wait(list(under_way), num_returns=1)
                job = under_way.pop(ended)
                try:
                    done = ray.get(ended)
                except died as error:
                    deaths[job] += 1
                    if deaths[job] > REPEATS:
                        raise WorkerLost(
                            f'{job.kind} {job.label} lost its worker {deaths[job]} times; it was '
                            'killed or memory ran out: the same command goes on, perhaps with '
                            'fewer --jobs') from error
                    self.lost(f'the worker of {job.kind} {job.label} died, it is begun again')
                    waiting.insert(0, job)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                else:
                    yield done
        finally:
            for task in under_way:
                ray.cancel(task, force=True)

    def _connect(self, quiet: dict[str, bool]) -> None:
        try:
            self._ray.init(self._address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise SettingError(
                f'there is no Ray cluster at {ADDRESS}={self._address} ({_first_line(error)}); '
                'start it, mend the address, or unset it to have a local one') from error


def _run(work: Work, job: Job) -> Ended:
    return work(job)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition('\n')[0]
