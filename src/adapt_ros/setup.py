"""Package adapt_ros; also installs the launch files, configuration and models of the repository."""

import os
from pathlib import Path

from setuptools import find_packages, setup

package_name = 'adapt_ros'
# colcon builds from a folder that links to this file, so the repository is found through the link.
here = Path(os.path.realpath(__file__)).parent
repository = here.parents[1]


def shared_files(folder, pattern='**/*'):
    """Return `data_files` entries that install a top-level folder under share/adapt_ros."""
    by_target = {}
    for file in sorted((repository / folder).glob(pattern)):
        if file.is_file() and '__pycache__' not in file.parts and not file.name.startswith('.'):
            target = Path('share', package_name, file.parent.relative_to(repository))
            by_target.setdefault(str(target), []).append(os.path.relpath(file, here))
    return sorted(by_target.items())


setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(include=[package_name, f'{package_name}.*']),
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
        *shared_files('launch', '*.launch.py'),
        *shared_files('config'),
        *shared_files('models'),
    ],
    python_requires='>=3.11',
    install_requires=['setuptools', 'adapt_learning'],
    zip_safe=True,
    maintainer='adapt stack maintainers',
    maintainer_email='maintainers@adapt-stack.invalid',
    description='ROS 2 nodes of the adapt stack: simulation bridge, policy node, evaluator.',
    license='Apache-2.0',
    entry_points={
        'adapt_learning.importers': ['bags = adapt_ros.bag_import:Bags'],
        'console_scripts': [
            'demo_recorder = adapt_ros.start:demo_recorder',
            'evaluator = adapt_ros.start:evaluator',
            'inspection_node = adapt_ros.start:inspection_node',
            'keyboard = adapt_ros.start:keyboard',
            'line_camera = adapt_ros.start:line_camera',
            'line_client = adapt_ros.start:line_client',
            'policy_node = adapt_ros.start:policy_node',
            'recording_session = adapt_ros.start:recording_session',
            'restoration_server = adapt_ros.start:restoration_server',
            'sim_bridge = adapt_ros.start:sim_bridge',
            'teleop = adapt_ros.start:teleop',
        ],
    },
)
