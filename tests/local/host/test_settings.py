from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from local.host.account import Account
from local.host.settings import HostError, HostOptions, QueueOptions, read_json, resolve
from local.host.timespan import timespan

ROOT = Path(__file__).parents[3]


def test_an_empty_host_json_means_the_real_hosts_defaults() -> None:
    options = HostOptions.parse({"version": "2.0"})
    assert (options.route_prefix, options.max_concurrent_requests) == ("api", 100)
    assert options.queues == QueueOptions(16, 8, 5, timedelta(), timedelta(minutes=1), base64=True)


def test_the_threshold_follows_the_batch_size() -> None:
    assert QueueOptions.parse({"batchSize": 4}).new_batch_threshold == 2


def test_the_projects_own_host_json_is_understood() -> None:
    options = HostOptions.parse(read_json(ROOT / "host.json"))
    assert options.route_prefix == ""
    assert options.queues == QueueOptions(16, 8, 5, timedelta(seconds=30), timedelta(seconds=1), base64=True)


@pytest.mark.parametrize("queues", [{"batchSize": "many"}, {"visibilityTimeout": "soon"}])
def test_a_wrong_value_in_host_json_is_reported(queues: dict[str, str]) -> None:
    with pytest.raises(HostError, match=r"host\.json"):
        HostOptions.parse({"extensions": {"queues": queues}})


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "host.json").write_text(text)
    with pytest.raises(HostError, match=r"host\.json"):
        read_json(tmp_path / "host.json")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("00:00:30", timedelta(seconds=30)),
        ("00:00:00.25", timedelta(milliseconds=250)),
        ("1:30", timedelta(hours=1, minutes=30)),
        ("2.03:00:00", timedelta(days=2, hours=3)),
        ("24:00:00", timedelta(days=24)),
    ],
)
def test_durations_read_as_in_dot_net(text: str, expected: timedelta) -> None:
    assert timespan(text) == expected


def test_references_to_settings_are_replaced() -> None:
    assert resolve("a-%X%-%Y%", {"X": "1", "Y": "2"}) == "a-1-2"


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("UseDevelopmentStorage=true", "http://127.0.0.1:10001/devstoreaccount1"),
        ("AccountName=a;AccountKey=AAAA;EndpointSuffix=x.net", "https://a.queue.x.net"),
        ("AccountName=a;AccountKey=AAAA;QueueEndpoint=http://h:1/a/;", "http://h:1/a"),
    ],
)
def test_a_connection_string_says_where_the_queues_are(text: str, endpoint: str) -> None:
    assert Account.parse(text).endpoint == endpoint


def test_a_connection_string_without_a_key_is_refused_without_being_repeated() -> None:
    with pytest.raises(HostError) as refused:
        Account.parse("AccountName=a;Key=s3cret")
    assert "s3cret" not in str(refused.value)
