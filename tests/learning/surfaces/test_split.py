from adapt_learning.surfaces import held_out_families, names, training_families


def test_every_fourth_family_is_held_out():
    families = names('family')
    assert held_out_families() == tuple(families[i] for i in range(3, len(families), 4))


def test_both_parts_are_all_families_in_their_order():
    assert tuple(name for name in names('family')
                 if name in training_families() or name in held_out_families()) == names('family')
    assert not set(training_families()) & set(held_out_families())
    assert training_families() == tuple(sorted(training_families(), key=names('family').index))
