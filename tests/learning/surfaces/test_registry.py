"""The lists of families and defects."""

import subprocess
import sys

import pytest

from adapt_learning.errors import CatalogError
from adapt_learning.surfaces import DEFECTS, FAMILIES, load, names
from adapt_learning.surfaces.base import Family
from adapt_learning.surfaces.defects.base import Defect

MEMBERS = [(kind, name) for kind in ('family', 'defect') for name in names(kind)]


@pytest.mark.parametrize('kind, name', MEMBERS)
def test_a_member_is_a_documented_class_with_the_name_it_has(kind, name):
    member = load(kind, name)
    assert issubclass(member, Family if kind == 'family' else Defect) and member.__doc__
    assert member.__name__ == ''.join(part.title() for part in name.split('_'))


@pytest.mark.parametrize('kind, name', MEMBERS)
def test_an_almost_right_name_gives_the_nearest_one(kind, name):
    with pytest.raises(CatalogError, match=f"Did you mean '{name}'"):
        load(kind, name + 'x')


@pytest.mark.parametrize('name', ['', '../wood', 'os:system', 7])
def test_a_foreign_name_lists_what_there_is(name):
    with pytest.raises(CatalogError, match='allowed: scratch, crack'):
        load('defect', name)


def test_the_lists_cannot_be_changed():
    for members in (FAMILIES, DEFECTS):
        with pytest.raises(TypeError):
            members['mine'] = 'os:system'


def test_drawing_surfaces_loads_nothing_heavy():
    code = ('import sys; from adapt_learning.surfaces import Surface; '
            'Surface("wood", 0, 64).defective(0); print(*sys.modules)')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          timeout=60, check=True)
    assert not {'torch', 'scipy', 'sklearn', 'mujoco', 'matplotlib', 'pyarrow'} & set(
        done.stdout.split())
