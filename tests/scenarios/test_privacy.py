"""P6: titles, texts, people and places of events are never asked for, stored or logged."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from local.demo.tables import contents
from tests.scenarios.company import Company, today, waits
from tests.scenarios.in_clear import queued

PRIVATE = {"subject", "body", "bodyPreview", "attendees", "location", "locations", "organizer"}
TEXT = "SECRET-merger"


def test_private_text_goes_nowhere(connected: Company, log_file: Path) -> None:
    connected.meet(
        "ann", subject=TEXT, sensitivity="private", body={"contentType": "text", "content": TEXT},
        location={"displayName": TEXT},
        attendees=[{"emailAddress": {"address": f"{TEXT}@x.example", "name": TEXT}, "type": "required"}],
    )  # fmt: skip
    assert connected.becomes_true("ann")
    for request in connected.calendar_requests():
        selected = {name for names in parse_qs(request["query"])["$select"] for name in names.split(",")}
        assert selected
        assert not selected & PRIVATE
    kept = {table: text for table, text in contents(connected.stack.azurite.connection_string) if TEXT in text}
    assert not kept
    assert TEXT not in log_file.read_text()
    assert TEXT not in str(connected.busy("ann"))


def secret_meeting(hour: int) -> dict[str, Any]:
    start = today() + timedelta(days=4, hours=hour)
    return {
        "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "subject": TEXT,
        "description": TEXT, "location": TEXT, "attendees": [{"email": f"{TEXT}@x.example", "name": TEXT}],
    }  # fmt: skip


def test_what_a_booking_is_about_goes_to_outlook_and_nowhere_else(connected: Company, log_file: Path) -> None:
    """Also where Microsoft fails, refuses with the text in its words, or the request itself is wrong."""
    microsoft, backend = connected.microsoft, connected.backend
    told = [backend.call("PUT", "/api/members/ann/bookings/b-1", secret_meeting(hour)) for hour in (9, 9, 11)]
    assert [answer.status_code for answer in told] == [201, 200, 200]
    for number, fault in enumerate(({"status": 504, "after_write": True}, {"status": 400, "message": TEXT})):
        microsoft.add_fault("/users/*/events", tenant=connected.tenant, method="POST", **fault)
        wish = secret_meeting(13 + number)
        told.append(backend.call("PUT", f"/api/members/ben/bookings/b-{number}", wish))
    told.append(backend.call("PUT", "/api/members/ann/bookings/b-2", secret_meeting(15) | {"subject": f"{TEXT}\n"}))
    told.append(backend.call("GET", "/api/members/ann/bookings/b-1"))
    told.append(backend.call("DELETE", "/api/members/ann/bookings/b-1", {"message": TEXT}))
    assert [answer.status_code for answer in told[3:]] == [201, 409, 400, 200, 200]
    assert TEXT in str(microsoft.outbox(connected.tenant, f"ann@{connected.domain}"))
    kept = contents(connected.stack.azurite.connection_string)
    places = [*(text for _, text in kept), *queued(connected.stack), log_file.read_text()]
    places += [answer.text for answer in told]
    assert len(places) > 20
    assert not [place for place in places if TEXT.lower() in place.lower()]


def test_the_log_holds_no_tokens_links_or_addresses(connected: Company, log_file: Path) -> None:
    link = connected.admin.make_link()["url"]
    connected.busy("ann")
    before = len(connected.directory_rounds())
    connected.microsoft.add_fault("/users/delta", tenant=connected.tenant, reset=True)
    connected.resync()
    assert waits(lambda: len(connected.directory_rounds()) > before + 1)
    written = log_file.read_text()
    for secret in (link.rpartition("~")[2], "eyJ", "code=", "state=", "Bearer", "deltatoken", connected.domain):
        assert secret not in written


def test_queries_of_nobody_but_members(connected: Company) -> None:
    members = {connected.microsoft.user(connected.tenant, f"{n}@{connected.domain}")["id"] for n in ("ann", "ben")}
    connected.hire("stranger")
    connected.resync()
    connected.meet("ann")
    assert connected.becomes_true("ann")
    asked = {request["path"].split("/users/")[1].split("/")[0] for request in connected.calendar_requests()}
    assert asked == members
