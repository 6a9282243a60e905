"""The families of surfaces; `surfaces.registry` names them."""
