"""Diffusion: noise schedules, denoisers, the noise-prediction loss.

Owns: the noise schedules (held by diffusers' schedulers), the epsilon networks, equation 3.2 per
sample.
May import: stacked, torch, diffusers.
"""
