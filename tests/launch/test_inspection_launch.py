"""`ros2 launch adapt_ros inspection.launch.py`: a recipe, a parameter file, arguments."""

import pytest
import yaml
from inspection_bench import InspectionLine, write_recipes
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from tiny_detector import surface, with_blob


@pytest.fixture
def params_file(tmp_path):
    """Return a file that sets two parameters that are arguments too, and two that are not."""
    path = tmp_path / 'station.yaml'
    path.write_text(yaml.safe_dump({'/**/inspection_node': {'ros__parameters': {
        'queue_size': 2, 'frame_lead': 0.25, 'camera_timeout': 0.0, 'frame_timeout': 3.0}}}))
    return path


def test_a_recipe_is_used_and_arguments_count_more_than_the_file(
        launched, bench, params_file, ros_domain, tmp_path):
    write_recipes(tmp_path)
    line = InspectionLine(bench)
    run = launched(f'recipe:={tmp_path}/recipes/weave', f'detector:={tmp_path}/detector',
                   f'params_file:={params_file}', 'frame_timeout:=20.0',
                   f'namespace:={bench.namespace[1:]}', file='inspection.launch.py',
                   domain=ros_domain)
    run.until('recipe weave, ')
    line.connect()
    names = ['queue_size', 'frame_lead', 'camera_timeout', 'frame_timeout', 'threads', 'detector']
    answer = bench.call(GetParameters, 'inspection_node/get_parameters', names=names)
    assert dict(zip(names, map(parameter_value_to_python, answer.values), strict=True)) == {
        'queue_size': 2, 'frame_lead': 0.25, 'camera_timeout': 0.0, 'frame_timeout': 20.0,
        'threads': 1, 'detector': str(tmp_path / 'detector')}, run.output
    bench.until(lambda: line.state.ready, 'READY')
    assert line.state.recipe == 'weave'
    verdict = line.inspect(with_blob(surface(51)), 'part 1')
    assert (verdict.verdict, verdict.part_id, verdict.recipe) == (verdict.NOK, 'part 1', 'weave')
    run.interrupt()


def test_a_file_that_is_not_there_starts_nothing(launched):
    run = launched('params_file:=none.yaml', file='inspection.launch.py')
    assert run.wait() == 1
    assert "params_file: there is no file 'none.yaml'" in run.output, run.output
