"""Examples of what admins and members decide, and of what they are told; `examples` has the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from shared.contract.audit import AuditEntryOutput, AuditPage, AuditQuery
from shared.contract.mailbox_scope import MailboxScopeOutput, ScopeStep
from shared.contract.me import (
    BookingConnection,
    BusyChoice,
    CalendarSelection,
    MyCalendar,
    MyCalendars,
    MyConnection,
    MyConnections,
    SignInOutput,
)
from shared.contract.one_member import (
    CandidateList,
    CandidateOutput,
    CandidateQuery,
    CheckOutput,
    MatchInput,
    StepOutput,
)
from shared.contract.people import MemberOutput
from shared.contract.policy import EffectOutput, PolicyChange, PolicyOutput, PolicyPreview, ScopeInput, ScopeOutput
from shared.contract.tenants import DisconnectPreview
from shared.contract.times import CalendarOutput, ExplanationOutput, PartOutput, ReasonOutput, RuleOutput
from shared.model import BusyStatus, ConnectionStatus, Freshness, UnknownRule
from shared.own_states import OWN
from shared.states import CONNECTIONS, LEFT_AT_MICROSOFT, removal_command

_NINE = datetime(2026, 12, 7, 9, 0, tzinfo=UTC)
_DAY = _NINE.replace(hour=0)
_TENANT, _USER = "7f1c0f0e-0d6c-4b8c-9c61-0a6f2b7f2d11", "2f4c9a1e-77b3-4d0a-9a55-0c2f6f0b8d21"
_CLIENT = "3f1a7c52-8a5e-4f0b-9b76-2d1c5e0f9a41"
_COUNTED = (BusyStatus.BUSY, BusyStatus.OOF)

_policy = PolicyOutput(
    members_may_disconnect=False,
    members_may_connect_personal=True,
    busy_statuses=_COUNTED,
    members_may_choose_busy=False,
    unknown_time=UnknownRule.READ_LIVE,
    scope=ScopeOutput(("contoso.com",), ()),
)
_effect = EffectOutput(
    disconnected=0,
    looked_for=0,
    busy_times=11,
    held=11,
    freed=0,
    staying_out=1,
    own_staying=0,
    sentences=[
        "11 members are answered with other busy times.",
        "11 members are no longer able to disconnect.",
        "1 member is still disconnected by their own choice.",
    ],
)
_mine = MyConnection(
    id="managed",
    source="admin_managed",
    state=ConnectionStatus.CONNECTED,
    state_text=CONNECTIONS[ConnectionStatus.CONNECTED].text,
    next_step=CONNECTIONS[ConnectionStatus.CONNECTED].next_step,
    detail=None,
    mailbox="alice.admin@contoso.com",
    changed_at=_NINE,
    receives_bookings=True,
    may_disconnect=True,
    may_reconnect=False,
    why_not=None,
)
_own = MyConnection(
    id="personal",
    source="personal",
    state=ConnectionStatus.RECONNECT_REQUIRED,
    state_text=OWN[ConnectionStatus.RECONNECT_REQUIRED].text,
    next_step=OWN[ConnectionStatus.RECONNECT_REQUIRED].next_step,
    detail="AADSTS50173",
    mailbox="alice@outlook.com",
    changed_at=_NINE,
    receives_bookings=False,
    may_disconnect=True,
    may_reconnect=True,
    why_not=None,
)
_calendar = MyCalendar(
    id="AAMkAGVmMDEzMTM4LTZmYWUtNDdkNC1hMDZiLTU1OGY5OTZhYmY4OAAuAAAAAAAiQ8W967B7TKBjgx9rVEUR",
    name="Calendar",
    is_default=True,
    is_shared=False,
    is_read_only=False,
    owner="Alice Admin",
    is_checked=True,
    takes_bookings=True,
    unreadable_since=None,
)
_team = MyCalendar(
    id="AAMkAGVmMDEzMTM4LTZmYWUtNDdkNC1hMDZiLTU1OGY5OTZhYmY4OABGAAAAAADUuTJK1K9sTpCdqXop_4NaBwCd",
    name="Team",
    is_default=False,
    is_shared=True,
    is_read_only=True,
    owner="Bob Builder",
    is_checked=True,
    takes_bookings=False,
    unreadable_since=None,
)
MEMBER = MemberOutput(
    id="alice",
    name="Alice Admin",
    addresses=("alice.admin@contoso.com",),
    state=ConnectionStatus.CONNECTED,
    state_text=CONNECTIONS[ConnectionStatus.CONNECTED].text,
    next_step=CONNECTIONS[ConnectionStatus.CONNECTED].next_step,
    tenant=_TENANT,
    mailbox="alice.admin@contoso.com",
    source="admin_managed",
    last_read=_NINE,
    next_due=_NINE + timedelta(hours=6),
    changed_at=_NINE,
    own_state=ConnectionStatus.RECONNECT_REQUIRED,
    own_state_text=OWN[ConnectionStatus.RECONNECT_REQUIRED].text,
    own_next_step=OWN[ConnectionStatus.RECONNECT_REQUIRED].next_step,
    own_changed_at=_NINE,
)
_entry = AuditEntryOutput(
    at=_NINE,
    actor="alice",
    action="policy.changed",
    subject="members_may_disconnect",
    detail="yes -> no",
    text="alice changed the policy's members_may_disconnect: yes -> no.",
)
_reason = ReasonOutput(
    start=_NINE,
    end=_NINE + timedelta(hours=1),
    status=BusyStatus.TENTATIVE,
    calendar=f"{_TENANT}/{_USER}",
    read_at=_NINE - timedelta(minutes=3),
    because="does_not_count",
    text="An event shown as tentative does not count as busy.",
)

MADE: tuple[Struct, ...] = (
    _policy,
    PolicyChange(members_may_disconnect=False, busy_statuses=list(_COUNTED), scope=ScopeInput(["contoso.com"])),
    PolicyPreview(_policy, _effect),
    MyConnections([_mine, _own], _COUNTED, may_choose_busy=True, may_connect_personal=True),
    SignInOutput("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=3f1a7c52"),
    BusyChoice(list(_COUNTED)),
    MyCalendars("managed", [_calendar, _team]),
    CalendarSelection([_calendar.id, _team.id], _calendar.id),
    BookingConnection("managed"),
    DisconnectPreview(11, 10, 1, list(LEFT_AT_MICROSOFT), removal_command(_CLIENT)),
    MatchInput(_TENANT, _USER),
    CandidateQuery("alice@contoso.com"),
    CandidateList(
        [
            CandidateOutput(
                tenant=_TENANT,
                user=_USER,
                name="Alice Admin",
                address="alice.admin@contoso.com",
                is_bound=True,
                is_chosen=False,
                objection=None,
            )
        ],
        unanswered=(),
    ),
    CheckOutput(
        MEMBER,
        [
            StepOutput("decision", ok=True, text="Nobody keeps the member out.", next_step="Nothing to do."),
            StepOutput("calendar", ok=True, text="The calendar was read.", next_step="Nothing to do."),
        ],
    ),
    AuditQuery(),
    AuditPage([_entry], None),
    MailboxScopeOutput(
        introduction="Without a limit the app may use every mailbox of the tenant.",
        group="Calendly Outlook",
        scope="Calendly Outlook contoso",
        steps=[
            ScopeStep("Check who is in scope.", "Test-ServicePrincipalAuthorization -Identity <app> -Resource <user>")
        ],
        text="Test-ServicePrincipalAuthorization -Identity <app> -Resource <user>",
    ),
    ExplanationOutput(
        member="alice",
        start=_DAY,
        end=_DAY + timedelta(days=1),
        rule=RuleOutput(list(_COUNTED), chosen_by_member=False, unknown_time=UnknownRule.READ_LIVE),
        calendars=[
            CalendarOutput(
                id=f"{_TENANT}/{_USER}",
                freshness=Freshness.FRESH,
                read_at=_NINE - timedelta(minutes=3),
                unreadable_since=None,
                known_from=_DAY - timedelta(days=1),
                known_until=_DAY + timedelta(days=91),
            )
        ],
        parts=[
            PartOutput(_DAY, _NINE, is_open=True, reasons=[]),
            PartOutput(_NINE, _NINE + timedelta(hours=1), is_open=True, reasons=[_reason]),
            PartOutput(_NINE + timedelta(hours=1), _DAY + timedelta(days=1), is_open=True, reasons=[]),
        ],
    ),
)
