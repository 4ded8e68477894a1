from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from azure.data.tables import TableServiceClient

from local.azurite import Azurite, AzuriteError
from local.azurite.install import HERE, installed
from local.azurite.node import find_node

ROOT = Path(__file__).parents[2]


def answers(url: str) -> bool:
    try:
        requests.get(url, timeout=2)
    except requests.ConnectionError:
        return False
    return True


def test_all_three_services_answer_until_it_is_left() -> None:
    with Azurite() as azurite:
        urls = list(azurite.endpoints.values())
        assert [answers(url) for url in urls] == [True, True, True]
        with TableServiceClient.from_connection_string(azurite.connection_string) as tables:
            tables.create_table("things")
            assert [table.name for table in tables.list_tables()] == ["things"]
    assert [answers(url) for url in urls] == [False, False, False]


def test_started_again_it_is_back_on_its_ports_and_empty() -> None:
    azurite = Azurite()
    with azurite:
        before = azurite.connection_string
        with TableServiceClient.from_connection_string(before) as tables:
            tables.create_table("things")
    with azurite:
        assert azurite.connection_string == before
        with TableServiceClient.from_connection_string(before) as tables:
            assert list(tables.list_tables()) == []


def test_a_folder_keeps_the_data(tmp_path: Path) -> None:
    for expected in ([], ["things"]):
        with (
            Azurite(tmp_path) as azurite,
            TableServiceClient.from_connection_string(azurite.connection_string) as tables,
        ):
            assert [table.name for table in tables.list_tables()] == expected
            tables.create_table_if_not_exists("things")


def test_a_taken_port_is_named() -> None:
    with Azurite() as azurite:
        ports = [int(url.rpartition(":")[2]) for url in azurite.endpoints.values()]
        with pytest.raises(AzuriteError, match=f"port {ports[0]} is taken"), Azurite(ports=ports):
            pass


def test_it_ends_with_a_process_that_is_killed() -> None:
    code = (
        "import time; from local.azurite import Azurite\n"
        "a = Azurite().__enter__(); print(a.endpoints['Table'], flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        assert answers(url)
        os.kill(parent.pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while answers(url):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (HERE / "package-lock.json").read_text()


def test_an_installation_that_is_there_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    node = find_node()
    assert installed(node) == installed(node)
    assert capsys.readouterr().out == ""
