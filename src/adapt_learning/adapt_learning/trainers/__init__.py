"""Trainers: what turns demonstrations into policies, and these into artifacts.

Owns: presets, export to ONNX, calibration of the expert-likeness score, `train` (the function
behind `adapt train`).
May import: frames, data, artifacts, stacked, diffusion, policies, evaluation, catalog, torch, onnx.
"""
