"""P6: titles, texts, people and places of events are never asked for, stored or logged."""

from pathlib import Path
from urllib.parse import parse_qs

from local.demo.tables import contents
from tests.scenarios.company import Company, waits

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
