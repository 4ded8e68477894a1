"""Changing calendars: what Exchange does when an event is made, edited, moved or removed, whoever does it.

Every change gets a new change key, a place in the order that calendarView/delta replays, the invitation mails
it causes, and a change notification. Event routes and the control API both come through here.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Literal

from local.microsoft.graph import attendees, invitations
from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_checks import check_event
from local.microsoft.graph.event_resource import ORGANIZER, etag, plain_text, rewritten_html
from local.microsoft.graph.instances import occurrence, occurrence_id
from local.microsoft.world import Event, Json, Mailbox, Tenant, User, World

TEAMS = "teamsForBusiness"
EXTENDED = "singleValueExtendedProperties"


def create_event(world: World, tenant: Tenant, user: User, fields: Json, calendar_id: str | None = None) -> Event:
    """Put an event or series into the mailbox; with attendees, invitations leave at once."""
    check_event(fields)
    mailbox = mailbox_of(user)
    calendar = calendar_id or next(iter(mailbox.calendars))
    token = _random_token(world, 24)
    event = Event(
        id=f"AAMkAG{token}AAA=",
        immutable_id=f"AAkALg{token}AAA=",
        fields=_stored(world, user, fields, meeting_providers(mailbox, calendar)),
        change_key="",
        transaction_id=fields.get("transactionId"),
        posted=fields,
    )
    event.calendar_id = calendar
    mailbox.events[event.id] = event
    _changed(world, tenant, user, event, "created")
    invitations.invite(world, mailbox, event)
    return event


def update_event(world: World, tenant: Tenant, user: User, event_id: str, fields: Json) -> Event:
    """Change fields of an event or of a whole series."""
    mailbox = mailbox_of(user)
    event = find_event(mailbox, event_id)
    check_event({**event.fields, **fields})
    before = event.fields
    event.fields = {**before, **fields, **_merged(before, fields)}
    if "body" in fields:
        _replace_body(event, fields["body"])
    if fields.get("isOnlineMeeting") and not before.get("onlineMeeting"):
        _add_online_meeting(world, event.fields, meeting_providers(mailbox, event.calendar_id))
    _changed(world, tenant, user, event, "updated")
    invitations.update(world, mailbox, event, before, fields)
    return event


def answer_event(world: World, tenant: Tenant, user: User, event_id: str, address: str, answer: str) -> Event:
    """An attendee accepts, declines or hesitates; whoever owns an invitation answers it for themselves."""
    event = find_event(mailbox_of(user), event_id)
    owner = user.mail or user.user_principal_name
    event.fields = {**event.fields, **attendees.with_answer(event, owner, address, answer, world.clock.now())}
    _changed(world, tenant, user, event, "updated")
    return event


def delete_event(world: World, tenant: Tenant, user: User, event_id: str, *, notify: bool | None = None) -> None:
    """Remove an event or series; attendees of an organiser hear of it (`notify` overrules the switch)."""
    mailbox = mailbox_of(user)
    event = find_event(mailbox, event_id)
    _leave(mailbox, event)
    mailbox.deleted_items[event.id] = event
    _changed(world, tenant, user, event, "deleted")
    if world.switches.delete_cancels if notify is None else notify:
        invitations.cancel(world, mailbox, event)


def move_event(world: World, tenant: Tenant, user: User, event_id: str, calendar_id: str) -> Event:
    """Move an event to another calendar of the mailbox: it gets a new id and keeps its immutable one, as switched."""
    mailbox = mailbox_of(user)
    event = find_event(mailbox, event_id)
    if calendar_id not in mailbox.calendars:
        raise item_not_found()
    _leave(mailbox, event)
    _changed(world, tenant, user, event, "deleted")
    token = _random_token(world, 24)
    event.id = f"AAMkAG{token}AAA="
    if not world.switches.move_keeps_immutable_id:
        event.immutable_id = f"AAkALg{token}AAA="
    event.calendar_id = calendar_id
    mailbox.events[event.id] = event
    _changed(world, tenant, user, event, "created")
    return event


def cancel_occurrence(
    world: World, tenant: Tenant, user: User, event_id: str, original_start: str, comment: str = ""
) -> None:
    """Delete one occurrence of a series, by its original date (`YYYY-MM-DD`, a time after it is ignored)."""
    mailbox, event, day = _occurrence(user, event_id, original_start)
    event.cancelled_occurrences.add(day)
    _changed(world, tenant, user, event, "updated")
    invitations.cancel(world, mailbox, event, comment)


def change_occurrence(
    world: World, tenant: Tenant, user: User, event_id: str, original_start: str, fields: Json
) -> Event:
    """Make one occurrence of a series an exception; `start` and `end` move it."""
    mailbox, event, day = _occurrence(user, event_id, original_start)
    if ("start" in fields) != ("end" in fields):
        raise GraphError(400, "ErrorPropertyValidationFailure", "Start and end of an occurrence change together.")
    check_event({**event.fields, "recurrence": None, **fields})
    known = event.exceptions.get(day, {})
    merged = _merged({**event.fields, **known}, fields)
    event.exceptions[day] = {**known, **fields, **merged, "id": occurrence_id(event.id, day)}
    _changed(world, tenant, user, event, "updated")
    invitations.update(world, mailbox, event, {**event.fields, **known}, fields)
    return event


def find_event(mailbox: Mailbox, event_id: str) -> Event:
    """The event of that id in either format, or 404 ErrorItemNotFound."""
    event = mailbox.events.get(event_id)
    if event is None:
        event = next((e for e in mailbox.events.values() if e.immutable_id == event_id), None)
    if event is None:
        raise item_not_found()
    return event


def find_deleted(world: World, mailbox: Mailbox, event_id: str) -> Event | None:
    """An event in Deleted Items whose id is still good, where that is switched on."""
    if not world.switches.deleted_keep_ids:
        return None
    return next((e for e in mailbox.deleted_items.values() if event_id in (e.id, e.immutable_id)), None)


def item_not_found() -> GraphError:
    """Outlook's 404 for things in a mailbox."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _leave(mailbox: Mailbox, event: Event) -> None:
    del mailbox.events[event.id]
    mailbox.left[event.id] = event.immutable_id


def _occurrence(user: User, event_id: str, original_start: str) -> tuple[Mailbox, Event, str]:
    mailbox = mailbox_of(user)
    event = find_event(mailbox, event_id)
    day = original_start[:10]
    if not event.fields.get("recurrence") or occurrence(event, mailbox.time_zone, day) is None:
        raise item_not_found()
    return mailbox, event, day


def _changed(
    world: World, tenant: Tenant, user: User, event: Event, kind: Literal["created", "updated", "deleted"]
) -> None:
    """Give the event its new change key, log the change and announce it."""
    event.change_key = _random_token(world, 16) + "=="
    event.fields["lastModifiedDateTime"] = _stamp(world.clock.now())
    mailbox_of(user).changes.append((world.next_sequence(), event.id, kind))
    delivery_of(world).event_changed(tenant, user, event, kind, etag(event))


def meeting_providers(mailbox: Mailbox, calendar_id: str) -> list[str]:
    """Who makes online meetings for a calendar."""
    usual = [TEAMS] if mailbox.online_meetings else []
    return mailbox.meeting_providers.get(calendar_id, usual)


def _stored(world: World, user: User, fields: Json, providers: list[str]) -> Json:
    """The posted fields with what Exchange adds."""
    now = _stamp(world.clock.now())
    address = {"name": user.display_name, "address": user.mail or user.user_principal_name}
    stored: Json = {
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "originalStartTimeZone": fields["start"].get("timeZone", "UTC"),
        "originalEndTimeZone": fields["end"].get("timeZone", "UTC"),
        "iCalUId": "040000008200E00074C5B7101A82E008" + world.randomness.randbytes(16).hex().upper(),
        "organizer": {"emailAddress": address},
        "isOrganizer": True,
        "responseStatus": ORGANIZER,
        **fields,
        "attendees": attendees.stored(fields.get("attendees")),
        "body": rewritten_html(fields.get("body")),
    }
    stored.pop("transactionId", None)
    stored["bodyPreview"] = plain_text(stored["body"]["content"])[:255]
    stored["locations"] = [fields["location"]] if fields.get("location") else []
    if fields.get("isOnlineMeeting"):
        _add_online_meeting(world, stored, providers)
    return stored


def _merged(before: Json, fields: Json) -> Json:
    """What a change adds to, not replaces: attendees keep their answers, other extended properties stay."""
    merged: Json = {}
    if "attendees" in fields:
        merged["attendees"] = attendees.stored(fields["attendees"], before.get("attendees"))
    if new := fields.get(EXTENDED):
        changed = {one["id"].lower() for one in new}
        merged[EXTENDED] = [one for one in before.get(EXTENDED) or () if one["id"].lower() not in changed] + new
    return merged


def _add_online_meeting(world: World, fields: Json, providers: list[str]) -> None:
    """Make the event a Teams meeting, if the calendar allows it: a join link, also as a blob in the body."""
    if TEAMS not in providers or fields.get("onlineMeetingProvider", TEAMS) != TEAMS:
        fields.update(isOnlineMeeting=False, onlineMeetingProvider="unknown")
        return
    link = f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{_random_token(world, 24)}%40thread.v2/0"
    fields.update(isOnlineMeeting=True, onlineMeetingProvider=TEAMS, onlineMeeting={"joinUrl": link})
    content = rewritten_html(fields.get("body"))["content"]
    blob = f'<div class="me-email-text"><a href="{link}">Join the meeting now</a></div>'
    fields["body"] = {"contentType": "html", "content": content.replace("</body>", f"{blob}\r\n</body>")}


def _replace_body(event: Event, body: Json) -> None:
    """A new body without the meeting blob takes the event's online part away."""
    event.fields["body"] = rewritten_html(body)
    event.fields["bodyPreview"] = plain_text(event.fields["body"]["content"])[:255]
    meeting = event.fields.get("onlineMeeting")
    if meeting and meeting["joinUrl"] not in event.fields["body"]["content"]:
        event.fields.update(isOnlineMeeting=False, onlineMeeting=None, onlineMeetingProvider="unknown")


def _random_token(world: World, size: int) -> str:
    return base64.urlsafe_b64encode(world.randomness.randbytes(size)).decode().rstrip("=")


def _stamp(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "0Z"
