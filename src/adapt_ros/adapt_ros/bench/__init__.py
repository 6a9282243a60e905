"""Measurements of the robot side; `make bench` runs them and stores the results."""
