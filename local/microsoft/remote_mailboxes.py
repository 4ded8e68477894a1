"""The control API's part about the calendars of a mailbox, as methods of its client."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from local.microsoft.remote_control import RemoteControl, control_path, user_path
from local.microsoft.world import Json


class MailboxCalendars(RemoteControl):
    """Calendars by the ids that Graph has for them."""

    def calendars(self, tenant: str, user: str) -> list[Json]:
        """All calendars of a mailbox as Graph writes them, the default one first, shared ones last."""
        found: list[Json] = self._call("GET", user_path(tenant, user) + "/calendars")["calendars"]
        return found

    def add_calendar(self, tenant: str, user: str, name: str, **more: Any) -> str:
        """A new calendar (`read_only`, `providers` of online meetings); its id."""
        return str(self._call("POST", user_path(tenant, user) + "/calendars", {"name": name, **more})["id"])

    def change_calendar(self, tenant: str, user: str, calendar: str, **changes: Any) -> Json:
        """`name`, `read_only`, `providers`."""
        return self._call("PATCH", _calendar(tenant, user, calendar), changes)

    def remove_calendar(self, tenant: str, user: str, calendar: str) -> None:
        """Remove it with its events, or let go of one that somebody shares."""
        self._call("DELETE", _calendar(tenant, user, calendar))

    def share_calendar(
        self, tenant: str, owner: str, calendar: str, reader: str, *, can_edit: bool = False, reader_tenant: str = ""
    ) -> str:
        """Have it show up with somebody; the id it has there. Once more changes what the reader may do."""
        body = {"reader": reader, "can_edit": can_edit, "tenant": reader_tenant}
        return str(self._call("POST", _calendar(tenant, owner, calendar) + "/share", body)["id"])

    def events_in(
        self, tenant: str, user: str, calendar: str, start: datetime | None = None, end: datetime | None = None
    ) -> list[Json]:
        """Expanded events of one own calendar, as Graph writes them, times in UTC."""
        query = {"start": start and start.isoformat(), "end": end and end.isoformat()}
        where = _calendar(tenant, user, calendar) + "/events"
        found: list[Json] = self._call("GET", where, query=query)["events"]
        return found

    def create_event_in(self, tenant: str, user: str, calendar: str, fields: Json) -> Json:
        """Put an event or series into one calendar."""
        return self._call("POST", _calendar(tenant, user, calendar) + "/events", fields)


def _calendar(tenant: str, user: str, calendar: str) -> str:
    return control_path("tenants", tenant, "users", user, "calendars", calendar)
