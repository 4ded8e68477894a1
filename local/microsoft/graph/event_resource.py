"""The event resource as Graph writes it: defaults, zones, `$select`, `$expand` and `Prefer`.

https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.instances import Instance
from local.microsoft.graph.messages import GraphRequest
from local.microsoft.graph.zones import date_time_zone, wall_time, zone
from local.microsoft.world import Event, Json

NO_RESPONSE = {"response": "none", "time": "0001-01-01T00:00:00Z"}
ORGANIZER = {"response": "organizer", "time": "0001-01-01T00:00:00Z"}
DEFAULTS: Json = {
    "createdDateTime": "2026-01-01T00:00:00.0000000Z",
    "lastModifiedDateTime": "2026-01-01T00:00:00.0000000Z",
    "categories": [],
    "originalStartTimeZone": "UTC",
    "originalEndTimeZone": "UTC",
    "iCalUId": "",
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "hasAttachments": False,
    "subject": "",
    "bodyPreview": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": True,
    "isDraft": False,
    "hideAttendees": False,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "showAs": "busy",
    "webLink": None,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeetingUrl": None,
    "onlineMeeting": None,
    "responseStatus": ORGANIZER,
    "body": {"contentType": "html", "content": ""},
    "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown"},
    "locations": [],
    "attendees": [],
    "organizer": None,
    "recurrence": None,
}
PLACED = ("id", "changeKey", "type", "seriesMasterId", "start", "end", "originalStart", "transactionId")
KNOWN = frozenset(DEFAULTS) | frozenset(PLACED) | {"cancelledOccurrences", "exceptionOccurrences", "uid"}
IMMUTABLE_ID = "immutableid"


@dataclass(frozen=True)
class View:
    """How a reader wants events written."""

    zone: str = "UTC"
    select: frozenset[str] | None = None
    extended_property: str | None = None
    """Id of the extended property to expand."""
    expand: frozenset[str] = frozenset()
    immutable_ids: bool = False
    text_body: bool = False


def view_of(request: GraphRequest) -> View:
    """What the request's `$select`, `$expand` and `Prefer` ask for; 400 for unknown properties and zones."""
    preferences = request.headers.preferences()
    zone_name = preferences.get("outlook.timezone", "UTC")
    zone(zone_name)
    expand = request.query.get("$expand", "")
    names = frozenset(name.strip().lower() for name in re.sub(r"\([^)]*\)", "", expand).split(",") if name)
    wanted = re.search(r"id\s+eq\s+'([^']*)'", expand)
    return View(
        zone=zone_name,
        select=_selected(request.query.get("$select")),
        extended_property=wanted.group(1) if wanted else None,
        expand=names,
        immutable_ids=preferences.get("idtype", "").lower() == IMMUTABLE_ID,
        text_body=preferences.get("outlook.body-content-type", "").lower() == "text",
    )


def _selected(select: str | None) -> frozenset[str] | None:
    if not select:
        return None
    by_lower = {name.lower(): name for name in KNOWN}
    names = frozenset(by_lower.get(name.strip().lower(), name.strip()) for name in select.split(","))
    unknown = names - KNOWN
    if unknown:
        message = f"Could not find a property named '{min(unknown)}' on type 'Microsoft.OutlookServices.Event'."
        raise GraphError(400, "RequestBroker--ParseUri", message)
    return names


def resource(instance: Instance, view: View) -> Json:
    """The event resource of an instance, cut to what was selected."""
    body: Json = {"@odata.etag": etag(instance.event)}
    names = view.select if view.select is not None else (*PLACED, *DEFAULTS)
    body["id"] = public_id(instance, view)
    stored = {**instance.event.fields, **(instance.changes or {})}
    for name in names:
        if name in PLACED:
            _place(body, name, instance, stored, view)
        else:
            body[name] = stored.get(name, DEFAULTS.get(name))
    if instance.original_date is not None and "recurrence" in body:
        body["recurrence"] = None
    if view.text_body and "body" in body:
        body["body"] = {"contentType": "text", "content": plain_text(body["body"]["content"])}
    _expand(body, stored, view)
    return body


def _place(body: Json, name: str, instance: Instance, stored: Json, view: View) -> None:
    if name in ("start", "end"):
        body[name] = _moment(instance, name, stored, view)
    elif name == "changeKey":
        body[name] = instance.event.change_key
    elif name == "type":
        body[name] = instance.kind
    elif name == "seriesMasterId":
        body[name] = _series_master(instance, view)
    elif name == "originalStart" and instance.original_start is not None:
        body[name] = f"{instance.original_start:%Y-%m-%dT%H:%M:%SZ}"
    elif name == "transactionId" and instance.event.transaction_id is not None:
        body[name] = instance.event.transaction_id


def _moment(instance: Instance, name: str, stored: Json, view: View) -> Json:
    """All-day events are dates: midnight in whichever zone the reader asked for, never converted."""
    if not stored.get("isAllDay"):
        return date_time_zone(instance.start if name == "start" else instance.end, view.zone)
    if instance.original_date is None or (instance.changes and name in instance.changes):
        day = wall_time(stored[name]["dateTime"])
    else:
        length = wall_time(stored["end"]["dateTime"]) - wall_time(stored["start"]["dateTime"])
        day = datetime.fromisoformat(instance.original_date) + (length if name == "end" else length * 0)
    return {"dateTime": f"{day:%Y-%m-%d}T00:00:00.0000000", "timeZone": view.zone}


def _series_master(instance: Instance, view: View) -> str | None:
    if instance.original_date is None:
        return None
    return instance.event.immutable_id if view.immutable_ids else instance.event.id


def _expand(body: Json, stored: Json, view: View) -> None:
    if view.extended_property is None or "singlevalueextendedproperties" not in view.expand:
        return
    found = extended_property(stored, view.extended_property)
    if found is not None:
        body["singleValueExtendedProperties"] = [found]


def extended_property(fields: Json, identity: str) -> Json | None:
    """The stored extended property of that id (compared without regard to case)."""
    properties: list[Json] = fields.get("singleValueExtendedProperties") or []
    return next((p for p in properties if p["id"].lower() == identity.lower()), None)


def etag(event: Event) -> str:
    """The entity tag of the event's present state."""
    return f'W/"{event.change_key}"'


def public_id(instance: Instance, view: View) -> str:
    """The instance's id in the format asked for."""
    if not view.immutable_ids:
        return instance.id
    return instance.event.immutable_id + instance.id[len(instance.event.id) :]


def rewritten_html(body: Json | None) -> Json:
    """A message body as Exchange stores it: always HTML, wrapped in a document of its own."""
    content = (body or {}).get("content") or ""
    if (body or {}).get("contentType", "text").lower() == "text":
        content = html.escape(content).replace("\n", "<br>\n")
    inner = re.sub(r"(?is)^.*<body[^>]*>|</body>.*$", "", content)
    head = '<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>'
    return {"contentType": "html", "content": f"<html>{head}<body>\r\n{inner}\r\n</body></html>\r\n"}


def plain_text(content: str) -> str:
    """HTML without its markup, as `bodyPreview` and text bodies show it."""
    text = re.sub(r"(?is)<head>.*?</head>|<[^>]+>", "", content)
    return html.unescape(text).strip()


def collection(items: list[Any], context: str, next_link: str | None = None) -> Json:
    """A page of a collection."""
    page: Json = {"@odata.context": context, "value": items}
    if next_link is not None:
        page["@odata.nextLink"] = next_link
    return page
