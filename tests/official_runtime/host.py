"""The host's side: starts a worker process and speaks with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from local.stack import ROOT

Json = dict[str, Any]


class InvocationFailed(Exception):
    """The function raised; the message is what the host would log."""


@dataclass(frozen=True)
class Answer:
    """What an HTTP function answered, and what its output bindings carry."""

    status: int
    headers: Mapping[str, str]
    cookies: list[Json]
    body: str
    outputs: Mapping[str, Json]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class OfficialRuntime:
    """The official worker library with our app, as a context manager."""

    def __init__(self, environment: Mapping[str, str], root: Path = ROOT) -> None:
        self._environment = environment
        self._root = root
        self.functions: dict[str, list[Json]] = {}

    def __enter__(self) -> Self:
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "tests.official_runtime.worker"],
            cwd=ROOT,
            env=dict(self._environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.communicate()

    def index(self) -> str | None:
        """Let it import the app; the error, if there is one."""
        answer = self._ask(do="index", root=str(self._root))
        self.functions = answer.get("functions", {})
        error: str | None = answer.get("error")
        return error

    def call(self, function: str, method: str, path: str, *, body: Any = None, **headers: str) -> Answer:
        """Call an HTTP function; its route parameters are found by laying its route over the path."""
        parts = urlsplit(path)
        request = {
            "method": method,
            "url": f"https://localhost{path}",
            "headers": {name.lower(): value for name, value in headers.items()},
            "query": dict(parse_qsl(parts.query)),
            "params": self._route_params(function, parts.path),
            "body": "" if body is None else json.dumps(body),
        }
        answer = self._invoke(function, {"req": {"http": request}})
        returned = answer["returned"]["http"]
        return Answer(
            status=int(returned["status_code"]),
            headers={name.lower(): value for name, value in returned["headers"].items()},
            cookies=returned["cookies"] or [],
            body=returned["body"]["bytes"],
            outputs=answer["outputs"],
        )

    def deliver(self, function: str, message: str) -> None:
        """Run a queue function with a message's text."""
        self._invoke(function, {"message": {"string": message}})

    def fire(self, function: str) -> None:
        """Run a timer function."""
        self._invoke(function, {"timer": {"json": json.dumps({"IsPastDue": False, "Schedule": {}})}})

    def _route_params(self, function: str, path: str) -> dict[str, str]:
        route = next(binding["route"] for binding in self.functions[function] if "route" in binding)
        pairs = zip(route.strip("/").split("/"), path.strip("/").split("/"), strict=True)
        return {name.strip("{}"): part for name, part in pairs if name.startswith("{")}

    def _invoke(self, function: str, data: Json) -> Json:
        answer = self._ask(do="invoke", function=function, data=data)
        if "error" in answer:
            raise InvocationFailed(answer["error"])
        return answer

    def _ask(self, **question: Any) -> Json:
        assert self._worker.stdin
        assert self._worker.stdout
        print(json.dumps(question), file=self._worker.stdin, flush=True)
        line = self._worker.stdout.readline()
        assert line, "the worker has ended; its message is in the captured standard error"
        answer: Json = json.loads(line)
        return answer
