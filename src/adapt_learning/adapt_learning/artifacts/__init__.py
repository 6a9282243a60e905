"""Artifacts: trained things as folders that can explain themselves.

Owns: the manifest, saving and loading with every check, the card for people, the shipped ones by
name.
May import: frames, data, numpy, safetensors. Never: torch, pickle (loading a file runs no code).
"""

from adapt_learning.artifacts.card import render_card
from adapt_learning.artifacts.manifest import FORMAT_VERSION, Manifest
from adapt_learning.artifacts.store import (
    Artifact,
    add_metrics,
    check_contract,
    load_artifact,
    save_artifact,
)

__all__ = [
    'FORMAT_VERSION',
    'Artifact',
    'Manifest',
    'add_metrics',
    'check_contract',
    'load_artifact',
    'render_card',
    'save_artifact',
]
