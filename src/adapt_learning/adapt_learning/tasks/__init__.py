"""Simulated tasks: gymnasium environments that speak a contract, and their experts.

Owns: physics, success, experts. May import: frames, mujoco, gymnasium. Never: torch, ROS.
"""
