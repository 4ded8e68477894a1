"""Examples of bookings, and of what one can end in; `examples` has the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from shared.contract.bookings import (
    AttendeeInput,
    AttendeeOutput,
    BookingInput,
    BookingOutput,
    CancelInput,
    HostOutput,
    HostState,
)
from shared.contract.events import BookingChange, BookingEvent
from shared.contract.times import BlockOutput
from shared.model import BookingStatus, BusyStatus, Change, ConnectionStatus, Response
from shared.states import CONNECTIONS

_ELEVEN = datetime(2026, 12, 7, 11, 0, tzinfo=UTC)
_LOST = CONNECTIONS[ConnectionStatus.PERMISSION_LOST]
_LINK = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_NjE5"

BOOKED: tuple[Struct, ...] = (
    BookingInput(
        start="2026-12-07T12:00:00+01:00",
        end="2026-12-07T12:30:00+01:00",
        subject="Introduction",
        description="About the new contract.",
        attendees=[AttendeeInput("vera@example.org", "Vera Visitor")],
        teams_meeting=True,
        buffer_before_minutes=10,
    ),
    BookingOutput(
        id="b-2041",
        member="alice",
        state=BookingStatus.CONFIRMED,
        start=_ELEVEN,
        end=_ELEVEN + timedelta(minutes=30),
        version=1,
        teams_meeting=True,
        join_url=_LINK,
        hosts=[HostOutput("alice", HostState.WRITTEN)],
        attendees=[AttendeeOutput(Response.NONE)],
        changed_at=_ELEVEN - timedelta(hours=2),
        cancelled_by=None,
    ),
    CancelInput("I am ill, sorry."),
    BookingEvent(
        "booking.changed",
        _ELEVEN,
        BookingChange(
            organization="contoso",
            member="alice",
            booking="b-2041",
            state=BookingStatus.CONFIRMED,
            change=Change.MOVED,
            host="alice",
            start=_ELEVEN + timedelta(hours=2),
            end=_ELEVEN + timedelta(hours=2, minutes=30),
            version=2,
            responses=[Response.ACCEPTED],
            cancelled_by=None,
            changed_at=_ELEVEN,
            sequence=1_796_641_200_000_000,
            merged=0,
        ),
    ),
)

TAKEN: Mapping[str, Any] = {
    "detail": "alice is not free from 2026-12-07T11:00:00+00:00 to 2026-12-07T11:30:00+00:00. Offer other times.",
    "member": "alice",
    "conflict": BlockOutput(_ELEVEN, _ELEVEN + timedelta(minutes=30), BusyStatus.BUSY),
}
"""What a problem says of a time that is taken."""
NOT_WRITABLE: Mapping[str, Any] = {
    "detail": f"Nothing can be written to the calendar of ben. {_LOST.text} {_LOST.next_step}",
    "reason": ConnectionStatus.PERMISSION_LOST.value,
    "member": "ben",
}
"""What a problem says of a calendar that takes no meeting."""
