"""P2 under interleaving: whatever happens between two steps of a pass, all ends in the truth.

The pass under test is carried out here, beside the running service, so that something else can happen at exactly
the wrong moment. Nothing is replaced: every step is the product's own.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from azure.core.exceptions import ServiceRequestError

from local.client import Browser
from local.microsoft import remote
from shared.bootstrap import Services
from shared.functions.microsoft_admin import note_opening
from shared.messages import CalendarSync, DirectorySync, Reason
from shared.model import Member
from tests.scenarios.company import Company, waits

Arrange = Callable[[object, str, Callable[[], object]], None]


@pytest.fixture
def just_before(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Let something happen once, just before a step of a pass."""

    def arrange(part: object, step: str, happens: Callable[[], object]) -> None:
        real = getattr(part, step)

        def interrupted(*args: Any) -> Any:
            monkeypatch.setattr(part, step, real)
            happens()
            return real(*args)

        monkeypatch.setattr(part, step, interrupted)

    return arrange


def sync_calendar(services: Services, company: Company, name: str, reason: Reason = Reason.NOTIFIED) -> None:
    now = datetime.now(UTC)
    services.calendar_syncs.run(CalendarSync(company.tenant, (company.object_id(name),), now, reason))


def sync_directory(services: Services, company: Company) -> None:
    services.directory_syncs.run(DirectorySync(company.org, company.tenant, datetime.now(UTC)))


def test_rosters_put_at_once_end_as_one_of_them(company: Company) -> None:
    people = [
        {"id": f"m{n}", "name": "x", "addresses": [f"m{n}@{company.domain}"], "time_zone": None} for n in range(300)
    ]
    answers: list[int] = []

    def put() -> None:
        answers.append(company.client("service").call("PUT", "/api/members", {"members": people}).status_code)

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 200 in answers
    assert set(answers) <= {200, 409}
    assert len(company.states()) == 300


def test_who_comes_back_while_their_mailbox_is_let_go_is_subscribed_anew(
    connected: Company, just_before: Arrange
) -> None:
    services, key = connected.services(), connected.mailbox("ann")
    mailboxes = services.tables.mailboxes
    mailboxes.change(key, lambda found: found and replace(found, members=()))
    back = lambda: mailboxes.change(key, lambda m: m and replace(m, members=(connected.member("ann"),)))  # noqa: E731
    just_before(mailboxes, "release", back)
    sync_calendar(services, connected, "ann")
    assert connected.subscriptions("ann") == []
    sync_calendar(services, connected, "ann")
    assert len(connected.subscriptions("ann")) == 1
    connected.meet("ann")
    assert connected.becomes_true("ann")


def test_a_mailbox_read_before_its_connection_is_written_ends_connected(
    connected: Company, just_before: Arrange
) -> None:
    services = connected.services()
    connected.hire("eva")
    services.tables.members.put(connected.org, "eva", Member("eva", "Eva", (f"eva@{connected.domain}",)))
    just_before(services.tables.connections, "save_all", lambda: sync_calendar(services, connected, "eva"))
    sync_directory(services, connected)
    assert connected.reaches("eva", "connected")


def test_a_renewal_asked_for_is_made_though_a_notification_was_faster(connected: Company) -> None:
    services, asked = connected.services(), datetime.now(UTC)
    connected.drop_subscriptions("ann")
    sync_calendar(services, connected, "ann")
    ann = connected.object_id("ann")
    services.calendar_syncs.run(CalendarSync(connected.tenant, (ann,), asked, Reason.REMOVED))
    assert len(connected.subscriptions("ann")) == 1


def test_a_subscription_made_during_a_read_is_not_forgotten_by_it(connected: Company, just_before: Arrange) -> None:
    services = connected.services()

    def renewed_elsewhere() -> None:
        """By somebody who takes the read for dead."""
        key = connected.mailbox("ann")
        services.tables.mailboxes.change(key, lambda m: m and replace(m, claimed_at=None))
        connected.drop_subscriptions("ann")
        sync_calendar(connected.services(), connected, "ann", Reason.REMOVED)

    just_before(services.calendar_syncs._reads._views, "read", renewed_elsewhere)
    sync_calendar(services, connected, "ann")
    row = services.tables.mailboxes.row(connected.mailbox("ann"))
    assert row is not None
    assert [row.value.push.subscription_id] == connected.subscriptions("ann")


def test_an_overtaken_directory_pass_does_not_turn_the_tenant_back(connected: Company, just_before: Arrange) -> None:
    services = connected.services()
    tenants = services.tables.tenants
    newer: list[object] = []

    def overtaken() -> None:
        connected.microsoft.change_user(connected.tenant, connected.object_id("ann"), display_name="New")
        sync_directory(connected.services(), connected)
        newer.append(tenants.get(connected.org, connected.tenant))

    just_before(services.directory_syncs._schedule, "read", overtaken)
    sync_directory(services, connected)
    assert [tenants.get(connected.org, connected.tenant)] == newer


def test_a_removed_member_is_forgotten_though_the_directory_is_down(connected: Company) -> None:
    fault = connected.microsoft.add_fault("/users/delta", tenant=connected.tenant, status=503, times=None)
    connected.backend.call("DELETE", "/api/members/ann").raise_for_status()
    before = len(connected.calendar_requests("ann"))
    connected.meet("ann")
    assert not waits(lambda: len(connected.calendar_requests("ann")) > before, 2)
    assert connected.rows("Calendars", f"{connected.org}|ann") == []
    assert waits(lambda: connected.subscriptions("ann") == [])
    connected.microsoft.clear_faults(fault)


def test_a_member_removed_while_their_calendar_is_read_leaves_nothing(
    connected: Company, just_before: Arrange
) -> None:
    services = connected.services()
    gone = lambda: connected.backend.call("DELETE", "/api/members/ann").raise_for_status()  # noqa: E731
    just_before(services.tables.calendars, "replace", gone)
    sync_calendar(services, connected, "ann")
    assert connected.rows("Calendars", f"{connected.org}|ann") == []
    assert waits(lambda: connected.subscriptions("ann") == [])
    assert set(connected.states()) == {"ben"}


def test_a_link_can_no_longer_be_revoked_once_its_tenant_is_being_recorded(
    company: Company, just_before: Arrange
) -> None:
    services, made = company.services(), company.admin.make_link()
    browser = Browser()
    answer = remote.consent(browser.sign_in(made["url"], company.admin_upn).headers["Location"], company.admin_upn)
    cookie = next(cookie.value for cookie in browser._session.cookies)
    revoked: list[int] = []
    path = f"/api/outlook/activation-links/{made['id']}"
    just_before(
        services.tables.tenants, "put", lambda: revoked.append(company.admin.call("DELETE", path).status_code)
    )
    services.activation.consented(dict(parse_qsl(urlsplit(answer).query)), cookie or "")
    assert revoked == [409]
    assert company.admin.link(made["id"])["step"] == "connected"
    assert len(company.admin.tenants()) == 1


def test_a_page_is_shown_though_its_opening_cannot_be_kept(company: Company, just_before: Arrange) -> None:
    """Somebody pressed the button between the look at the link and the note of it: the press stands."""
    made, services = company.admin.make_link(), company.services()
    token = made["url"].rpartition("/")[2]
    just_before(services.tables.activations, "replace", lambda: Browser().press(made["url"]))
    services.activation.note_opening(services.activation.open(token))
    assert company.admin.link(made["id"])["step"] == "started"


def test_a_page_is_shown_while_storage_writes_nothing(company: Company, just_before: Arrange) -> None:
    def fail() -> None:
        raise ServiceRequestError("storage is away")

    services, token = company.services(), company.admin.make_link()["url"].rpartition("/")[2]
    just_before(services.tables.activations, "replace", fail)
    note_opening(services, services.activation.open(token))
    note_opening(services, services.activation.open(token))
    assert services.activation.open(token).value.opened_at is not None
