"""Detectors of surface defects that compare a picture with a few good ones (torch, no ROS)."""
