"""Trainers: what turns demonstrations into policies, and these into artifacts.

Owns: presets, export to ONNX, calibration of the expert-likeness score, the judge of held-out
actions, `train` (the function behind `adapt train`), random search of experts.
May import: frames, data, artifacts, tasks, stacked, diffusion, policies, evaluation, catalog,
torch, onnx, joblib.
"""
