"""getSchedule: free/busy of several people at once, without event ids.

https://learn.microsoft.com/graph/api/calendar-getschedule
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.microsoft.consumers import refuse_consumers
from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.instances import Instance, instances
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import CALENDARS_READ_BASIC, Routes
from local.microsoft.graph.zones import date_time_zone, utc
from local.microsoft.world import PRIMARY_CALENDAR, Json, Tenant, User, World

routes = Routes()
MAX_ADDRESSES = 20
MAX_PERIOD = timedelta(days=62)
MAX_ITEMS = 1000
DEFAULT_INTERVAL = 30
WORKING_HOURS = {
    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "startTime": "08:00:00.0000000",
    "endTime": "17:00:00.0000000",
}


@dataclass(frozen=True)
class Inquiry:
    """What was asked."""

    start: datetime
    end: datetime
    interval: timedelta
    zone: str


@routes.mailbox("POST", "/calendar/getSchedule", CALENDARS_READ_BASIC)
async def get_schedule(world: World, request: GraphRequest) -> GraphResponse:
    """Availability of each address; one that cannot be resolved has an error of its own in a 200."""
    refuse_consumers(request.tenant)
    mailbox_of(request.user)
    body = request.json()
    inquiry = _inquiry(body, request.headers.preferences().get("outlook.timezone", "UTC"))
    addresses = body.get("schedules") or []
    if len(addresses) > MAX_ADDRESSES:
        raise _refused(f"The number of schedules requested exceeds {MAX_ADDRESSES}.")
    value = [_information(world, request.tenant, address, inquiry) for address in addresses]
    context = f"{request.base_url}/$metadata#Collection(microsoft.graph.scheduleInformation)"
    return GraphResponse(200, {"@odata.context": context, "value": value})


def _inquiry(body: Json, zone_name: str) -> Inquiry:
    try:
        start, end = utc(body["startTime"]), utc(body["endTime"])
        minutes = int(body.get("availabilityViewInterval") or DEFAULT_INTERVAL)
    except (KeyError, TypeError, ValueError):
        raise _refused("startTime, endTime or availabilityViewInterval is missing or malformed.") from None
    if not 5 <= minutes <= 1440:
        raise _refused("availabilityViewInterval must be between 5 and 1440 minutes.")
    if not timedelta() < end - start < MAX_PERIOD:
        raise _refused("The requested time period must be under 62 days and end after it starts.")
    return Inquiry(start, end, timedelta(minutes=minutes), zone_name)


def _information(world: World, tenant: Tenant, address: str, inquiry: Inquiry) -> Json:
    user = _find(tenant, address)
    if user is None or user.mailbox is None or user.mailbox.hosted == "on_premises":
        return _failed(address, "Unable to resolve e-mail address.", "ErrorMailRecipientNotFound")
    found = instances(user.mailbox, inquiry.start, inquiry.end, calendar_id=PRIMARY_CALENDAR)
    found = [i for i in found if not _fields(i).get("isCancelled")]
    if len(found) > MAX_ITEMS:
        return _failed(address, "The result set contains too many calendar entries.", "5006")
    return {
        "scheduleId": address,
        "availabilityView": _view(found, inquiry, world.switches.working_elsewhere_digit),
        "scheduleItems": [_item(i, inquiry.zone) for i in found],
        "workingHours": {**WORKING_HOURS, "timeZone": {"name": user.mailbox.time_zone}},
    }


def _view(found: list[Instance], inquiry: Inquiry, elsewhere: str) -> str:
    """One digit per interval: the busiest status in it."""
    digits = {"free": "0", "workingElsewhere": elsewhere, "tentative": "1", "busy": "2", "oof": "3"}
    weight = {"0": 0, "4": 1, "1": 2, "2": 3, "3": 4}
    slots = ["0"] * -((inquiry.start - inquiry.end) // inquiry.interval)
    for instance in found:
        digit = digits.get(_fields(instance).get("showAs", "busy"), "2")
        first = max(0, (instance.start - inquiry.start) // inquiry.interval)
        after = -((inquiry.start - min(instance.end, inquiry.end)) // inquiry.interval)
        for slot in range(first, min(after, len(slots))):
            slots[slot] = max(slots[slot], digit, key=lambda d: weight[d])
    return "".join(slots)


def _item(instance: Instance, zone_name: str) -> Json:
    fields = _fields(instance)
    item: Json = {
        "status": fields.get("showAs", "busy"),
        "start": date_time_zone(instance.start, zone_name),
        "end": date_time_zone(instance.end, zone_name),
        "isPrivate": fields.get("sensitivity") in ("private", "confidential"),
    }
    if not item["isPrivate"]:
        item["subject"] = fields.get("subject", "")
        item["location"] = (fields.get("location") or {}).get("displayName", "")
    return item


def _fields(instance: Instance) -> dict[str, Any]:
    return {**instance.event.fields, **(instance.changes or {})}


def _find(tenant: Tenant, address: str) -> User | None:
    wanted = address.lower()
    return next((u for u in tenant.users.values() if u.deleted_at is None and wanted in _addresses(u)), None)


def _addresses(user: User) -> set[str]:
    aliases = [text.partition(":")[2].strip() for text in user.proxy_addresses if text.lower().startswith("smtp:")]
    return {text.lower() for text in (user.user_principal_name, user.mail or "", *aliases)}


def _failed(address: str, message: str, code: str) -> Json:
    return {
        "scheduleId": address,
        "availabilityView": "",
        "scheduleItems": [],
        "error": {"message": message, "responseCode": code},
    }


def _refused(message: str) -> GraphError:
    return GraphError(400, "ErrorInvalidParameter", message)
