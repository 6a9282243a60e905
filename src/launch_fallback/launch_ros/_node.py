"""Actions that run ROS nodes and set names and parameters for them."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

from launch import _log
from launch._base import Action, LaunchContext, SomeText, pieces, text_of
from launch.actions import ExecuteProcess

from .parameter_descriptions import evaluate_named, parameter_argument
from .substitutions import ExecutableInPackage


def joined_namespace(outer: Optional[str], inner: Optional[str]) -> Optional[str]:
    """Return an absolute namespace from an outer and an inner one, either of which may miss."""
    if not outer and inner is None:
        return None
    parts = [inner] if inner and inner.startswith('/') else [outer or '', inner or '']
    joined = '/' + '/'.join(part.strip('/') for part in parts if part.strip('/'))
    if not re.fullmatch(r'/|(/[A-Za-z_]\w*)+', joined, re.ASCII):
        raise RuntimeError(f"'{joined}' is not a valid namespace")
    return joined


class Node(ExecuteProcess):
    """Runs a node of a package, or an executable given by its path, with ROS arguments."""

    def __init__(self, *, executable: SomeText, package: Optional[SomeText] = None,
                 name: Optional[SomeText] = None, namespace: Optional[SomeText] = None,
                 exec_name: Optional[SomeText] = None, parameters: Optional[list] = None,
                 remappings: Optional[Iterable[tuple[SomeText, SomeText]]] = None,
                 ros_arguments: Optional[Iterable[SomeText]] = None,
                 arguments: Optional[Iterable[SomeText]] = None, **kwargs: Any) -> None:
        program = executable if package is None else ExecutableInPackage(executable, package)
        ros = [] if ros_arguments is None else ['--ros-args', *ros_arguments]
        super().__init__(cmd=[program, *(arguments or ()), *ros], name=exec_name, **kwargs)
        if parameters is not None and not isinstance(parameters, list):
            raise TypeError('parameters is a list of dictionaries and parameter files')
        self.node_package, self.node_executable = package, executable
        self._node_name, self._namespace = name, namespace
        self._parameters = parameters or []
        self._remappings = [(pieces(old), pieces(new)) for old, new in remappings or ()]
        self.node_name = ''
        self.expanded_node_namespace: Optional[str] = None

    def command(self, context: LaunchContext) -> list[str]:
        name = None if self._node_name is None else text_of(context, self._node_name)
        if name is not None and not re.fullmatch(r'[A-Za-z_]\w*', name, re.ASCII):
            raise RuntimeError(f"'{name}' is not a valid node name")
        given = None if self._namespace is None else text_of(context, self._namespace)
        values = context.launch_configurations
        namespace = joined_namespace(values.get('ros_namespace'), given)
        self.expanded_node_namespace = namespace
        whole = None if None in (name, namespace) else f'{namespace.rstrip("/")}/{name}'
        self.node_name = whole or name or ''
        ros = [] if name is None else ['-r', f'__node:={name}']
        ros += [] if namespace is None else ['-r', f'__ns:={namespace}']
        for parameter, value in values.get('global_params', ()):
            ros += ['-p', f'{parameter}:={value}']
        for path in (parameter_argument(context, given, whole) for given in self._parameters):
            if Path(path).is_file():
                ros += ['--params-file', path]
            else:
                _log.tell('WARNING', 'launch_ros', f"there is no parameter file '{path}'")
        for old, new in self._remappings:
            ros += ['-r', f'{text_of(context, old)}:={text_of(context, new)}']
        return [*super().command(context), '--ros-args', *ros]


class PushROSNamespace(Action):
    """Puts a namespace in front of those of all nodes until the end of the group."""

    def __init__(self, namespace: SomeText, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.namespace = pieces(namespace)

    def execute(self, context: LaunchContext) -> None:
        values = context.launch_configurations
        values['ros_namespace'] = joined_namespace(
            values.get('ros_namespace'), text_of(context, self.namespace))


PushRosNamespace = PushROSNamespace


class SetParameter(Action):
    """Sets a parameter of all nodes that follow in the group."""

    def __init__(self, name: SomeText, value: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name, self.value = pieces(name), value

    def execute(self, context: LaunchContext) -> None:
        name = text_of(context, self.name)
        value = evaluate_named(context, name, self.value)
        if isinstance(value, list):
            raise RuntimeError('SetParameter cannot take a list: Jazzy hands it to the nodes as '
                               "the text of a tuple; put it into the node's parameters")
        # One list, added to in place, as in Jazzy: set within a group after one was set outside,
        # a parameter is still there after the group. Launch files must not come to rely on less.
        parameters = context.launch_configurations.setdefault('global_params', [])
        parameters.append((name, value))
