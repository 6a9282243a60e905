"""A bare rclpy node that answers the observations of a contract with constant commands.

It subscribes to the same topics with the same message types and quality of service as policy_node,
publishes the same command messages, and does nothing else: the floor that policy_node is measured
against. `python -m adapt_ros.bench.echo CONTRACT wait_set|events`
"""

import sys

import rclpy
from rclpy.executors import SingleThreadedExecutor

from adapt_learning.frames import load_contract
from adapt_ros import qos
from adapt_ros.codecs import message_class
from adapt_ros.lifecycle import make_executor


def main(contract_name: str, executor_name: str) -> None:
    """Answer until interrupted."""
    contract = load_contract(contract_name)
    rclpy.init()
    node = rclpy.create_node('bare_echo')
    received = [f for f in contract.observation if f.derive is None]
    per_step = {f.topic for f in received if f.align == 'sync'}
    commands = {f.topic: message_class(f.type)() for f in contract.action}
    publishers = {topic: node.create_publisher(type(message), topic, qos.COMMAND)
                  for topic, message in commands.items()}
    for feature in contract.action:
        if feature.type == 'std_msgs/msg/Float64MultiArray':
            commands[feature.topic].data = [0.0] * feature.size
    seen: set[str] = set()

    def receive(topic: str, message) -> None:
        seen.add(topic)
        if seen < per_step:
            return
        seen.clear()
        for name, publisher in publishers.items():
            if hasattr(commands[name], 'header'):
                commands[name].header.stamp = message.header.stamp
            publisher.publish(commands[name])

    for topic in per_step:
        kind = next(f.type for f in received if f.topic == topic)
        node.create_subscription(message_class(kind), topic,
                                 lambda message, topic=topic: receive(topic, message),
                                 qos.SENSOR_LOCKSTEP)
    executor = make_executor() if executor_name == 'events' else SingleThreadedExecutor()
    executor.add_node(node)
    while rclpy.ok():
        executor.spin_once(timeout_sec=0.1)


if __name__ == '__main__':
    try:
        main(*sys.argv[1:3])
    except (KeyboardInterrupt, rclpy.executors.ExternalShutdownException):
        pass
