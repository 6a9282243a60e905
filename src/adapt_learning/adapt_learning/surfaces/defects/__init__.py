"""The kinds of defects; `surfaces.registry` names them."""
