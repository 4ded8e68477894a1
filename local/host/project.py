"""A Functions project on disk: its settings, its host.json and the app in its function_app.py."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path

import azure.functions as func

from local.host.settings import HostError, read_json


def load_settings(root: Path, environment: MutableMapping[str, str]) -> None:
    """Copy the values of local.settings.json into the environment, where they do not replace what is set."""
    values = read_json(root / "local.settings.json").get("Values", {})
    for name, value in values.items():
        environment.setdefault(name, str(value))


def load_app(root: Path) -> func.FunctionApp:
    """Import function_app.py of `root` and return the one app it defines."""
    sys.path.insert(0, str(root))
    os.chdir(root)
    try:
        module = importlib.import_module("function_app")
    except Exception as error:
        raise HostError(_import_failure(error, root)) from error
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    if len(apps) != 1:
        raise HostError(f"function_app.py must define exactly one FunctionApp, it defines {len(apps)}")
    return apps[0]


def _import_failure(error: Exception, root: Path) -> str:
    """Say why the import failed: the app's own errors speak for themselves, others need their traceback."""
    if is_own(error, root):
        return str(error)
    return f"{''.join(traceback.format_exception(error))}function_app.py could not be imported: {error!r}"


def is_own(error: Exception, root: Path) -> bool:
    """Whether the exception's class is defined by the project rather than by Python or a library."""
    file = getattr(sys.modules.get(type(error).__module__), "__file__", None)
    if file is None:
        return False
    path = Path(file).resolve()
    return path.is_relative_to(root) and "site-packages" not in path.parts
