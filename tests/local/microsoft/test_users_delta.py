"""Directory delta: facts, section 4.3, and fault F5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.microsoft.faults import Fault, Twist
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.world import World

from .conftest import ADELE

Get = Callable[..., requests.Response]
DELTA = "/users/delta?$select=id,displayName,mail,proxyAddresses"
BRAM = "bram.de.vries@contoso.com"
WEEK = 7 * 86_400


def round_of(graph: Get, link: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """All entries of a round, and its deltaLink."""
    entries: list[dict[str, Any]] = []
    while True:
        body = graph(link, **headers).json()
        entries += body["value"]
        if "@odata.deltaLink" in body:
            return entries, body["@odata.deltaLink"]
        link = body["@odata.nextLink"]


@pytest.fixture
def baseline(graph: Get) -> str:
    """The deltaLink after a full round."""
    return round_of(graph, DELTA)[1]


def test_a_full_round_holds_everybody(graph: Get, remote: Microsoft, world: World) -> None:
    remote.set_switches(users_delta_page_size=7)
    entries, _ = round_of(graph, DELTA)
    assert {entry["id"] for entry in entries} == set(world.tenants[CONTOSO].users)
    removed = [entry for entry in entries if "@removed" in entry]
    assert [entry["@removed"] for entry in removed] == [{"reason": "changed"}]


def test_properties_never_set_are_absent(graph: Get, world: World) -> None:
    entries, _ = round_of(graph, DELTA)
    nora = world.find_user(CONTOSO, "nora.nomail@contoso.com")
    assert nora is not None
    entry = next(entry for entry in entries if entry["id"] == nora.id)
    assert set(entry) == {"id", "displayName"}


def test_nothing_new_is_an_empty_round_with_a_new_link(graph: Get, baseline: str) -> None:
    entries, link = round_of(graph, baseline)
    assert entries == []
    assert "$deltatoken=" in link


def test_changes_come_as_whole_entries(graph: Get, remote: Microsoft, baseline: str) -> None:
    remote.change_user(CONTOSO, ADELE, display_name="Adele New")
    (entry,), _ = round_of(graph, baseline)
    assert (entry["displayName"], entry["mail"]) == ("Adele New", ADELE)


def test_a_property_taken_away_is_null(graph: Get, remote: Microsoft, baseline: str) -> None:
    remote.change_user(CONTOSO, ADELE, mail=None)
    (entry,), _ = round_of(graph, baseline)
    assert entry["mail"] is None


def test_minimal_answers_hold_only_what_changed(graph: Get, remote: Microsoft) -> None:
    _, link = round_of(graph, DELTA, Prefer="return=minimal")
    remote.change_user(CONTOSO, ADELE, display_name="Adele New")
    (entry,), _ = round_of(graph, link, Prefer="return=minimal")
    assert set(entry) == {"id", "displayName"}


def test_changes_outside_select_are_no_changes(graph: Get, remote: Microsoft, baseline: str) -> None:
    remote.change_user(CONTOSO, ADELE, account_enabled=False)
    assert round_of(graph, baseline)[0] == []


def test_a_deletion_is_first_restorable_then_final(graph: Get, remote: Microsoft, baseline: str) -> None:
    adele = remote.delete_user(CONTOSO, ADELE)["id"]
    entries, link = round_of(graph, baseline)
    assert entries == [{"id": adele, "@removed": {"reason": "changed"}}]
    remote.restore_user(CONTOSO, ADELE)
    (restored,), link = round_of(graph, link)
    assert (restored["id"], restored["displayName"]) == (adele, "Adele Vance")
    remote.delete_user(CONTOSO, ADELE, permanently=True)
    assert round_of(graph, link)[0] == [{"id": adele, "@removed": {"reason": "deleted"}}]


def test_a_change_during_a_round_is_not_lost(graph: Get, remote: Microsoft) -> None:
    remote.set_switches(users_delta_page_size=10)
    first = graph(DELTA).json()
    remote.change_user(CONTOSO, first["value"][0]["id"], display_name="Changed meanwhile")
    remote.delete_user(CONTOSO, first["value"][1]["id"], permanently=True)
    _, link = round_of(graph, first["@odata.nextLink"])
    later, _ = round_of(graph, link)
    assert [entry.get("displayName", "removed") for entry in later] == ["Changed meanwhile", "removed"]


def test_latest_starts_from_now_without_data(graph: Get, remote: Microsoft) -> None:
    entries, link = round_of(graph, DELTA + "&$deltatoken=latest")
    assert entries == []
    remote.change_user(CONTOSO, ADELE, display_name="Adele New")
    assert len(round_of(graph, link)[0]) == 1


def test_a_filter_may_name_ids(graph: Get, remote: Microsoft, world: World) -> None:
    adele, bram = world.find_user(CONTOSO, ADELE), world.find_user(CONTOSO, BRAM)
    assert adele is not None
    assert bram is not None
    entries, link = round_of(graph, f"{DELTA}&$filter=id eq '{adele.id}'")
    assert [entry["id"] for entry in entries] == [adele.id]
    for upn in (ADELE, BRAM):
        remote.change_user(CONTOSO, upn, display_name="New")
    assert [entry["id"] for entry in round_of(graph, link)[0]] == [adele.id]


@pytest.mark.parametrize("query", ["$top=5", "$orderby=mail", "$expand=manager", "$filter=mail eq 'x'"])
def test_unsupported_queries_are_refused(graph: Get, query: str) -> None:
    assert graph(f"{DELTA}&{query}").status_code == 400


def test_a_token_older_than_a_week_starts_over(graph: Get, remote: Microsoft, baseline: str) -> None:
    remote.advance(WEEK - 60)
    assert graph(baseline).status_code == 200
    remote.advance(120)
    answer = graph(baseline)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "syncStateNotFound")
    entries, _ = round_of(graph, answer.headers["Location"])
    assert len(entries) > 40
    assert {key for entry in entries for key in entry} <= {"id", "displayName", "mail", "proxyAddresses", "@removed"}


@pytest.mark.parametrize(
    ("switch", "status", "code"),
    [("410_resyncRequired", 410, "resyncRequired"), ("400_syncStateNotFound", 400, "syncStateNotFound")],
)
def test_expiry_can_be_ordered_also_within_a_round(
    graph: Get, remote: Microsoft, world: World, switch: str, status: int, code: str
) -> None:
    remote.set_switches(users_delta_page_size=10, directory_delta_expired=switch)
    remote.add_fault("/users/delta", twist="expired", skip=1)
    link = graph(graph(DELTA).json()["@odata.nextLink"]).json()["@odata.nextLink"]
    answer = graph(link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_bogus_token_is_refused(graph: Get) -> None:
    assert graph("/users/delta?$deltatoken=bogus").status_code == 400


@pytest.mark.parametrize("twist", ["empty_page", "duplicates", "replay"])
def test_ordered_noise_changes_nothing_in_the_end(graph: Get, remote: Microsoft, baseline: str, twist: Twist) -> None:
    remote.change_user(CONTOSO, ADELE, display_name="Adele New")
    remote.add_fault("/users/delta", twist=twist)
    first = graph(baseline).json()
    noisy = {"empty_page": 0, "duplicates": 2, "replay": 6}
    assert len(first["value"]) == noisy[twist]
    entries = first["value"] + (round_of(graph, first["@odata.nextLink"])[0] if twist == "empty_page" else [])
    assert "Adele New" in {entry.get("displayName") for entry in entries}


def test_a_late_change_comes_in_the_next_round(graph: Get, remote: Microsoft, baseline: str) -> None:
    remote.change_user(CONTOSO, ADELE, display_name="Adele New")
    remote.add_fault("/users/delta", twist="late")
    entries, link = round_of(graph, baseline)
    assert entries == []
    assert len(round_of(graph, link)[0]) == 1


def test_throttling_can_be_ordered_for_delta(graph: Get, world: World) -> None:
    world.faults.add(Fault("/users/delta", status=429, retry_after=3))
    answer = graph(DELTA)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
