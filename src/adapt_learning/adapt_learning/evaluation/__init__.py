"""Run policies and experts in simulation, count, and draw.

Owns: rollouts, collecting demonstrations, evaluation, intervals, videos, plots.
May import: frames, data, artifacts, tasks, runtime, catalog. Never: torch, ROS.
"""
