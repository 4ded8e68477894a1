"""Change notifications believed: which mailboxes a post of Graph's says are dirty.

An item counts when its client state proves the mailbox and its tenant agrees. Of members' own mailboxes we name no
tenant of Microsoft's, so there the proof is all. Everything else, malformed, forged
or unknown, is counted and otherwise ignored: whoever sends it learns nothing. An item only says that a mailbox
changed; what changed is read from Graph.
https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.client_state import ClientState
from shared.lanes import Lanes
from shared.messages import CalendarSync, Reason, calendar_syncs
from shared.model import MailboxKey, is_own

LARGEST_POST = 8 * 1024 * 1024
"""Bytes. A thousand items take well under one megabyte."""


class Item(msgspec.Struct):
    """The parts of a change or lifecycle notification that are looked at."""

    tenantId: str  # noqa: N815 - Graph's name
    clientState: str | None = None  # noqa: N815 - Graph's name
    lifecycleEvent: str | None = None  # noqa: N815 - Graph's name


_LIFECYCLE = {
    "reauthorizationRequired": Reason.REAUTHORIZE,
    "subscriptionRemoved": Reason.REMOVED,
    "missed": Reason.NOTIFIED,
}
"""https://learn.microsoft.com/graph/change-notifications-lifecycle-events"""


class _Post(msgspec.Struct):
    value: list[msgspec.Raw]


@dataclass(frozen=True)
class Accepted:
    """What a post amounts to."""

    messages: tuple[CalendarSync, ...]
    believed: int
    ignored: int


def accept(body: bytes, client_state: ClientState, lanes: Lanes, now: datetime) -> Accepted:
    """The work a post of notifications asks for: each mailbox once for each reason, however often it is named."""
    items = _raw_items(body)
    proven = [known for item in items if (known := _proven(item, client_state)) is not None]
    by_kind: defaultdict[tuple[str, Reason], dict[str, None]] = defaultdict(dict)
    for mailbox, reason in proven:
        by_kind[mailbox.tenant_id, reason][mailbox.object_id] = None
    messages = [
        message
        for (tenant, reason), object_ids in by_kind.items()
        for message in calendar_syncs(
            tenant, object_ids, now, reason, bulk=lanes.is_crowded(tenant, len(object_ids), now)
        )
    ]
    return Accepted(tuple(messages), len(proven), len(items) - len(proven))


def _raw_items(body: bytes) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(body, type=_Post).value if len(body) <= LARGEST_POST else []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


def _proven(raw: msgspec.Raw, client_state: ClientState) -> tuple[MailboxKey, Reason] | None:
    """The mailbox an item proves, and what it says of it."""
    try:
        item = msgspec.json.decode(raw, type=Item)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    mailbox = client_state.verify(item.clientState or "")
    if mailbox is None or not (is_own(mailbox.tenant_id) or mailbox.tenant_id == item.tenantId.lower()):
        return None
    return mailbox, _LIFECYCLE.get(item.lifecycleEvent or "", Reason.NOTIFIED)
