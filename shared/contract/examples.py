"""An example of everything callers send and get, for the API's document only.

One company throughout, so that the examples tell one story. A test fails when a definition has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from shared.contract.activation_links import LinkInput, LinkList, LinkOutput, MessageOutput
from shared.contract.available_times import (
    AvailableTimesInput,
    AvailableTimesOutput,
    HoursInput,
    MemberTimesOutput,
    OfferedMember,
    SlotOutput,
    WeekInput,
    WorkingHoursInput,
)
from shared.contract.document import OpenApi
from shared.contract.events import ConnectionChange, ConnectionEvent, TenantChange, TenantEvent
from shared.contract.examples_of_bookings import BOOKED, NOT_WRITABLE, TAKEN
from shared.contract.examples_of_decisions import MADE, MEMBER
from shared.contract.health import HealthOutput, ReadyOutput
from shared.contract.operations import DeadLetterList, DeadLetterOutput, ReplayOutput
from shared.contract.overview import Overview
from shared.contract.people import (
    MemberInput,
    MemberList,
    MemberQuery,
    RosterInput,
    RosterMember,
    RosterOutput,
)
from shared.contract.problems import Problem
from shared.contract.tenants import TenantList, TenantOutput
from shared.contract.times import BlockOutput, BusyOutput, SpanQuery
from shared.contract.token_keys import RenewalOutput, TokenKeyList, TokenKeyOutput
from shared.errors import (
    CallerError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotEntitled,
    NotFound,
    NotReady,
    NotWritable,
    OutOfDate,
    TimeTaken,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from shared.link_states import STEPS
from shared.model import BusyStatus, ConnectionStatus, Freshness, LinkStep, TenantStatus
from shared.states import CONNECTIONS, TENANTS, Explanation

_NINE = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
_TENANT = "7f1c0f0e-0d6c-4b8c-9c61-0a6f2b7f2d11"
_LINK = "5b0c2f9e41d7"
_LETTER = "6f2a91c04be84d0e"

PATHS = {
    "member": "alice",
    "booking": "b-2041",
    "link": _LINK,
    "tenant": _TENANT,
    "connection": "managed",
    "queue": "calendar-sync",
    "id": _LETTER,
}
"""Of what stands in addresses."""

_state = Explanation(*STEPS[LinkStep.CREATED])
_link = LinkOutput(
    id=_LINK,
    step=LinkStep.CREATED,
    step_text=_state.text,
    next_step=_state.next_step,
    created_by="alice",
    created_at=_NINE,
    expires_at=_NINE + timedelta(days=7),
    is_open=True,
    expected_domains=("contoso.com",),
)
_tenant = TenantOutput(
    id=_TENANT,
    status=TenantStatus.CONNECTED,
    status_text=TENANTS[TenantStatus.CONNECTED].text,
    next_step=TENANTS[TenantStatus.CONNECTED].next_step,
    reason=None,
    domains=("contoso.com",),
    consented_by="2f4c9a1e-77b3-4d0a-9a55-0c2f6f0b8d21",
    consented_at=_NINE,
    synced_at=_NINE + timedelta(minutes=5),
    in_scope=11,
    out_of_scope=1,
    scope_counted_at=_NINE + timedelta(minutes=5),
)
_key = TokenKeyOutput("9f86d081", 340, is_newest=True, is_known=True)
_old_key = TokenKeyOutput("60303ae2", 12, is_newest=False, is_known=True)
_letter = DeadLetterOutput(
    queue="calendar-sync",
    id=_LETTER,
    reason="EntityUnreadable",
    first_at=_NINE,
    last_at=_NINE + timedelta(hours=1),
    times=2,
    is_replayable=True,
    tenant=_TENANT,
    mailboxes=("2f4c9a1e-77b3-4d0a-9a55-0c2f6f0b8d21",),
)
_connection_change = ConnectionChange(
    source="managed",
    organization="contoso",
    member="ben",
    state=ConnectionStatus.CONNECTED,
    previous_state=ConnectionStatus.CONNECTING,
    state_text=CONNECTIONS[ConnectionStatus.CONNECTED].text,
    next_step=CONNECTIONS[ConnectionStatus.CONNECTED].next_step,
    detail=None,
    tenant=_TENANT,
    changed_at=_NINE,
    sequence=1_796_634_000_000_000,
    merged=0,
)
_tenant_change = TenantChange(
    organization="contoso",
    tenant=_TENANT,
    state=TenantStatus.CONNECTED,
    previous_state=TenantStatus.CONNECTING,
    state_text=TENANTS[TenantStatus.CONNECTED].text,
    next_step=TENANTS[TenantStatus.CONNECTED].next_step,
    detail=None,
    changed_at=_NINE,
    sequence=1_796_634_000_000_000,
    merged=0,
)
_MADE: tuple[Struct, ...] = (
    LinkInput(expires_in_days=7, expected_domains=["contoso.com"]),
    replace(
        _link,
        url=f"https://outlook.example.com/activate/contoso~{_LINK}~q7Zt0kE1x",
        message=MessageOutput("Connect Outlook with Calendly", "Please open this link and approve: ..."),
    ),
    LinkList([_link]),
    TenantList([_tenant]),
    _tenant,
    RosterInput([RosterMember("Alice Admin", ["alice.admin@contoso.com"], "Europe/Amsterdam", id="alice")]),
    RosterOutput(added=1, changed=0, removed=0, unchanged=11),
    MemberInput("Alice Admin", ["alice.admin@contoso.com"], "Europe/Amsterdam"),
    MemberQuery(),
    MemberList([MEMBER], None),
    MEMBER,
    SpanQuery("2026-12-07T00:00:00Z", "2026-12-08T00:00:00Z"),
    BusyOutput(
        member="alice",
        start=_NINE.replace(hour=0),
        end=_NINE.replace(hour=0) + timedelta(days=1),
        freshness=Freshness.FRESH,
        read_at=_NINE - timedelta(minutes=3),
        busy=[BlockOutput(_NINE, _NINE + timedelta(hours=1), BusyStatus.BUSY)],
    ),
    Overview(
        12, {"connected": 11, "not_matched": 1}, 1, "Compare addresses of 1 member.", {"connected": 2}, 0, [_tenant]
    ),
    *MADE,
    *BOOKED,
    ConnectionEvent("connection.changed", _NINE, _connection_change),
    TenantEvent("tenant.changed", _NINE, _tenant_change),
    AvailableTimesInput(
        members=[
            OfferedMember(
                "alice",
                WorkingHoursInput(WeekInput(monday=[HoursInput("09:00", "17:00")]), "Europe/Amsterdam"),
            )
        ],
        start="2026-12-07T08:00:00Z",
        end="2026-12-08T08:00:00Z",
        duration_minutes=30,
        buffer_before_minutes=10,
    ),
    AvailableTimesOutput(
        [SlotOutput(_NINE + timedelta(hours=2), _NINE + timedelta(hours=2, minutes=30) )],
        None,
        [MemberTimesOutput("alice", Freshness.FRESH, _NINE - timedelta(minutes=3), None)],
    ),
    DeadLetterList([_letter]),
    ReplayOutput(replayed=1, kept=0),
    TokenKeyList([_key, _old_key]),
    RenewalOutput(renewed=12, unreadable=0, left=0),
    HealthOutput("ok"),
    ReadyOutput("ready"),
    OpenApi("3.1.0", {"title": "Outlook connection", "version": "1.0.0"}, {}),
)  # fmt: skip
EXAMPLES: Mapping[type[Struct], Struct] = {type(one): one for one in _MADE}

CSV: Mapping[str, str] = {
    "list_members": "id,name,addresses,state\r\nalice,Alice Admin,alice.admin@contoso.com,connected\r\n",
    "list_audit_entries": "at,actor,action,subject,detail,text\r\n2026-12-07T09:00:00Z,al,member.excluded,ben,,\r\n",
}
"""Of tables for spreadsheets, by the call that makes them."""

DETAILS: Mapping[type[CallerError], Mapping[str, Any]] = {
    InvalidInput: {"detail": "`name` is missing.", "field": "members[0].name"},
    Unauthenticated: {"detail": "Send the platform's token as: Authorization: Bearer <token>"},
    Forbidden: {"detail": "Only an owner or admin of the organization may do this.", "reason": "role"},
    NotEntitled: {
        "detail": "The organization's plan does not include the admin-managed Outlook connection.",
        "reason": "plan",
    },
    NotFound: {"detail": "There is no such member."},
    Conflict: {"detail": "Somebody else is changing the same thing; try again."},
    TimeTaken: TAKEN,
    NotWritable: NOT_WRITABLE,
    OutOfDate: {"detail": "The booking has changed since; read it again, and decide again."},
    TooLarge: {"detail": "Send at most 20 MiB."},
    Unavailable: {"detail": "Try again in a moment."},
    NotReady: {"detail": "Failing: tables."},
}
"""What a problem of each class says."""


def problem(kind: type[CallerError]) -> Problem:
    """A problem as a caller gets it."""
    return Problem(f"urn:outlook-connection:problem:{kind.code}", kind.title, kind.status, **DETAILS[kind])
