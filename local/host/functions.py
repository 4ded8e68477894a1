"""The functions an app declares, read from its decorators into the few facts the host needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import azure.functions as func

from local.host.settings import HostError, Settings, resolve

_TRIGGERS = ("httpTrigger", "timerTrigger", "queueTrigger")
_OUTPUTS = ("http", "queue")
_MAY_REFER = ("route", "queueName", "schedule")  # properties in which %NAME% stands for a setting
RETURN = "$return"


@dataclass(frozen=True, slots=True)
class Output:
    """A queue output binding; the name is the parameter it fills, or `$return`."""

    name: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what starts it, the code, and the queues it may write to."""

    name: str
    code: Callable[..., Any]
    kind: str
    trigger: Mapping[str, Any]
    outputs: Sequence[Output]

    @property
    def wants_context(self) -> bool:
        """Whether the code takes the invocation's `context`."""
        return "context" in inspect.signature(self.code).parameters

    @property
    def is_async(self) -> bool:
        """Whether the code runs on the event loop rather than in the thread pool."""
        return inspect.iscoroutinefunction(self.code)


def declared(app: func.FunctionApp, settings: Settings) -> list[Function]:
    """Read all functions of an app, save those that `AzureWebJobs.<name>.Disabled` switches off."""
    try:
        built = app.get_functions()
    except ValueError as error:
        raise HostError(str(error)) from error
    functions = [_function(one, settings) for one in built]
    return [f for f in functions if settings.get(f"AzureWebJobs.{f.name}.Disabled", "").lower() not in {"true", "1"}]


def _function(built: Any, settings: Settings) -> Function:
    name = str(built.get_function_name())
    trigger, outputs = None, []
    for binding in (_resolved(one.get_dict_repr(), settings) for one in built.get_bindings()):
        if binding["type"] in _TRIGGERS:
            trigger = binding
        elif binding["type"] not in _OUTPUTS:
            raise HostError(f"{name} uses a {binding['type']} binding, which only Azure Functions Core Tools can run")
        elif binding["type"] == "queue":
            outputs.append(Output(binding["name"], binding["queueName"], binding["connection"]))
    if trigger is None:
        raise HostError(f"{name} has no trigger")
    function = Function(name, built.get_user_function(), trigger["type"], trigger, outputs)
    _check_parameters(function)
    return function


def _resolved(binding: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    return {key: resolve(value, settings) if key in _MAY_REFER else value for key, value in binding.items()}


def _check_parameters(function: Function) -> None:
    """Refuse what the real worker refuses at load time: code and bindings that name different parameters."""
    wanted = {function.trigger["name"], *(o.name for o in function.outputs if o.name != RETURN)}
    given = set(inspect.signature(function.code).parameters) - {"context"}
    if wanted != given:
        raise HostError(
            f"{function.name} has the parameters {sorted(given)}, but its decorators bind {sorted(wanted)}",
        )
