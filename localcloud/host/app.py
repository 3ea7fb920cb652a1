"""Loads and indexes an app's `function_app.py` as the real worker does, and refuses what that one refuses."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import azure.functions as func

OFFERED = {"httpTrigger", "timerTrigger", "orchestrationTrigger", "activityTrigger"}
ALIASES = {"activityTrigger": "activity", "orchestrationTrigger": "orchestration"}
CLIENT = "durableClient"
NOT_OFFERED = {
    "orchestrationTrigger": {"call_http", "call_entity", "signal_entity"},
    CLIENT: {"signal_entity", "read_entity_state"},
}
"""Methods of the SDK's context and client that this host does not serve."""
STREAMS = "azurefunctions"
"""The package of azurefunctions-extensions-http-fastapi, whose Request and StreamingResponse Azure's worker offers."""
NO_STREAMS = (
    "HTTP streams (azurefunctions-extensions-http-fastapi) are not offered by this host. "
    "Use azure.functions.HttpRequest and HttpResponse."
)


class AppError(Exception):
    """The app can't be run; `findings` says all that is wrong, each with where and how to mend it."""

    def __init__(self, *findings: str) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


def missing(name: str, kind: str) -> str:
    """What Azure says when an orchestrator or a caller names a function that there is not."""
    what = {"activity": "an activity", "sub-orchestration": "an orchestrator"}[kind]
    return f"The function '{name}' doesn't exist, is disabled, or is not {what} function."


@dataclass(frozen=True)
class Function:
    """One function of the app. `trigger` and `bindings`: as function.json would have them."""

    name: str
    kind: str
    trigger: Mapping[str, Any]
    bindings: tuple[Mapping[str, Any], ...]
    call: Callable[..., Any]

    @property
    def parameter(self) -> str:
        """The name of the trigger's parameter."""
        return str(self.trigger["name"])

    @property
    def client(self) -> str | None:
        """The name of the durable client's parameter, where it has one."""
        return next((str(b["name"]) for b in self.bindings if b["type"] == CLIENT), None)

    @property
    def written(self) -> Callable[..., Any]:
        """What the app's author wrote, without the SDK's wrapping."""
        written: Callable[..., Any] = inspect.unwrap(getattr(self.call, "orchestrator_function", self.call))
        return written

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.call)

    @property
    def wants_context(self) -> bool:
        bound = {str(b["name"]) for b in self.bindings}
        return "context" not in bound and "context" in inspect.signature(self.call).parameters


@dataclass
class App:
    """The functions by (trigger type, lower-case name). `warnings`: what loads here and on Azure, and fails when
    it is called."""

    functions: list[Function]
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_name = {(f.kind, self._task_name(f).lower()): f for f in self.functions}

    @staticmethod
    def _task_name(function: Function) -> str:
        return str(function.trigger.get(ALIASES.get(function.kind, ""), None) or function.name)

    def find(self, kind: str, name: str) -> Function | None:
        return self._by_name.get((kind, name.lower()))

    def named(self, name: str) -> Function | None:
        return next((f for f in self.functions if f.name.lower() == name.lower()), None)

    def of_kind(self, kind: str) -> list[Function]:
        return [f for f in self.functions if f.kind == kind]


def load(folder: Path) -> App:
    """Imports `function_app.py` of the folder and indexes it. Raises AppError with every finding."""
    return index(_registers(_imported(folder)))


def _imported(folder: Path) -> types.ModuleType:
    path = folder / "function_app.py"
    if not path.is_file():
        raise AppError(f"{path}: there is no such file. Name the folder that has function_app.py and host.json.")
    sys.path.insert(0, str(folder))
    specification = importlib.util.spec_from_file_location("function_app", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["function_app"] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and str(error.name).startswith(STREAMS):
            raise AppError(f"{path}: {NO_STREAMS}") from error
        raise AppError(f"{path}: it can't be imported: {type(error).__name__}: {error}") from error
    return module


def _registers(module: types.ModuleType) -> Any:
    apps = {id(v): (k, v) for k, v in vars(module).items() if isinstance(v, func.FunctionRegister)}
    if len(apps) != 1:
        names = ", ".join(name for name, _ in apps.values()) or "none"
        raise AppError(
            f"function_app.py: it must have exactly one FunctionApp or DFApp at module level; found: {names}. "
            "Put further functions into a Blueprint and register that."
        )
    return next(iter(apps.values()))[1]


def index(register: Any) -> App:
    """The app's functions. Raises AppError with every finding."""
    try:
        built = register.get_functions()  # works once for each app object
    except ValueError as error:
        raise AppError(f"function_app.py: {error} Give each function a name of its own.") from error
    if not built:
        raise AppError("function_app.py: it has no function. Decorate at least one with a trigger.")
    functions = [_function(one) for one in built]
    findings = [finding for function in functions for finding in _refusals(function)]
    findings += _duplicates(functions)
    if findings:
        raise AppError(*findings)
    return App(functions, [warning for function in functions for warning in _warnings(function)])


def _function(built: Any) -> Function:
    trigger = built.get_trigger()
    name = built.get_function_name()
    if trigger is None:
        raise AppError(f"{name}: it has no trigger. Add a trigger's decorator.")
    return Function(
        name,
        trigger.get_dict_repr()["type"],
        trigger.get_dict_repr(),
        tuple(b.get_dict_repr() for b in built.get_bindings()),
        built.get_user_function(),
    )


def _duplicates(functions: list[Function]) -> list[str]:
    seen: set[str] = set()
    twice = [f.name for f in functions if f.name.lower() in seen or seen.add(f.name.lower())]  # type: ignore[func-returns-value]
    return [f"{name}: another function has this name (case does not count). Rename one of them." for name in twice]


def _refusals(function: Function) -> list[str]:
    where = function.name
    if function.kind not in OFFERED:
        offered = ", ".join(sorted(OFFERED))
        return [f"{where}: this host does not offer {function.kind}; it offers {offered}."]
    found = []
    if function.kind == "orchestrationTrigger" and function.parameter != "context":
        found.append(
            f'{where}: context_name="{function.parameter}" is refused by the worker. Name it "context", in the '
            "decorator and in the function."
        )
    kind = CLIENT if function.client else function.kind
    used = _names(getattr(function.written, "__code__", None))
    found += [
        f"{where}: it calls {name}, which this host does not offer. Use an activity for what it should do."
        for name in sorted(NOT_OFFERED.get(kind, set()) & used)
    ]
    return found + _signature_refusals(function)


def _names(code: types.CodeType | None) -> set[str]:
    """Every name that the code and what is defined within it use; none for what has no code of its own."""
    if code is None:
        return set()
    inner = [one for one in code.co_consts if isinstance(one, types.CodeType)]
    return set(code.co_names).union(*(_names(one) for one in inner))


def _signature_refusals(function: Function) -> list[str]:
    where, code = function.name, inspect.unwrap(function.call)
    parameters = set(inspect.signature(code).parameters) - ({"context"} if function.wants_context else set())
    bound = {str(b["name"]) for b in function.bindings if b.get("direction") != "OUT" and b["name"] != "$return"}
    found = [
        f"{where}: the parameter {name!r} is declared by a decorator and missing in the function. Add it."
        for name in sorted(bound - parameters)
    ]
    found += [
        f"{where}: the parameter {name!r} belongs to no binding (a default value does not help). Remove it."
        for name in sorted(parameters - {str(b["name"]) for b in function.bindings})
    ]
    for name, hint in _hints(code).items():
        if str(getattr(hint, "__module__", "")).startswith(f"{STREAMS}."):
            found.append(f"{where}: the parameter {name!r}: {NO_STREAMS}")
        if (name in bound and isinstance(hint, types.UnionType | types.GenericAlias)) or _is_optional(hint):
            found.append(
                f"{where}: the type of the parameter {name!r}, {hint}, is refused by the worker. Use a plain class, "
                "such as dict."
            )
    return found


def _hints(code: Callable[..., Any]) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(code)
    except Exception:  # a name that exists for type checkers only: the worker doesn't look behind it either
        return {}
    return {name: hint for name, hint in hints.items() if name != "return"}


def _is_optional(hint: Any) -> bool:
    return typing.get_origin(hint) is typing.Union


def _warnings(function: Function) -> list[str]:
    code = inspect.unwrap(function.call)
    if function.client and not inspect.iscoroutinefunction(code):
        return [
            f"{function.name}: it has a durable client and is not async: it will fail when it is called. "
            "Make it `async def`."
        ]
    if function.kind == "orchestrationTrigger" and inspect.iscoroutinefunction(code):
        return [
            f"{function.name}: an orchestrator that is `async def` will fail when it is called. "
            "Make it a plain generator."
        ]
    return []
