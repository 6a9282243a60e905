"""Robot learning that adapts: contracts, data, policies, evaluation. Imports no ROS."""
