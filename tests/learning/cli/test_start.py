"""The command starts at once and speaks of what it can."""

import subprocess
import sys
import time


def test_help_lists_the_verbs(adapt):
    done = adapt('--help')
    assert done.returncode == 0
    for verb in ('collect', 'train', 'eval', 'data', 'doctor'):
        assert verb in done.stdout


def test_starting_loads_nothing_heavy():
    code = ('import sys, adapt_learning.cli.main; '
            'heavy = {"torch", "mujoco", "gymnasium", "numpy", "pyarrow", "matplotlib", "rclpy"}; '
            'sys.exit(sorted(heavy & set(sys.modules)) or 0)')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_starting_takes_under_half_a_second_of_work():
    """CPU time against the bare interpreter, so that a busy machine does not decide."""
    def cpu_s(code):
        full = f'import time; {code}; print(time.process_time())'
        return min(float(subprocess.run([sys.executable, '-c', full], capture_output=True,
                                        text=True, check=True).stdout) for _ in range(3))

    begin = time.monotonic()
    assert cpu_s('import adapt_learning.cli.main') - cpu_s('pass') < 0.5
    assert time.monotonic() - begin < 60
