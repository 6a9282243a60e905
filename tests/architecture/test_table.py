"""The reader of the table sees what stands there."""

TEXT = """
| package | may import from the project | libraries |
|---|---|---|
| low | - | - (numpy) |
| middle | low | torch, *_msgs (numpy, yaml) |
| tools | all of the above | all, inside the commands only (rich) |

| another | table | here |
"""


def test_a_table_is_read(import_table):
    rows = import_table(TEXT)
    assert list(rows) == ['low', 'middle', 'tools']
    assert rows['low'].project == frozenset() and rows['low'].heavy == ()
    assert rows['middle'].project == {'low'} and rows['tools'].project == {'low', 'middle'}


def test_libraries_are_allowed_by_name_and_by_pattern(import_table):
    rows = import_table(TEXT)
    assert rows['low'].allows('numpy') and not rows['low'].allows('torch')
    assert all(rows['middle'].allows(name) for name in ('torch', 'std_msgs', 'yaml'))
    assert not rows['middle'].allows('std_srvs')
    assert rows['tools'].allows('torch', inside_function=True)
    assert not rows['tools'].allows('torch', inside_function=False)
    assert rows['tools'].allows('rich', inside_function=False)


def test_imports_are_found_wherever_they_stand(module_of):
    module = module_of("""
import os.path
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import torch
class A:
    import yaml
    def f(self):
        from adapt_learning import catalog
        def g():
            import mujoco as m
try:
    import cv2
except ImportError:
    raise
""")
    assert {name for _, name in module.imports()} == {
        'os.path', 'typing.TYPE_CHECKING', 'torch', 'yaml', 'adapt_learning.catalog', 'mujoco',
        'cv2'}
    assert {name for _, name in module.imports(everywhere=False)} == {
        'os.path', 'typing.TYPE_CHECKING', 'yaml', 'cv2'}
