"""Every family of surfaces and every kind of defect by name: one line each."""

import difflib
import importlib
from types import MappingProxyType

from adapt_learning.errors import CatalogError

_HERE = 'adapt_learning.surfaces'

FAMILIES = MappingProxyType({
    'plain_weave': f'{_HERE}.families.woven:PlainWeave',
    'twill': f'{_HERE}.families.woven:Twill',
    'carbon_fibre': f'{_HERE}.families.woven:CarbonFibre',
    'wire_mesh': f'{_HERE}.families.woven:WireMesh',
    'knit': f'{_HERE}.families.knit:Knit',
    'felt': f'{_HERE}.families.fibrous:Felt',
    'carpet': f'{_HERE}.families.fibrous:Carpet',
    'paper': f'{_HERE}.families.fibrous:Paper',
    'cardboard': f'{_HERE}.families.fibrous:Cardboard',
    'leather': f'{_HERE}.families.leather:Leather',
    'wood': f'{_HERE}.families.wood:Wood',
    'granite': f'{_HERE}.families.stone:Granite',
    'terrazzo': f'{_HERE}.families.stone:Terrazzo',
    'marble': f'{_HERE}.families.stone:Marble',
    'concrete': f'{_HERE}.families.stone:Concrete',
    'tiles': f'{_HERE}.families.tiles:Tiles',
    'brushed_metal': f'{_HERE}.families.machined:BrushedMetal',
    'milled_metal': f'{_HERE}.families.machined:MilledMetal',
    'cast_metal': f'{_HERE}.families.bumpy:CastMetal',
    'hammered': f'{_HERE}.families.bumpy:Hammered',
    'foil': f'{_HERE}.families.foil:Foil',
    'grooved': f'{_HERE}.families.sheet:Grooved',
    'perforated': f'{_HERE}.families.sheet:Perforated',
    'tread_plate': f'{_HERE}.families.sheet:TreadPlate',
    'moulded_plastic': f'{_HERE}.families.bumpy:MouldedPlastic',
    'coating': f'{_HERE}.families.bumpy:Coating',
    'wafer': f'{_HERE}.families.electronic:Wafer',
    'board': f'{_HERE}.families.electronic:Board',
})

DEFECTS = MappingProxyType({
    'scratch': f'{_HERE}.defects.lines:Scratch',
    'crack': f'{_HERE}.defects.lines:Crack',
    'thread': f'{_HERE}.defects.lines:Thread',
    'abrasion': f'{_HERE}.defects.lines:Abrasion',
    'stain': f'{_HERE}.defects.spots:Stain',
    'hole': f'{_HERE}.defects.spots:Hole',
    'contamination': f'{_HERE}.defects.spots:Contamination',
    'dent': f'{_HERE}.defects.spots:Dent',
    'missing_pattern': f'{_HERE}.defects.regions:MissingPattern',
    'misplaced': f'{_HERE}.defects.regions:Misplaced',
    'smear': f'{_HERE}.defects.regions:Smear',
    'colour_shift': f'{_HERE}.defects.regions:ColourShift',
})

_KINDS = {'family': FAMILIES, 'defect': DEFECTS}


def names(kind: str) -> tuple[str, ...]:
    """Return the names of all members of a kind: 'family' or 'defect'."""
    return tuple(_KINDS[kind])


def load(kind: str, name: str) -> type:
    """Return the class of a member; CatalogError lists what there is and the nearest name."""
    members = _KINDS[kind]
    if name not in members:
        close = difflib.get_close_matches(str(name), members, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ''
        raise CatalogError(f"there is no {kind} of surfaces '{name}'; allowed: "
                           f'{", ".join(members)}.{hint}')
    module, attribute = members[name].split(':')
    return getattr(importlib.import_module(module), attribute)
