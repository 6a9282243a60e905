"""Policies: what maps an observation to an action, and how each one learns.

One algorithm per file, its configuration on top. A policy is a stack of K members and names its
training stages; the one loop in `stacked` runs them.
May import: frames, data, stacked, diffusion, torch.
"""
