"""Package adapt_learning: installs with plain pip and with colcon."""

from setuptools import find_packages, setup

package_name = 'adapt_learning'

sim = [
    'av',
    'gymnasium>=1.0',
    'gymnasium-robotics>=1.4.2,<1.5',
    'matplotlib',
    'mujoco>=3.3,<3.11',
    'opencv-python-headless',
    'scipy',
]
inspect = [
    'opencv-python-headless',
    'Pillow>=10',
]
train = [
    'diffusers',
    'onnx',
    'scikit-learn',
    'tensorboard',
    'torch>=2.6',
]
generate = [
    *train,
    'nicegui>=3',
    'peft',
    'transformers>=5',
]

setup(
    name=package_name,
    version='0.1.0',
    packages=find_packages(include=[package_name, f'{package_name}.*']),
    package_data={package_name: [
        'contracts/*.yaml', 'train_configs/*.yaml', 'tasks/linear_experts/*.json',
        'tasks/gaits/*.json', 'py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
    ],
    python_requires='>=3.11',
    install_requires=[
        'h5py',
        'joblib',
        'numpy>=1.26',
        'onnxruntime',
        'psutil',
        'pyarrow',
        'pydantic>=2',
        'PyYAML',
        'rich',
        'safetensors',
        'tqdm',
        'typer',
    ],
    extras_require={
        'sim': sim, 'train': train, 'inspect': inspect, 'generate': generate,
        'ray': ['ray>=2.50'],
        'all': sorted({*sim, *train, *inspect, *generate})},
    zip_safe=False,
    maintainer='adapt stack maintainers',
    maintainer_email='maintainers@adapt-stack.invalid',
    description='Robot learning that adapts: contracts, data, policies, evaluation. Without ROS.',
    license='Apache-2.0',
    entry_points={'console_scripts': ['adapt = adapt_learning.cli.main:main']},
)
