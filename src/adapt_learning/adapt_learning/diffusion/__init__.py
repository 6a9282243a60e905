"""Diffusion: noise schedules, denoisers, the noise-prediction loss.

Owns: the noise schedules (held by diffusers' schedulers), the epsilon networks, equation 3.2 per
sample, and the stacked building blocks that policies use too.
May import: torch, diffusers. Never: anything of the project but errors.
"""
