"""Stacked networks and the one loop that trains them.

Owns: layers and MLPs of K members, optimiser settings and configurations from plain values, the
training stage, the loop with its weights, checkpoints, logs and progress. Policies and restorers
are built from it and know nothing of each other.
May import: data, torch, numpy, rich, yaml.
"""
