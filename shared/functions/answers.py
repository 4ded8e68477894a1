"""The product's values as the contract's answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import structs

from shared.attempts import decode
from shared.audit_words import CONCEALED, sentence
from shared.contract.activation_links import LinkOutput, MessageOutput
from shared.contract.audit import AuditEntryOutput
from shared.contract.operations import DeadLetterOutput
from shared.contract.overview import Overview
from shared.contract.people import MemberOutput
from shared.contract.tenants import TenantOutput
from shared.contract.times import (
    BlockOutput,
    BusyOutput,
    CalendarOutput,
    ExplanationOutput,
    PartOutput,
    ReasonOutput,
    RuleOutput,
)
from shared.explanation import Explanation, Read, Reason, in_words
from shared.freebusy import BusyAnswer
from shared.invitation import Message
from shared.link_states import link_state
from shared.member_filter import Counts, Listed, unlooked
from shared.messages import BookingCheck, CalendarSync, DirectorySync, EventDelivery, Subject
from shared.messages import Message as QueueMessage
from shared.model import (
    PERSONAL,
    ActivationLink,
    BusyStatus,
    CalendarKey,
    Connection,
    ConnectionStatus,
    DeadLetter,
    Entry,
    LinkStep,
    OwnConnection,
    Tenant,
    Window,
    is_own,
)
from shared.own_states import explain_own, needing_members, next_step_beside, stands_in
from shared.states import NEEDING_ATTENTION, NO_TENANT, TENANTS, explain, missed_pushes, next_step

ADMIN_MANAGED = "admin_managed"
"""The source of a connection that an admin's consent made."""
MEMBER_COLUMNS = MemberOutput.__struct_fields__
"""Of the table for spreadsheets."""


def link(value: ActivationLink, now: datetime) -> LinkOutput:
    """An activation link without anything secret."""
    state = link_state(value, now)
    is_refused = value.step is LinkStep.REFUSED
    return LinkOutput(
        id=value.id,
        step=state.step,
        step_text=state.text,
        next_step=state.next_step,
        created_by=value.created_by,
        created_at=value.created_at,
        expires_at=value.expires_at,
        is_open=value.is_open(now),
        opened_at=value.opened_at,
        expected_domains=value.expected_domains,
        reason=value.reason if is_refused else None,
        refused_tenant=value.refused_tenant_id if is_refused else None,
        tenant=value.tenant_id,
    )


def new_link(value: ActivationLink, now: datetime, url: str, message: Message) -> LinkOutput:
    """An activation link that was just made, with the secrets nobody can be shown again."""
    return structs.replace(link(value, now), url=url, message=MessageOutput(message.subject, message.body))


def tenant(value: Tenant) -> TenantOutput:
    """A tenant and what its status means."""
    text, step = TENANTS[value.status]
    return TenantOutput(
        id=value.id,
        status=value.status,
        status_text=text,
        next_step=step,
        reason=value.reason,
        domains=value.domains,
        consented_by=value.consented_by,
        consented_at=value.consented_at,
        synced_at=value.synced_at,
        missed_pushes=value.missed_pushes,
        push_text=missed_pushes(value.missed_pushes),
        in_scope=value.in_scope,
        out_of_scope=value.out_of_scope,
        scope_counted_at=value.synced_at,
    )


def member(listed: Listed, tenants: Mapping[str, Tenant]) -> MemberOutput:
    """A member and the state of their connection."""
    known, connection, mailbox, own = listed
    state = connection.status if connection else unlooked(tenants)
    detail = connection.detail if connection else None
    nowhere = not tenants and state is ConnectionStatus.NOT_MATCHED
    text, step = NO_TENANT if nowhere else explain(state, detail)
    return MemberOutput(
        id=known.id,
        name=known.name,
        addresses=known.addresses,
        state=state,
        state_text=text,
        next_step=step,
        detail=detail,
        tenant=connection.tenant_id if connection else None,
        mailbox=connection.mailbox_address if connection else None,
        source=ADMIN_MANAGED if connection and connection.mailbox else None,
        last_read=mailbox.read_at if mailbox else None,
        next_due=mailbox.due_at if mailbox else None,
        changed_at=connection.changed_at if connection else None,
        also_found_in=tuple(key.tenant_id for key in connection.also_found) if connection else (),
        **(_own(own, connection) if own else {}),
    )


def _own(own: OwnConnection, managed: Connection | None) -> dict[str, Any]:
    """What admins see of an account of the member's own: how it stands, and not whose it is (decision 27)."""
    text, step = explain_own(own.status, own.detail)
    return {
        "own_state": own.status,
        "own_state_text": text,
        "own_next_step": step,
        "own_changed_at": own.changed_at,
        "own_instead": stands_in(managed),
    }


def member_row(value: MemberOutput) -> tuple[object, ...]:
    """The member as a row under `MEMBER_COLUMNS`."""
    return structs.astuple(value)


def overview(counted: Counts, tenants: Mapping[str, Tenant]) -> Overview:
    """The organization at a glance."""
    counts, own = counted
    step = next_step(counts, [known.status for known in tenants.values()])
    return Overview(
        members=sum(counts.values()),
        states={state.value: counts.get(state, 0) for state in ConnectionStatus},
        needing_attention=sum(counts.get(state, 0) for state in NEEDING_ATTENTION),
        next_step=next_step_beside(step, own),
        own_states=dict(sorted(own.items())),
        own_needing_attention=needing_members(own),
        tenants=[tenant(known) for known in tenants.values()],
    )


def busy(member_id: str, span: Window, answer: BusyAnswer) -> BusyOutput:
    """A member's busy times."""
    return BusyOutput(
        member=member_id,
        start=span.start,
        end=span.end,
        freshness=answer.freshness,
        read_at=answer.read_at,
        busy=[BlockOutput(block.start, block.end, block.status) for block in answer.blocks],
    )


def explanation(member_id: str, span: Window, value: Explanation) -> ExplanationOutput:
    """Why a member's time is open or blocked."""
    statuses = [status for status in BusyStatus if status in value.rule.counted]
    return ExplanationOutput(
        member=member_id,
        start=span.start,
        end=span.end,
        rule=RuleOutput(list(statuses), value.chosen_by_member, value.unknown_time),
        calendars=[_calendar(read) for read in value.calendars],
        parts=[PartOutput(p.start, p.end, p.is_open, [_reason(r) for r in p.reasons]) for p in value.parts],
    )


def _calendar(read: Read) -> CalendarOutput:
    snapshot = read.snapshot
    known = snapshot.window
    return CalendarOutput(
        _name(read.calendar), read.freshness, snapshot.read_at, snapshot.unreadable_since, known.start, known.end
    )


def _reason(reason: Reason) -> ReasonOutput:
    block = reason.block
    calendar = _name(reason.calendar) if reason.calendar else None
    return ReasonOutput(
        block.start, block.end, block.status, calendar, reason.read_at, reason.because, in_words(reason)
    )


def _name(key: CalendarKey) -> str:
    """Whose calendar it is, as tenant and user or `personal`; what is not the default one is told apart by a digest.

    Ids of calendars say whose they are to those who can take them apart.
    """
    mailbox = key.mailbox
    owner = PERSONAL if is_own(mailbox.tenant_id) else f"{mailbox.tenant_id}/{mailbox.object_id}"
    return f"{owner}/{sha256(key.calendar.encode()).hexdigest()[:8]}" if key.calendar else owner


def dead_letter(value: DeadLetter) -> DeadLetterOutput:
    """A dead letter and whose it was; never its text, which may be anything."""
    message = decode(value.queue, value.text)
    return DeadLetterOutput(
        queue=value.queue,
        id=value.id,
        reason=value.reason,
        first_at=value.first_at,
        last_at=value.last_at,
        times=value.times,
        is_replayable=message is not None,
        org=message.org if isinstance(message, DirectorySync | EventDelivery | BookingCheck) else None,
        tenant=_tenant_of(message),
        mailboxes=message.mailboxes if isinstance(message, CalendarSync) else (),
        member=message.lead if isinstance(message, BookingCheck) else None,
        booking=message.booking if isinstance(message, BookingCheck) else None,
    )


def audit_entry(value: Entry) -> AuditEntryOutput:
    """An entry of the audit trail, with its sentence."""
    detail = None if value.action in CONCEALED else value.detail
    return AuditEntryOutput(value.at, value.actor, value.action, value.subject, detail, sentence(value))


def _tenant_of(message: QueueMessage | None) -> str | None:
    if isinstance(message, EventDelivery):
        return message.ids[0] if message.subject is Subject.TENANT and message.ids else None
    return message.tenant if isinstance(message, DirectorySync | CalendarSync) else None
