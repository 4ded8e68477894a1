"""What the forms of a mailbox's page do: a form's fields in, a change of the calendar out.

Times are the mailbox's wall times; days of all-day events are counted inclusively, as people count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from local.microsoft.graph import events
from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.instances import split_occurrence_id
from local.microsoft.world import Json, Tenant, User, World

Place = tuple[World, Tenant, User]
Form = Mapping[str, str]
Change = Callable[[Place, str, Form], object]
"""Changes the event with that id."""


def add(place: Place, form: Form) -> None:
    """A new event of the owner's."""
    fields: Json = {
        "subject": form.get("subject", ""),
        "showAs": form.get("show_as", "busy"),
        "sensitivity": "private" if form.get("private") else "normal",
        "isAllDay": bool(form.get("all_day")),
        "isOnlineMeeting": bool(form.get("teams")),
        "attendees": [_attendee(address) for address in form.get("attendees", "").replace(",", " ").split()],
        **_times(place[2], form, all_day=bool(form.get("all_day"))),
    }
    events.create_event(*place, fields)


def _rename(place: Place, identity: str, form: Form) -> None:
    _write(place, identity, {"subject": form.get("subject", "")})


def _reschedule(place: Place, identity: str, form: Form) -> None:
    event = events.find_event(mailbox_of(place[2]), split_occurrence_id(identity)[0])
    _write(place, identity, _times(place[2], form, all_day=bool(event.fields.get("isAllDay"))))


def _write(place: Place, identity: str, fields: Json) -> None:
    event, day = split_occurrence_id(identity)
    if day is None:
        events.update_event(*place, event, fields)
    else:
        events.change_occurrence(*place, event, day, fields)


def _move(place: Place, identity: str, form: Form) -> None:
    calendar = form.get("calendar") or "Second"
    mailbox_of(place[2]).calendars.setdefault(calendar, calendar)
    events.move_event(*place, identity, calendar)


def _answer(place: Place, identity: str, form: Form) -> None:
    event, _ = split_occurrence_id(identity)
    events.answer_event(*place, event, form.get("attendee", ""), form.get("response", ""))


def _delete(place: Place, identity: str, _form: Form) -> None:
    event, day = split_occurrence_id(identity)
    if day is None:
        events.delete_event(*place, event)
    else:
        events.cancel_occurrence(*place, event, day)


CHANGES: dict[str, Change] = {
    "subject": _rename,
    "time": _reschedule,
    "calendar": _move,
    "answer": _answer,
    "delete": _delete,
}
"""By the last segment of the form's address."""


def _attendee(address: str) -> Json:
    return {"emailAddress": {"address": address, "name": address}, "type": "required"}


def _times(user: User, form: Form, *, all_day: bool) -> Json:
    name = mailbox_of(user).time_zone
    start, end = (_moment(form.get(side, "")) for side in ("start", "end"))
    if all_day:
        start, end = _midnight(start.date()), _midnight(end.date() + timedelta(days=1))
    return {
        side: {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": name}
        for side, moment in (("start", start), ("end", end))
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise GraphError(400, "BadRequest", "Give a start and an end.") from None
