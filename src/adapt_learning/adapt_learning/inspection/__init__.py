"""What an inspection line needs, without torch and without ROS.

Owns: folders of pictures and measures of detectors (recipes, calibration and verdicts to come).
May import: errors, numpy, cv2; sklearn inside functions. Never: torch, ROS.
"""
