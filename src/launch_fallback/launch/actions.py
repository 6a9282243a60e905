"""All actions that the fallback offers."""

from ._flow import GroupAction, IncludeLaunchDescription, OpaqueFunction, TimerAction
from ._process import ExecuteProcess
from ._refuse import names_of
from ._settings import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    RegisterEventHandler,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
)

__all__ = [
    'DeclareLaunchArgument', 'EmitEvent', 'ExecuteProcess', 'GroupAction',
    'IncludeLaunchDescription', 'LogInfo', 'OpaqueFunction', 'RegisterEventHandler',
    'SetEnvironmentVariable', 'SetLaunchConfiguration', 'Shutdown', 'TimerAction',
]
__getattr__ = names_of(__name__)
