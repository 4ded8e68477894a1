"""The product's values as the contract's answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import azure.functions as func

from shared.attempts import decode
from shared.callers import ID
from shared.contract import BlockOutput, BusyOutput, DeadLetterOutput, LinkOutput, MemberOutput, TenantOutput
from shared.errors import NotFound
from shared.freebusy import BusyAnswer
from shared.messages import CalendarSync, DirectorySync, EventDelivery, Message, Subject
from shared.model import ActivationLink, Connection, ConnectionStatus, DeadLetter, Member, Tenant, Window
from shared.states import CONNECTIONS, NO_TENANT, TENANTS, missed_pushes


def identifier(req: func.HttpRequest, name: str) -> str:
    """An id from the address. What cannot be an id names nothing: raises `NotFound`."""
    value: str = req.route_params.get(name, "")
    if not ID.fullmatch(value):
        raise NotFound(f"There is no such {name}.")
    return value


def link(value: ActivationLink, now: datetime, url: str | None = None) -> LinkOutput:
    """An activation link without anything secret; its address only where it was just made."""
    return LinkOutput(
        id=value.id,
        step=value.step,
        created_by=value.created_by,
        created_at=value.created_at,
        expires_at=value.expires_at,
        is_open=value.is_open(now),
        expected_domains=value.expected_domains,
        reason=value.reason,
        tenant=value.tenant_id,
        url=url,
    )


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
    )


def member(value: Member, connection: Connection | None, tenants: Mapping[str, Tenant]) -> MemberOutput:
    """A member and the state of their connection."""
    state = connection.status if connection else _unlooked(tenants)
    text, next_step = CONNECTIONS[state] if connection or tenants else NO_TENANT
    return MemberOutput(
        id=value.id,
        name=value.name,
        addresses=value.addresses,
        state=state,
        state_text=text,
        next_step=next_step,
        detail=connection.detail if connection else None,
        tenant=connection.tenant_id if connection else None,
        mailbox=connection.mailbox_address if connection else None,
        changed_at=connection.changed_at if connection else None,
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
        org=message.org if isinstance(message, DirectorySync | EventDelivery) else None,
        tenant=_tenant_of(message),
        mailboxes=message.mailboxes if isinstance(message, CalendarSync) else (),
    )


def _tenant_of(message: Message | None) -> str | None:
    if isinstance(message, EventDelivery):
        return message.ids[0] if message.subject is Subject.TENANT and message.ids else None
    return message.tenant if message else None


def _unlooked(tenants: Mapping[str, Tenant]) -> ConnectionStatus:
    """The state of a member nobody has looked for: they will be, as soon as there is a tenant to look in."""
    waiting = any(not known.status.is_lost for known in tenants.values())
    return ConnectionStatus.CONNECTING if waiting else ConnectionStatus.NOT_MATCHED
