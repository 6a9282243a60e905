"""Maze: D4RL's map and physics, free starts and goals, demonstrators that do not jump."""

import numpy as np
import pytest
from demonstrating import check_no_memory, check_spread, largest_change, run
from gymnasium_robotics.envs.maze.maps import MEDIUM_MAZE

from adapt_learning.evaluation.simulation import make_task
from adapt_learning.tasks.maze_experts import cell_of, middle_m, way

FREE = [(row, column) for row, line in enumerate(MEDIUM_MAZE)
        for column, wall in enumerate(line) if not wall]


@pytest.fixture(scope='module')
def maze():
    made = make_task('maze')
    yield made
    made.close()


def test_vectors_rate_and_limit_are_those_of_the_dissertation(maze):
    assert maze.observation_space.shape == (6,) and maze.action_space.shape == (2,)
    assert maze.spec_.max_steps == 400 and maze.contract.rate_hz == 100
    assert maze._ball.dt == pytest.approx(0.01)


def test_the_cells_of_the_experts_are_those_of_the_simulation(maze):
    assert len(FREE) == len(maze.free_m) == 26
    mine = sorted(tuple(middle_m(cell)) for cell in FREE)
    np.testing.assert_allclose(mine, sorted(map(tuple, maze.free_m)))
    assert [cell_of(middle_m(cell)) for cell in FREE] == FREE


@pytest.mark.parametrize('level', [0.0, 1.0, 2.4])
def test_start_and_goal_lie_apart_in_free_cells(maze, level):
    seen = set()
    for seed in range(60):
        maze.reset(seed=seed, options={'noise_level': level})
        assert not maze.is_success()
        for point in (maze.raw()['position'], maze.goal_m):
            cell = cell_of(point)
            seen.add(cell)
            assert cell in FREE
            assert abs(point - middle_m(cell)).max() <= 0.1 * level + 1e-9
    assert len(seen) == 26


def test_a_way_goes_from_cell_to_neighbouring_cell(maze):
    for start in FREE:
        for goal in FREE[::5]:
            cells = way(start, goal)
            assert cells[0] == start and cells[-1] == goal and set(cells) <= set(FREE)
            steps = abs(np.diff(cells, axis=0)).sum(1)
            assert (steps == 1).all()


@pytest.mark.parametrize('name, steps', [('pursuit', (130, 200)), ('waypoint', (80, 130))])
@pytest.mark.parametrize('level', [1.0, 2.0])
def test_the_experts_succeed(maze, name, steps, level):
    done = [run(maze, maze.expert(name), seed, level)[:2] for seed in range(30)]
    assert np.mean([success for success, _ in done]) >= 0.96
    assert steps[0] < np.mean([count for _, count in done]) < steps[1]


def test_the_default_expert_has_no_memory_and_changes_nothing(maze):
    check_no_memory(maze)


def test_its_actions_change_smoothly(maze):
    assert max(largest_change(maze, seed) for seed in range(10)) < 0.4


def test_the_spread_that_the_task_states_is_that_of_its_demonstrations(maze):
    check_spread(maze, range(40), lambda action: {'force': 100 * action}, rel=0.2)
