"""Substitutions and conditions give what Jazzy's give (compared with it once, by hand)."""

import pytest

from launch import LaunchContext
from launch.conditions import (
    IfCondition,
    LaunchConfigurationEquals,
    LaunchConfigurationNotEquals,
    UnlessCondition,
)
from launch.substitutions import (
    EnvironmentVariable,
    EqualsSubstitution,
    IfElseSubstitution,
    LaunchConfiguration,
    NotEqualsSubstitution,
    PathJoinSubstitution,
    PythonExpression,
    SubstitutionFailure,
    TextSubstitution,
)


@pytest.fixture
def context():
    context = LaunchContext()
    context.launch_configurations.update(who='world', n='42', yes='true', no='False')
    return context


WHO, N = LaunchConfiguration('who'), LaunchConfiguration('n')


@pytest.mark.parametrize(('substitution', 'text'), [
    (TextSubstitution(text='plain'), 'plain'),
    (WHO, 'world'),
    (LaunchConfiguration(['w', TextSubstitution(text='ho')]), 'world'),
    (LaunchConfiguration('nope', default=[1, 'a', WHO]), '1aworld'),
    (LaunchConfiguration('nope', default=5), '5'),
    (EnvironmentVariable('FALLBACK_UNSET', default_value=['d', N]), 'd42'),
    (PathJoinSubstitution(['/a', WHO, 'c.yaml']), '/a/world/c.yaml'),
    (PythonExpression(['1 + ', N]), '43'),
    (PythonExpression('floor(2.7) + math.ceil(0.2)'), '3'),
    (PythonExpression("os.path.basename('/a/b')", python_modules=['os']), 'b'),
    (PythonExpression(["'", WHO, "' == 'world'"]), 'True'),
    (IfElseSubstitution(LaunchConfiguration('yes'), 'a', 'b'), 'a'),
    (IfElseSubstitution(LaunchConfiguration('no'), 'a'), ''),
    (IfElseSubstitution('1', if_value=WHO, else_value='b'), 'world'),
    (EqualsSubstitution(WHO, 'world'), 'true'),
    (EqualsSubstitution('1', True), 'true'),
    (EqualsSubstitution('TRUE', '1'), 'true'),
    (EqualsSubstitution('1.0', 1), 'true'),
    (EqualsSubstitution(0.1 + 0.2, '0.3'), 'true'),
    (EqualsSubstitution('a', None), 'false'),
    (EqualsSubstitution('', None), 'true'),
    (NotEqualsSubstitution(WHO, 'world'), 'false'),
    (NotEqualsSubstitution(WHO, 'moon'), 'true'),
])
def test_text(context, substitution, text):
    assert context.perform_substitution(substitution) == text


@pytest.mark.parametrize(('substitution', 'sentence'), [
    (LaunchConfiguration('nope'), "no launch configuration named 'nope'"),
    (EnvironmentVariable('FALLBACK_UNSET'), "'FALLBACK_UNSET' is not set"),
    (IfElseSubstitution('perhaps', 'a'), "'perhaps' is neither true nor false"),
])
def test_failures_say_what_is_missing(context, substitution, sentence):
    with pytest.raises(SubstitutionFailure, match=sentence):
        context.perform_substitution(substitution)


@pytest.mark.parametrize(('condition', 'holds'), [
    (IfCondition(LaunchConfiguration('yes')), True),
    (IfCondition([' ', LaunchConfiguration('no'), ' ']), False),
    (UnlessCondition('0'), True),
    (UnlessCondition('1'), False),
    (LaunchConfigurationEquals('who', 'world'), True),
    (LaunchConfigurationEquals('nope', 'x'), False),
    (LaunchConfigurationEquals('nope', None), True),
    (LaunchConfigurationNotEquals('who', 'world'), False),
    (LaunchConfigurationNotEquals('nope', None), False),
])
def test_conditions(context, condition, holds):
    assert condition.evaluate(context) is holds


def test_a_condition_is_true_or_false_and_nothing_else(context):
    with pytest.raises(RuntimeError, match="not 'yes'"):
        IfCondition('yes').evaluate(context)


@pytest.mark.parametrize('wrong', [5, [5], None])
def test_text_is_text(wrong):
    with pytest.raises(TypeError, match='text'):
        PathJoinSubstitution(wrong)
