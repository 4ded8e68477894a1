"""`make dead-letters` and `make replay`: what an operator does about work that failed for good.

Against the local world, or with `--url` and `--key` against a deployed app (docs/operations.md).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import requests

from local.host.http import Keys
from local.ports import Ports

Json = dict[str, Any]

COLUMNS = ("last", "times", "queue", "reason", "about", "id")


class Operator:
    """Calls the operator's API with a function key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = f"{url.rstrip('/')}/operations/dead-letters"
        self._session = requests.Session()
        self._session.headers["x-functions-key"] = key

    def dead_letters(self) -> list[Json]:
        """Every dead letter, the latest first."""
        found: list[Json] = self._call("GET")["dead_letters"]
        return found

    def replay(self) -> Json:
        """Put all of them back into their queues."""
        return self._call("POST", "/replay")

    def _call(self, method: str, path: str = "") -> Json:
        answer = self._session.request(method, self._url + path, timeout=60)
        answer.raise_for_status()
        found: Json = answer.json()
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """List or replay; returns the exit status."""
    given = _parser(os.environ).parse_args(arguments)
    operator = Operator(given.url, given.key)
    try:
        if given.what == "replay":
            done = operator.replay()
            print(f"{done['replayed']} replayed, {done['kept']} kept: what is no message can only be discarded.")
        else:
            print(table(operator.dead_letters()))
    except requests.HTTPError as error:
        print(f"{given.url} answered {error.response.status_code}; 401 means another --key.", file=sys.stderr)
        return 1
    except requests.RequestException as error:
        print(f"{given.url} does not answer ({type(error).__name__}); is `make run` up?", file=sys.stderr)
        return 1
    return 0


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.operate", description=__doc__)
    parser.add_argument("what", choices=("list", "replay"))
    parser.add_argument("--url", default=f"http://localhost:{Ports.usual(environ).port}", help="of the service")
    parser.add_argument("--key", default=Keys.of(environ).function, help="a function key of the app")
    return parser


def table(letters: Iterable[Json]) -> str:
    """The dead letters in columns."""
    rows = [_cells(letter) for letter in letters]
    if not rows:
        return "No dead letters."
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in (COLUMNS, *rows))
    return "\n".join(lines)


def _cells(letter: Json) -> tuple[str, ...]:
    about = " ".join(filter(None, (letter["org"], letter["tenant"], *letter["mailboxes"]))) or "(no message)"
    return letter["last_at"][:19], str(letter["times"]), letter["queue"], letter["reason"], about, letter["id"]


if __name__ == "__main__":
    raise SystemExit(main())
