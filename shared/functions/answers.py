"""The product's values as the contract's answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import structs

from shared.attempts import decode
from shared.audit_words import sentence
from shared.contract.activation_links import LinkOutput, MessageOutput
from shared.contract.audit import AuditEntryOutput
from shared.contract.operations import DeadLetterOutput
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
from shared.messages import CalendarSync, DirectorySync
from shared.model import (
    ActivationLink,
    BusyStatus,
    Connection,
    ConnectionStatus,
    DeadLetter,
    Entry,
    LinkStep,
    MailboxKey,
    Member,
    Tenant,
    Window,
)
from shared.states import NO_TENANT, TENANTS, explain, missed_pushes


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
    text, next_step = TENANTS[value.status]
    return TenantOutput(
        id=value.id,
        status=value.status,
        status_text=text,
        next_step=next_step,
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


def member(value: Member, connection: Connection | None, tenants: Mapping[str, Tenant]) -> MemberOutput:
    """A member and the state of their connection."""
    state = connection.status if connection else _unlooked(tenants)
    detail = connection.detail if connection else None
    text, next_step = explain(state, detail) if connection or tenants else NO_TENANT
    return MemberOutput(
        id=value.id,
        name=value.name,
        addresses=value.addresses,
        state=state,
        state_text=text,
        next_step=next_step,
        detail=detail,
        tenant=connection.tenant_id if connection else None,
        mailbox=connection.mailbox_address if connection else None,
        changed_at=connection.changed_at if connection else None,
        also_found_in=tuple(key.tenant_id for key in connection.also_found) if connection else (),
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
        _name(read.mailbox), read.freshness, snapshot.read_at, snapshot.unreadable_since, known.start, known.end
    )


def _reason(reason: Reason) -> ReasonOutput:
    block = reason.block
    calendar = _name(reason.mailbox) if reason.mailbox else None
    return ReasonOutput(
        block.start, block.end, block.status, calendar, reason.read_at, reason.because, in_words(reason)
    )


def _name(mailbox: MailboxKey) -> str:
    return f"{mailbox.tenant_id}/{mailbox.object_id}"


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
        org=message.org if isinstance(message, DirectorySync) else None,
        tenant=message.tenant if message else None,
        mailboxes=message.mailboxes if isinstance(message, CalendarSync) else (),
    )


def audit_entry(value: Entry) -> AuditEntryOutput:
    """An entry of the audit trail, with its sentence."""
    return AuditEntryOutput(value.at, value.actor, value.action, value.subject, value.detail, sentence(value))


def _unlooked(tenants: Mapping[str, Tenant]) -> ConnectionStatus:
    """The state of a member nobody has looked for: they will be, as soon as there is a tenant to look in."""
    waiting = any(not known.status.is_lost for known in tenants.values())
    return ConnectionStatus.CONNECTING if waiting else ConnectionStatus.NOT_MATCHED
