"""The `ros2` command of the fallback: launch and run."""
