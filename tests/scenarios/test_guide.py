"""Every command of docs/api.md works as written, and answers what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from local.host.http import Keys
from local.microsoft.world import PRIMARY_CALENDAR
from local.stack import ROOT, Stack
from tests.scenarios.company import Company, today, waits
from tests.scenarios.conftest import connected_company

GUIDE = (ROOT / "docs" / "api.md").read_text()
CONTOSO, MONDAY = "contoso.com", "2026-12-07"
"""What the guide says for the company's domain and for `$DAY`."""
BLOCKS = re.findall(r"^```sh\n(.*?)^```\n```(?:json|csv)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)

FIXED = frozenset((
    "$", "type", "title", "status", "detail", "field", "reason", "member", "added", "changed", "unchanged", "name",
    "ok", "because", "is_open", "freshness", "state", "may_disconnect", "may_reconnect", "members", "disconnected",
    "busy_times", "held", "connected", "without_calendar", "version", "cancelled_by", "response",
))  # fmt: skip
"""The whole answer where it is a bare status or a table's head, and what is the same wherever the command is run."""
MORE = "..."
"""Stands for further fields, which the guide shows elsewhere."""


class Walk:
    """A customer for whom the commands are carried out in the order of the guide, as far as they are asked for."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self._commands = iter([command for command, _ in BLOCKS])
        self._answers: dict[str, Any] = {}

    def answer(self, command: str) -> Any:
        while command not in self._answers:
            following = next(self._commands)
            self._answers[following] = run(following, self.company)
        return self._answers[command]


@pytest.fixture(scope="module")
def walk(stack: Stack) -> Iterator[Walk]:
    company = connected_company(stack)
    company.hire("zoe")
    company.meet("ann")
    assert company.becomes_true("ann")
    yield Walk(company)
    company.retire()


def run(command: str, company: Company) -> Any:
    """The answer; when this returns, what it says is under way has happened."""
    values = {
        "URL": company.stack.url,
        "TOKEN": company.token("owner", "olga"),
        "MEMBER_TOKEN": company.token("user", "ann"),
        "SERVICE_TOKEN": company.token("service"),
        "KEY": Keys.of(company.stack.settings).function,
        "DAY": f"{today() + timedelta(days=1):%F}",
        "TENANT": company.tenant,
        "USER": company.object_id("ann"),
        "CALENDAR": PRIMARY_CALENDAR,
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.replace(CONTOSO, company.domain)],
        env=os.environ | values, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    if '"state":"connecting"' in done.stdout:
        assert waits(lambda: set(company.states().values()) == {"connected"})
    return meant(done.stdout.lstrip("\ufeff").replace(company.domain, CONTOSO).replace(values["DAY"], MONDAY))


def meant(text: str) -> Any:
    """What the text says: JSON, or a table, of which only the head is compared."""
    try:
        return json.loads(text)
    except ValueError:
        return text.splitlines()[0]


def differences(said: Any, told: Any, where: str = "$") -> list[str]:
    """Where the answer is of another shape, or says another of the things that are `FIXED`."""
    if said is None or told is None:
        return []
    if isinstance(said, dict) and isinstance(told, dict):
        unlike = said.keys() - told.keys() - {MORE} if MORE in said else said.keys() ^ told.keys()
        missing = [f"{where}.{name}" for name in unlike]
        return missing + [d for name in said.keys() & told.keys() for d in differences(said[name], told[name], name)]
    if isinstance(said, list) and isinstance(told, list):
        return [d for one, other in zip(said, told, strict=False) for d in differences(one, other, f"{where}[]")]
    return [f"{where}: {told}"] if type(said) is not type(told) or (where in FIXED and said != told) else []


@pytest.mark.parametrize(
    ("command", "said"), BLOCKS, ids=[command.partition("$URL")[2].split()[0] for command, _ in BLOCKS]
)
def test_a_command_answers_what_the_guide_says(walk: Walk, command: str, said: str) -> None:
    assert differences(meant(said), walk.answer(command)) == []


def test_every_command_of_the_guide_is_run() -> None:
    assert len(BLOCKS) == GUIDE.count("```sh") >= 45


def test_another_answer_would_be_noticed() -> None:
    said = {"a": [{"status": 1}], "type": "x", "c": "text"}
    assert differences(said, {"a": [{"status": 1}], "type": "x", "c": "other"}) == []
    for told in ({"a": [{"status": 2}]}, {"a": [{}]}, {"a": [{"status": "1"}]}, {"type": "y"}, {"c": 1}, {"d": 1}):
        assert differences(said, said | told) != []


def test_the_page_shows_every_call_of_the_served_document(stack: Stack) -> None:
    page = requests.get(f"{stack.url}/docs", timeout=30)
    document = requests.get(f"{stack.url}/api/openapi.json", timeout=30).json()
    assert document["servers"] == [{"url": stack.url}]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            assert f'id="{call["operationId"]}"' in page.text
            assert f"<strong>{method.upper()}</strong> <code>{path}</code>" in page.text
