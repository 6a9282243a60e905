"""Trainers: one loop for every policy and stage, and what turns the result into an artifact.

Owns: the loop, checkpoints and logs of a run, presets, export to ONNX, calibration of the
expert-likeness score, `train` (the function behind `adapt train`).
May import: frames, data, artifacts, diffusion, policies, evaluation, catalog, torch, onnx.
"""
