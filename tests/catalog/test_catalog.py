"""The catalogue itself: names, places, and what is said about a name that is not in it."""

import pytest

from adapt_learning import catalog
from adapt_learning.errors import CatalogError

KINDS = ('task', 'policy', 'format', 'evaluator')
MEMBERS = [(kind, name) for kind in KINDS for name in catalog.names(kind)]


def test_there_are_members_of_every_kind():
    assert all(catalog.names(kind) for kind in KINDS)


@pytest.mark.parametrize('kind, name', MEMBERS)
def test_a_member_is_a_documented_class_in_its_own_module(kind, name):
    member = catalog.load(kind, name)
    assert isinstance(member, type) and member.__doc__
    assert catalog.load(kind, name) is member
    assert member.__module__.rpartition('.')[2] == name


@pytest.mark.parametrize('kind, name', MEMBERS)
def test_an_almost_right_name_gives_the_nearest_one(kind, name):
    wrong = name + 'x'
    with pytest.raises(CatalogError) as caught:
        catalog.load(kind, wrong)
    message = str(caught.value)
    assert f"there is no {kind} '{wrong}'; allowed: {', '.join(catalog.names(kind))}" in message
    assert f"Did you mean '{name}'?" in message


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('name', ['', 'zzzzzzzz', '../etc', 'os:system'])
def test_a_foreign_name_imports_nothing_and_lists_what_there_is(kind, name):
    with pytest.raises(CatalogError, match='allowed: '):
        catalog.load(kind, name)


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        catalog.TASKS['mine'] = 'os:system'
