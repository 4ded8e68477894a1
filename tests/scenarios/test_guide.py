"""Every command of docs/api.md works as written, and answers what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.host.http import Keys
from local.stack import ROOT, Stack
from tests.scenarios.company import Company
from tests.scenarios.conftest import connected_company

GUIDE = (ROOT / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```\n```json\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)

FIXED = ("$", "type", "title", "status", "detail", "field", "reason", "member", "added", "changed", "unchanged")
"""The whole answer where it is a bare status, and fields that hold the same wherever the command is run."""


Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def done(stack: Stack) -> Iterator[dict[str, Done]]:
    """All commands, carried out for one customer in the order of the guide."""
    customer = connected_company(stack)
    yield {command: run(command, customer) for command, _ in BLOCKS}
    customer.retire()


def run(command: str, company: Company) -> Done:
    values = {
        "URL": company.stack.url,
        "TOKEN": company.token("owner", "olga"),
        "MEMBER_TOKEN": company.token("user", "ann"),
        "SERVICE_TOKEN": company.token("service"),
        "KEY": Keys.of(company.stack.settings).function,
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        env=os.environ | values, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def differences(said: Any, told: Any, where: str = "$") -> list[str]:
    """Where the answer is of another shape, or says another of the things that are `FIXED`."""
    if said is None or told is None:
        return []
    if isinstance(said, dict) and isinstance(told, dict):
        missing = [f"{where}.{name}" for name in said.keys() ^ told.keys()]
        return missing + [d for name in said.keys() & told.keys() for d in differences(said[name], told[name], name)]
    if isinstance(said, list) and isinstance(told, list):
        return [d for one, other in zip(said, told, strict=False) for d in differences(one, other, f"{where}[]")]
    return [f"{where}: {told}"] if type(said) is not type(told) or (where in FIXED and said != told) else []


@pytest.mark.parametrize(("command", "said"), BLOCKS, ids=[said.split("\n")[0][:40] for _, said in BLOCKS])
def test_a_command_answers_what_the_guide_says(done: dict[str, Done], command: str, said: str) -> None:
    ended = done[command]
    assert (ended.returncode, ended.stderr) == (0, "")
    assert differences(json.loads(said), json.loads(ended.stdout)) == []


def test_every_command_of_the_guide_is_run() -> None:
    assert len(BLOCKS) == GUIDE.count("```sh") >= 15


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
