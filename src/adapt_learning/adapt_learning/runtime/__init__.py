"""Run a trained policy, with its safety rules; no torch, no ROS.

The same runner drives the robot, the ROS simulation and the in-process evaluation.
Owns: inference sessions, limits, watchdogs, the expert-likeness monitor.
May import: frames, data, artifacts, onnxruntime. Never: torch, mujoco, ROS.
"""

from adapt_learning.runtime.inference import InferencePolicy, load_policy
from adapt_learning.runtime.policy_runner import Decision, PolicyRunner, RunnerOptions
from adapt_learning.runtime.stop import Stop, StopReason

__all__ = [
    'Decision',
    'InferencePolicy',
    'PolicyRunner',
    'RunnerOptions',
    'Stop',
    'StopReason',
    'load_policy',
]
