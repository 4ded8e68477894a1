"""The platform is told of every change of a connection or tenant: signed, in order, none lost, nothing private."""

from __future__ import annotations

from itertools import pairwise

from tests.scenarios.company import Company, Json, waits


def heard(company: Company, name: str | None = None) -> list[str]:
    return company.stack.platform.events.states(company.org, name)


def hears(company: Company, name: str, state: str) -> bool:
    """Whether the platform soon hears that the member is in this state."""
    return waits(lambda: heard(company, name)[-1:] == [state])


def switch(company: Company, name: str, *, on: bool) -> None:
    """Switch a directory account off or on, and have the directory looked at."""
    company.microsoft.change_user(company.tenant, company.object_id(name), account_enabled=on)
    company.resync()


def data(company: Company, name: str) -> list[Json]:
    return [event["data"] for event in company.stack.platform.events.of(company.org, name)]


def test_connecting_a_tenant_is_told_of_it_and_of_every_member(company: Company) -> None:
    company.add("ann", "ben")
    company.join("stranger")
    company.connect()
    assert hears(company, "ann", "connected")
    assert hears(company, "ben", "connected")
    assert hears(company, "stranger", "not_matched")
    assert waits(lambda: heard(company) == ["connecting", "connected"])
    assert heard(company, "ann") == ["connecting", "connected"]
    assert company.stack.platform.events.forged == 0


def test_an_event_says_what_the_list_of_members_says(connected: Company) -> None:
    switch(connected, "ann", on=False)
    assert hears(connected, "ann", "disabled_in_directory")
    (listed,) = [member for member in connected.admin.members() if member["id"] == "ann"]
    told = data(connected, "ann")[-1]
    for field in ("state", "state_text", "next_step", "detail", "tenant"):
        assert told[field] == listed[field]
    assert told["previous_state"] == "connected"


def test_events_hold_no_address_token_or_text_of_an_event(connected: Company) -> None:
    connected.meet("ann", subject="SECRET-merger")
    assert connected.becomes_true("ann")
    assert hears(connected, "ann", "connected")
    told = str(connected.stack.platform.events.of(connected.org))
    for private in ("@", "SECRET", "eyJ", connected.domain, connected.object_id("ann")):
        assert private not in told


def test_what_is_refused_is_told_later_in_order(connected: Company) -> None:
    assert hears(connected, "ann", "connected")
    connected.stack.platform.events.refuse(500, times=1)
    switch(connected, "ann", on=False)
    assert connected.reaches("ann", "disabled_in_directory")
    switch(connected, "ann", on=True)
    assert waits(lambda: len(data(connected, "ann")) == 5)
    changes = data(connected, "ann")
    assert [change["state"] for change in changes[-3:]] == ["disabled_in_directory", "connecting", "connected"]
    assert all(after["previous_state"] == before["state"] for before, after in pairwise(changes))
    assert all(after["sequence"] > before["sequence"] for before, after in pairwise(changes))


def test_who_leaves_the_roster_is_not_told_of(connected: Company) -> None:
    assert hears(connected, "ann", "connected")
    connected.backend.call("DELETE", "/api/members/ann").raise_for_status()
    switch(connected, "ben", on=False)
    assert hears(connected, "ben", "disabled_in_directory")
    assert heard(connected, "ann") == ["connecting", "connected"]
