"""Second calendars in the sample: editable and locked ones, and calendars that colleagues share."""

from __future__ import annotations

from datetime import date, timedelta

from local.microsoft.identifiers import stable_token
from local.microsoft.sample.calendars import all_day, stored_event, timed
from local.microsoft.world import PRIMARY_CALENDAR, Json, SharedCalendar, Tenant, User


def add_second_calendars(personal: Tenant, northwind: Tenant, monday: date) -> None:
    """Petra has one of her family and one of holidays, Nadia one of projects and two of colleagues."""
    petra, nadia, norbert, sam = (
        _named(tenant, name)
        for tenant, name in (
            (personal, "Petra Personal"),
            (northwind, "Nadia North"),
            (northwind, "Norbert Admin"),
            (northwind, "Sam Foreign"),
        )
    )
    family, holidays = _calendar(petra, "Family"), _calendar(petra, "Holidays in the Netherlands", read_only=True)
    _put(petra, family, timed("school play", monday + timedelta(days=3), "13:00", 90, "W. Europe Standard Time"))
    _put(petra, holidays, all_day("holiday", monday + timedelta(days=4), 1, showAs="free"))
    projects = _calendar(nadia, "Projects")
    _put(nadia, projects, timed("project", monday + timedelta(days=2), "15:00", 60, "W. Europe Standard Time"))
    _share(northwind, norbert, nadia)
    _share(northwind, sam, nadia, can_edit=True)


def _named(tenant: Tenant, name: str) -> User:
    return next(user for user in tenant.users.values() if user.display_name == name)


def _calendar(user: User, name: str, *, read_only: bool = False) -> str:
    identity = f"AAMkCal{stable_token('calendar', user.id, name)}="
    if user.mailbox is not None:
        user.mailbox.calendars[identity] = name
        user.mailbox.read_only_calendars |= {identity} if read_only else set()
    return identity


def _put(user: User, calendar: str, fields: Json) -> None:
    if user.mailbox is not None:
        event = stored_event(user, len(user.mailbox.events), fields)
        event.calendar_id = calendar
        user.mailbox.events[event.id] = event


def _share(tenant: Tenant, owner: User, reader: User, *, can_edit: bool = False) -> None:
    if reader.mailbox is not None:
        identity = f"AAMkCal{stable_token('share', owner.id, reader.id)}="
        share = SharedCalendar(owner.display_name, tenant.id, owner.id, PRIMARY_CALENDAR, can_edit)
        reader.mailbox.shared[identity] = share
