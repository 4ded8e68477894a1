"""The people of a meeting, and what they answered.

https://learn.microsoft.com/graph/api/resources/attendee
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.microsoft.graph.errors import GraphError
from local.microsoft.world import Event, Json

UNANSWERED = {"response": "none", "time": "0001-01-01T00:00:00Z"}
ANSWERS = frozenset({"accepted", "declined", "tentativelyAccepted"})


def stored(attendees: Any, known: Any = ()) -> list[Json]:
    """Attendees as Exchange keeps them: who was there before has answered what they answered then."""
    answers = {_address(one): one.get("status") for one in known or ()}
    return [
        {"type": "required", **one, "status": answers.get(_address(one)) or one.get("status") or UNANSWERED}
        for one in attendees or ()
    ]


def with_answer(event: Event, owner: str, address: str, answer: str, now: datetime) -> Json:
    """The fields that an answer changes: the attendee's status, or the owner's own response to an invitation."""
    if answer not in ANSWERS:
        raise GraphError(400, "ErrorInvalidRequest", f"response: one of {', '.join(sorted(ANSWERS))}.")
    status = {"response": answer, "time": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    if address.lower() == owner.lower() and not event.fields.get("isOrganizer", True):
        return {"responseStatus": status}
    attendees = event.fields.get("attendees") or []
    if address.lower() not in map(_address, attendees):
        raise GraphError(404, "ErrorItemNotFound", f"{address} is no attendee of this event.")
    changed = [{**one, "status": status} if _address(one) == address.lower() else one for one in attendees]
    return {"attendees": changed}


def _address(attendee: Json) -> str:
    address: str = attendee["emailAddress"]["address"]
    return address.lower()
