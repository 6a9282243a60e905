"""Restoration of demonstrations (DMDR, dissertation section 3.2).

Owns: filters (which states and actions are polluted), restorers (what a polluted one should be),
the pipeline from a polluted dataset to a restored one with its lineage.
One algorithm per file, its configuration on top; the catalogue names them.
May import: frames, data, stacked, diffusion, catalog, torch, sklearn, safetensors.
"""
