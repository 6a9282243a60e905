"""A person at the wheel: keys and joysticks to a contract's commands."""
