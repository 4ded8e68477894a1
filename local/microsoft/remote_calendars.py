"""What people do in Outlook, through the control API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from local.microsoft.remote_control import RemoteControl, event_path, user_path
from local.microsoft.world import Json

Answer = Literal["accepted", "declined", "tentativelyAccepted"]


class RemoteCalendars(RemoteControl):
    """Calendars of people; tenants by id or domain, users by id or user principal name."""

    def events(
        self, tenant: str, user: str, start: datetime | None = None, end: datetime | None = None
    ) -> list[Json]:
        """Expanded events, as Graph writes them, times in UTC."""
        query = {"start": start and start.isoformat(), "end": end and end.isoformat()}
        found: list[Json] = self._call("GET", user_path(tenant, user) + "/events", query=query)["events"]
        return found

    def create_event(self, tenant: str, user: str, fields: Json) -> Json:
        """Put an event or series into the calendar."""
        return self._call("POST", user_path(tenant, user) + "/events", fields)

    def event(self, tenant: str, user: str, event: str) -> Json:
        """One event by its id in either format, with `calendar`, `immutableId` and its extended properties."""
        return self._call("GET", event_path(tenant, user, event))

    def update_event(self, tenant: str, user: str, event: str, fields: Json) -> Json:
        """Change an event or a whole series."""
        return self._call("PATCH", event_path(tenant, user, event), fields)

    def reschedule_event(self, tenant: str, user: str, event: str, start: datetime, end: datetime) -> Json:
        """Drag an event to another time."""
        moments = {"start": start, "end": end}
        fields = {name: {"dateTime": _wall(moment), "timeZone": "UTC"} for name, moment in moments.items()}
        return self.update_event(tenant, user, event, fields)

    def answer_event(self, tenant: str, user: str, event: str, attendee: str, response: Answer) -> Json:
        """An attendee answers the user's meeting; the user's own address answers an invitation."""
        body = {"attendee": attendee, "response": response}
        return self._call("POST", event_path(tenant, user, event) + "/answers", body)

    def delete_event(self, tenant: str, user: str, event: str) -> None:
        """Delete an event or a whole series."""
        self._call("DELETE", event_path(tenant, user, event))

    def move_event(self, tenant: str, user: str, event: str, calendar: str = "Second") -> str:
        """Move to another calendar of the mailbox; the event's new id."""
        return str(self._call("POST", event_path(tenant, user, event) + "/move", {"calendar": calendar})["id"])

    def cancel_occurrence(self, tenant: str, user: str, event: str, day: str) -> None:
        """Take the occurrence of an original date out of a series."""
        self._call("DELETE", event_path(tenant, user, event) + f"/occurrences/{day}")

    def change_occurrence(self, tenant: str, user: str, event: str, day: str, fields: Json) -> None:
        """Change or move the occurrence of an original date."""
        self._call("PATCH", event_path(tenant, user, event) + f"/occurrences/{day}", fields)


def _wall(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
