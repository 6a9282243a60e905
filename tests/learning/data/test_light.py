"""A recorder starts without torch and mujoco."""

import subprocess
import sys


def test_data_loads_neither_torch_nor_mujoco():
    code = ('import sys, adapt_learning.data, adapt_learning.data.quality; '
            'heavy = {"torch", "mujoco", "gymnasium", "pandas", "onnxruntime", "matplotlib"}; '
            'sys.exit(sorted(heavy & set(sys.modules)) or 0)')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
