"""Our app in the very library that Azure's Python worker runs it with, on real storage and a simulated Microsoft.

The library installs on CPython 3.13 and later, which is what Azure runs the app on.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from local.microsoft import remote
from local.microsoft.generate import Generated, generate
from local.microsoft.registration import register_app
from local.microsoft.world import World
from local.stack import Stack
from shared.client_state import ClientState
from shared.messages import (
    CALENDAR_BULK,
    CALENDAR_SYNC,
    DIRECTORY_SYNC,
    PLATFORM_EVENTS,
    CalendarSync,
    Reason,
    encode,
)
from shared.model import MailboxKey
from shared.storage.queue import API_VERSION
from tests.official_runtime.host import Answer, InvocationFailed, OfficialRuntime

INSTALLED = importlib.util.find_spec("azure_functions_runtime") is not None
MUST_RUN = sys.version_info >= (3, 13) and "CI" in os.environ

pytestmark = pytest.mark.skipif(
    not (INSTALLED or MUST_RUN), reason="azure-functions-runtime is not installed; it needs CPython 3.13 or later"
)

HTTP = {
    "create_activation_link": "POST api/outlook/activation-links",
    "list_activation_links": "GET api/outlook/activation-links",
    "revoke_activation_link": "DELETE api/outlook/activation-links/{link}",
    "list_tenants": "GET api/outlook/tenants",
    "explain_mailbox_scope": "GET api/outlook/mailbox-scope",
    "list_audit_entries": "GET api/outlook/audit",
    "resync_tenant": "POST api/outlook/tenants/{tenant}/resync",
    "preview_disconnection": "GET api/outlook/tenants/{tenant}/disconnect-preview",
    "disconnect_tenant": "DELETE api/outlook/tenants/{tenant}",
    "read_policy": "GET api/outlook/policy",
    "preview_policy": "POST api/outlook/policy/preview",
    "change_policy": "PATCH api/outlook/policy",
    "list_members": "GET api/outlook/members",
    "check_member": "POST api/outlook/members/{member}/check",
    "list_candidates": "GET api/outlook/members/{member}/candidates",
    "choose_match": "PUT api/outlook/members/{member}/match",
    "leave_match_to_addresses": "DELETE api/outlook/members/{member}/match",
    "exclude_member": "PUT api/outlook/members/{member}/exclusion",
    "include_member": "DELETE api/outlook/members/{member}/exclusion",
    "my_connections": "GET api/me/connections",
    "connect_own": "POST api/me/connections/outlook",
    "disconnect_me": "DELETE api/me/connections/{connection}",
    "reconnect_me": "POST api/me/connections/{connection}/reconnect",
    "choose_busy_statuses": "PUT api/me/busy-statuses",
    "list_my_calendars": "GET api/me/connections/{connection}/calendars",
    "select_my_calendars": "PUT api/me/connections/{connection}/calendars",
    "choose_booking_connection": "PUT api/me/booking-connection",
    "show_overview": "GET api/outlook",
    "replace_roster": "PUT api/members",
    "put_member": "PUT api/members/{member}",
    "remove_member": "DELETE api/members/{member}",
    "busy_times": "GET api/members/{member}/busy",
    "find_available_times": "POST api/available-times",
    "explain_times": "GET api/members/{member}/explain",
    "put_booking": "PUT api/members/{member}/bookings/{booking}",
    "read_booking": "GET api/members/{member}/bookings/{booking}",
    "cancel_booking": "DELETE api/members/{member}/bookings/{booking}",
    "open_activation_link": "GET activate/{token}",
    "begin_activation": "POST activate/{token}",
    "signed_in": "GET callback/sign-in",
    "consented": "GET callback/consent",
    "activated": "GET activated",
    "signed_in_with_own": "GET callback/personal",
    "connected_own": "GET connected",
    "change_notifications": "POST webhooks/graph > calendar-sync",
    "lifecycle_notifications": "POST webhooks/graph/lifecycle > calendar-sync",
    "list_dead_letters": "GET operations/dead-letters with a key",
    "replay_dead_letters": "POST operations/dead-letters/replay with a key",
    "replay_dead_letter": "POST operations/dead-letters/{queue}/{id}/replay with a key",
    "discard_dead_letter": "DELETE operations/dead-letters/{queue}/{id} with a key",
    "list_token_keys": "GET operations/token-keys with a key",
    "renew_tokens": "POST operations/token-keys/renewal with a key",
    "openapi": "GET api/openapi.json",
    "docs": "GET docs",
    "home": "GET /",
    "static_file": "GET static/{name}",
    "health": "GET health",
    "ready": "GET health/ready",
}
"""Method and route, whether the host asks for a function key, and the queue that an output binding fills."""
OTHERS = {
    "directory_sync": "queue directory-sync",
    "calendar_sync": "queue calendar-sync",
    "calendar_bulk": "queue calendar-bulk",
    "platform_events": "queue platform-events",
    "bookings": "queue bookings",
    "directory_sync_poison": "queue directory-sync-poison",
    "calendar_sync_poison": "queue calendar-sync-poison",
    "calendar_bulk_poison": "queue calendar-bulk-poison",
    "platform_events_poison": "queue platform-events-poison",
    "bookings_poison": "queue bookings-poison",
    "resync": "timer %RESYNC_SCHEDULE%",
}
EXPECTED = HTTP | OTHERS


class Place:
    """A local world without the service, and its one tenant's people; the official runtime is the service."""

    def __init__(self, stack: Stack, generated: Generated) -> None:
        self.stack = stack
        self.tenant = generated.tenant_id
        self.admin = generated.admin
        self.organization = generated.organization
        self._queues = QueueServiceClient.from_connection_string(
            stack.azurite.connection_string, api_version=API_VERSION
        )

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.stack.settings}

    def token(self, role: str) -> str:
        entitled = [self.stack.settings["ENTITLED_FEATURE"]]
        return f"Bearer {self.stack.platform.token(self.organization.id, role, features=entitled)}"

    def take(self, queue: str) -> list[str]:
        """The texts of all messages in a queue, which are gone then."""
        client = self._queues.get_queue_client(queue)
        try:
            messages = list(client.receive_messages(max_messages=32))
        except ResourceNotFoundError:
            return []
        for message in messages:
            client.delete_message(message)
        return [base64.b64decode(message.content).decode() for message in messages]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    generated = generate(users=3, events_per_user=5)

    def world(certificate: bytes, url: str) -> World:
        register_app(generated.world, certificate, url)
        return generated.world

    folder = tmp_path_factory.mktemp("stack")
    with Stack(make_world=world, organizations=[generated.organization], folder=folder) as stack:
        stack.stop_service()
        yield Place(stack, generated)


@pytest.fixture(scope="module")
def runtime(place: Place) -> Iterator[OfficialRuntime]:
    with OfficialRuntime(place.environment) as running:
        assert running.index() is None
        yield running


@pytest.fixture(scope="module")
def connected(place: Place, runtime: OfficialRuntime) -> Place:
    """The tenant, connected by its admin through a link."""
    for member in place.organization.members:
        body = {"name": member.name, "addresses": member.addresses, "time_zone": member.time_zone}
        path, token = f"/api/members/{member.id}", place.token("service")
        assert runtime.call("put_member", "PUT", path, body=body, authorization=token).status == 201
    link = make_link(place, runtime).json
    consented = walk(runtime, link["url"], place.admin)
    assert (consented.status, consented.headers["location"]) == (303, f"{place.stack.url}/activated")
    return place


def make_link(place: Place, runtime: OfficialRuntime) -> Answer:
    path = "/api/outlook/activation-links"
    return runtime.call("create_activation_link", "POST", path, body={}, authorization=place.token("owner"))


def walk(runtime: OfficialRuntime, link: str, admin: str) -> Answer:
    """A Microsoft admin's way through the link, up to the answer to their consent."""
    begun = runtime.call("begin_activation", "POST", path_of(link))
    cookie = f"{begun.cookies[0]['name']}={begun.cookies[0]['value']}"
    back = remote.sign_in(begun.headers["location"], admin)
    signed_in = runtime.call("signed_in", "GET", path_of(back), cookie=cookie)
    back = remote.consent(signed_in.headers["location"], admin)
    return runtime.call("consented", "GET", path_of(back), cookie=cookie)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def described(bindings: list[dict[str, object]]) -> str:
    """A function's bindings in the words of the table."""
    kinds = {str(binding["type"]): binding for binding in bindings}
    connections = {binding["connection"] for binding in bindings if "queueName" in binding}
    assert connections <= {"AzureWebJobsStorage"}
    if trigger := kinds.get("httpTrigger"):
        key = {"ANONYMOUS": "", "FUNCTION": " with a key"}[str(trigger["authLevel"])]
        methods = trigger["methods"]
        assert isinstance(methods, list)
        output = f" > {kinds['queue']['queueName']}" if "queue" in kinds else ""
        return f"{','.join(methods)} {trigger['route']}{key}{output}"
    if trigger := kinds.get("queueTrigger"):
        return f"queue {trigger['queueName']}"
    assert not kinds["timerTrigger"]["runOnStartup"]
    return f"timer {kinds['timerTrigger']['schedule']}"


def test_every_function_is_indexed_with_its_bindings(runtime: OfficialRuntime) -> None:
    assert {name: described(bindings) for name, bindings in runtime.functions.items()} == EXPECTED


def test_health_is_answered(runtime: OfficialRuntime) -> None:
    answer = runtime.call("health", "GET", "/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})
    assert answer.headers["content-type"] == "application/json"


def test_storage_and_credential_are_ready(runtime: OfficialRuntime) -> None:
    assert runtime.call("ready", "GET", "/health/ready").status == 200


def test_graphs_handshake_gets_its_token_back_as_text(runtime: OfficialRuntime) -> None:
    answer = runtime.call("change_notifications", "POST", "/webhooks/graph?validationToken=a%20%3Cb%3E")
    assert (answer.status, answer.body) == (200, "a <b>")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert not answer.outputs


def test_a_genuine_notification_leaves_through_the_output_binding(place: Place, runtime: OfficialRuntime) -> None:
    mailbox = MailboxKey(place.tenant, str(uuid.uuid4()))
    keys = place.stack.settings["SECRET_KEYS"].split(",")
    state = ClientState([base64.b64decode(key) for key in keys]).issue(mailbox)
    items = [{"tenantId": place.tenant, "clientState": text} for text in (state, state, "forged")]
    answer = runtime.call("change_notifications", "POST", "/webhooks/graph", body={"value": items})
    assert (answer.status, answer.body) == (202, "")
    (message,) = json.loads(answer.outputs["messages"]["json"])
    assert json.loads(message)["mailboxes"] == [mailbox.object_id]


def test_a_forged_notification_leaves_nothing(place: Place, runtime: OfficialRuntime) -> None:
    items = [{"tenantId": place.tenant, "clientState": "forged"}]
    answer = runtime.call("change_notifications", "POST", "/webhooks/graph", body={"value": items})
    assert (answer.status, answer.outputs) == (202, {})


def test_the_platforms_token_makes_a_link_and_no_other_does(place: Place, runtime: OfficialRuntime) -> None:
    assert make_link(place, runtime).status == 201
    path = "/api/outlook/activation-links"
    assert runtime.call("create_activation_link", "POST", path, body={}, authorization="Bearer x").status == 401


def test_the_browsers_cookie_keeps_its_protection(place: Place, runtime: OfficialRuntime) -> None:
    url = make_link(place, runtime).json["url"]
    (cookie,) = runtime.call("begin_activation", "POST", path_of(url)).cookies
    assert cookie["http_only"] == {"value": True}
    assert cookie["path"] == {"value": "/callback"}
    assert cookie["same_site"] == 1, "Lax"
    assert cookie["max_age"]["value"] > 0


def test_the_timer_asks_for_every_tenant(connected: Place, runtime: OfficialRuntime) -> None:
    connected.take(DIRECTORY_SYNC)
    runtime.fire("resync")
    (message,) = [json.loads(text) for text in connected.take(DIRECTORY_SYNC)]
    assert (message["org"], message["tenant"]) == (connected.organization.id, connected.tenant)


def test_queue_messages_make_calendars_true(connected: Place, runtime: OfficialRuntime) -> None:
    runtime.fire("resync")
    runtime.deliver("directory_sync", connected.take(DIRECTORY_SYNC)[0])
    (message,) = connected.take(CALENDAR_SYNC)
    assert len(json.loads(message)["mailboxes"]) == len(connected.organization.members)
    runtime.deliver("calendar_sync", message)
    start = datetime.now(UTC)
    query = f"start={start:%Y-%m-%dT%H:%M:%SZ}&end={start + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}"
    for member in connected.organization.members:
        path = f"/api/members/{member.id}/busy?{query}"
        answer = runtime.call("busy_times", "GET", path, authorization=connected.token("service"))
        assert answer.json["freshness"] == "fresh"
        assert answer.json["busy"]


def test_a_booking_is_made_repeated_and_cancelled(connected: Place, runtime: OfficialRuntime) -> None:
    """Headers and the body of a DELETE pass through Azure's worker both ways."""
    member, token = connected.organization.members[0].id, connected.token("service")
    path = f"/api/members/{member}/bookings/b-1"
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=200)
    body = {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "subject": "Introduction"}
    told = [runtime.call("put_booking", "PUT", path, body=body, authorization=token) for _ in range(2)]
    assert [(answer.status, answer.headers["etag"]) for answer in told] == [(201, '"1"'), (200, '"1"')]
    for tag, status in (('"7"', 412), ('"1"', 200)):
        proof = {"Authorization": token, "If-Match": tag}
        answer = runtime.call("cancel_booking", "DELETE", path, body={"message": "Sorry."}, **proof)
        assert answer.status == status
    assert runtime.call("read_booking", "GET", path, authorization=token).json["state"] == "cancelled"


def test_changed_states_are_told_to_the_platform(connected: Place, runtime: OfficialRuntime) -> None:
    events, org = connected.stack.platform.events, connected.organization.id
    for message in connected.take(PLATFORM_EVENTS):
        runtime.deliver("platform_events", message)
    assert events.states(org) == ["connecting", "connected"]
    for member in connected.organization.members:
        assert events.states(org, member.id)[-1:] == ["connected"]
    assert events.forged == 0


def test_a_message_that_cannot_be_read_is_kept_listed_and_discarded(runtime: OfficialRuntime) -> None:
    runtime.deliver("calendar_sync", "no JSON")
    (kept,) = runtime.call("list_dead_letters", "GET", "/operations/dead-letters").json["dead_letters"]
    assert (kept["queue"], kept["reason"], kept["is_replayable"]) == (CALENDAR_SYNC, "unreadable_message", False)
    path = f"/operations/dead-letters/{kept['queue']}/{kept['id']}"
    assert runtime.call("replay_dead_letter", "POST", f"{path}/replay").status == 409
    assert runtime.call("discard_dead_letter", "DELETE", path).status == 204
    assert runtime.call("discard_dead_letter", "DELETE", path).status == 404


def test_a_message_whose_process_died_is_replayed(place: Place, runtime: OfficialRuntime) -> None:
    message = encode(CalendarSync(str(uuid.uuid4()), ("u1",), datetime.now(UTC), Reason.NOTIFIED))
    runtime.deliver("calendar_bulk_poison", message)
    assert runtime.call("replay_dead_letters", "POST", "/operations/dead-letters/replay").json == {
        "replayed": 1, "kept": 0,
    }  # fmt: skip
    (replayed,) = place.take(CALENDAR_BULK)
    assert json.loads(replayed)["mailboxes"] == ["u1"]


def test_a_message_that_fails_fails_its_invocation(place: Place, runtime: OfficialRuntime) -> None:
    message = CalendarSync("no/key", ("u1",), datetime.now(UTC), Reason.NOTIFIED)
    with pytest.raises(InvocationFailed):
        runtime.deliver("calendar_sync", encode(message))


def test_wrong_settings_are_all_named_when_the_worker_starts(place: Place) -> None:
    environment = {**place.environment, "PUBLIC_URL": "ftp://example.com", "SECRET_KEYS": "dG9vIHNob3J0"}
    del environment["PLATFORM_NAME"]
    with OfficialRuntime(environment) as running:
        error = running.index()
    assert error is not None
    assert error.startswith("SettingsError: 3 setting(s) need attention")
    assert all(name in error for name in ("PUBLIC_URL", "SECRET_KEYS", "PLATFORM_NAME"))
    assert "dG9vIHNob3J0" not in error
