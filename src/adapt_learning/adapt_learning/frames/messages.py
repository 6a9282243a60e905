"""Which fields of which ROS messages a contract may name, and how long they are.

This is plain knowledge, without ROS: it lets a contract be checked completely where it is loaded,
on any machine. The codecs of adapt_ros read and write exactly these fields.
"""

STAMPED = frozenset({
    'geometry_msgs/msg/PointStamped',
    'geometry_msgs/msg/PoseStamped',
    'geometry_msgs/msg/TwistStamped',
    'geometry_msgs/msg/Vector3Stamped',
    'geometry_msgs/msg/WrenchStamped',
    'nav_msgs/msg/Odometry',
    'sensor_msgs/msg/Imu',
    'sensor_msgs/msg/JointState',
})

# field -> number of elements as the message carries them; None: as many as the sender likes.
FIELDS: dict[str, dict[str, int | None]] = {
    'geometry_msgs/msg/PointStamped': {'point': 3},
    'geometry_msgs/msg/PoseStamped': {'pose.position': 3, 'pose.orientation': 4},
    'geometry_msgs/msg/Twist': {'linear': 3, 'angular': 3},
    'geometry_msgs/msg/TwistStamped': {'twist.linear': 3, 'twist.angular': 3},
    'geometry_msgs/msg/Vector3Stamped': {'vector': 3},
    'geometry_msgs/msg/WrenchStamped': {'wrench.force': 3, 'wrench.torque': 3},
    'nav_msgs/msg/Odometry': {
        'pose.pose.position': 3,
        'pose.pose.orientation': 4,
        'twist.twist.linear': 3,
        'twist.twist.angular': 3,
    },
    'sensor_msgs/msg/Imu': {
        'orientation': 4,
        'angular_velocity': 3,
        'linear_acceleration': 3,
    },
    'sensor_msgs/msg/JointState': {'position': None, 'velocity': None, 'effort': None},
    'std_msgs/msg/Float64': {'data': 1},
    'std_msgs/msg/Float64MultiArray': {'data': None},
}

ELEMENT_NAMES = {3: ('x', 'y', 'z'), 4: ('x', 'y', 'z', 'w')}
