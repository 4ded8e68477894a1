"""A meeting as Graph's event resource, whole or only the parts of it that change.

https://learn.microsoft.com/graph/api/resources/event
https://learn.microsoft.com/graph/api/event-update
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.model import Content, Window

Fields = dict[str, Any]

TEAMS = "teamsForBusiness"
_MARK = "meeting-description"
_OURS = re.compile(rf'(<div[^>]*\bid="(?:x_)?{_MARK}"[^>]*>).*?(</div>)', re.DOTALL | re.IGNORECASE)
"""What was sent is plain text: no other element lies inside."""


def moment(at: datetime) -> dict[str, str]:
    """An instant as Graph takes it. In UTC, which means the same instant whatever becomes of a zone's rules."""
    return {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


def times(span: Window) -> Fields:
    """When an event is."""
    return {"start": moment(span.start), "end": moment(span.end)}


def whole(content: Content, span: Window) -> Fields:
    """Everything that creates the event of the host who invites."""
    parts = [part for name, part in _PARTS.items() if name != "online" or content.online]
    return {**times(span), "showAs": "busy", "allowNewTimeProposals": False, **_of(parts, content)}


def whole_of_other_host(content: Content, span: Window) -> Fields:
    """The same for a host who does not invite: one invitation is enough, and one online meeting."""
    return {name: value for name, value in whole(content, span).items() if name not in _INVITING}


def changed(content: Content, names: Collection[str], span: Window | None) -> Fields:
    """The parts that change, and nothing else: attendees are told of no more than that."""
    parts = [part for name, part in _PARTS.items() if name in names and name != "description"]
    return {**(times(span) if span else {}), **_of(parts, content)}


def for_other_host(fields: Mapping[str, Any]) -> Fields:
    """Changes as far as they concern a host who does not invite."""
    return {name: value for name, value in fields.items() if name not in _INVITING}


def described(body: str, description: str) -> Fields | None:
    """The event's text with another description; None where somebody took ours out of it.

    The rest stays as it is: an online meeting whose part of the text is lost is no online meeting any more.
    """
    ours, text = _OURS.search(body), _html(description)
    if ours is None:
        return None
    return {"body": _as_html(body[: ours.end(1)] + text + body[ours.start(2) :])}


def _of(parts: Collection[Callable[[Content], Fields]], content: Content) -> Fields:
    return {name: value for part in parts for name, value in part(content).items()}


def _html(text: str) -> str:
    return html.escape(text).replace("\r\n", "\n").replace("\n", "<br>")


def _as_html(content: str) -> Fields:
    return {"contentType": "html", "content": content}


def _reminder(content: Content) -> Fields:
    if content.reminder is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": int(content.reminder.total_seconds() // 60)}


def _attendees(content: Content) -> Fields:
    return {
        "attendees": [
            {
                "emailAddress": {"address": one.address, "name": one.name or one.address},
                "type": "optional" if one.optional else "required",
            }
            for one in content.invitees
        ]
    }


_PARTS: Mapping[str, Callable[[Content], Fields]] = {
    "subject": lambda content: {"subject": content.subject},
    "description": lambda content: {"body": _as_html(f'<div id="{_MARK}">{_html(content.description)}</div>')},
    "location": lambda content: {"location": {"displayName": content.location}},
    "invitees": _attendees,
    "online": lambda _: {"isOnlineMeeting": True, "onlineMeetingProvider": TEAMS},
    "reminder": _reminder,
    "sensitivity": lambda content: {"sensitivity": content.sensitivity.value},
}
"""What each part of a meeting is in an event. That it is online cannot be taken back, so it is only ever said."""
_INVITING = frozenset({"attendees", "isOnlineMeeting", "onlineMeetingProvider"})
