"""The mails Exchange sends about meetings; they end in the organiser's outbox, where tests read them."""

from __future__ import annotations

from typing import Literal

from local.microsoft.world import Event, Json, Mailbox, World

SILENT = {"singleValueExtendedProperties", "categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs"}
"""Changes that concern only the organiser."""


def invite(world: World, mailbox: Mailbox, event: Event) -> None:
    """Mail all attendees of a new meeting."""
    _send(world, mailbox, event, "invitation", _addresses(event.fields))


def update(world: World, mailbox: Mailbox, event: Event, before: Json, changes: Json) -> None:
    """Mail those whom a change concerns: everybody, or with only `attendees` changed those added and removed."""
    old, new = _addresses(before), _addresses({**before, **changes})
    _send(world, mailbox, event, "cancellation", [a for a in old if a not in new])
    _send(world, mailbox, event, "invitation", [a for a in new if a not in old])
    if set(changes) - SILENT - {"attendees"}:
        _send(world, mailbox, event, "update", [a for a in new if a in old])


def cancel(world: World, mailbox: Mailbox, event: Event, comment: str = "") -> None:
    """Mail all attendees that the meeting is off; only an organiser can."""
    if event.fields.get("isOrganizer", True):
        _send(world, mailbox, event, "cancellation", _addresses(event.fields), comment=comment)


def _send(
    world: World,
    mailbox: Mailbox,
    event: Event,
    kind: Literal["invitation", "update", "cancellation"],
    to: list[str],
    *,
    comment: str = "",
) -> None:
    if to:
        mail = {"kind": kind, "event": event.id, "subject": event.fields.get("subject", ""), "to": to}
        mailbox.outbox.append({**mail, "comment": comment, "time": world.clock.now().isoformat()})


def _addresses(fields: Json) -> list[str]:
    return [attendee["emailAddress"]["address"].lower() for attendee in fields.get("attendees") or ()]
