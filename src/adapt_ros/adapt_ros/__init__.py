"""The only place that knows ROS: nodes, codecs, and the bridge between messages and frames."""
