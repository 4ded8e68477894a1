"""The calendars of members' connections: which are checked, and where bookings go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.me import BookingConnection, CalendarSelection, MyCalendar, MyCalendars, MyConnections
from shared.errors import Conflict, NotFound
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.functions.me import mine_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.selected_calendars import Listed

ADDRESS = "api/me/connections/{connection}/calendars"


def my_calendars(api: Api) -> None:
    """Listing and selecting."""
    services = api.services

    @api.endpoint("GET", ADDRESS, Who.MEMBER, MyCalendars, problems=(NotFound, Conflict))
    def list_my_calendars(ask: Asked[Nothing, None]) -> MyCalendars:
        """The calendars of the caller's connection, `managed` or `personal`, as Outlook lists them now."""
        connection = ask.path["connection"]
        return _answer(connection, services.selected_calendars.of(ask.caller, connection))

    @api.endpoint("PUT", ADDRESS, Who.MEMBER, MyCalendars, body=CalendarSelection, problems=(NotFound, Conflict))
    def select_my_calendars(ask: Asked[Nothing, CalendarSelection]) -> MyCalendars:
        """Say which calendars are checked for conflicts, and which one takes bookings.

        What is newly checked makes all time busy until it was read, which takes a moment. What is checked no more is
        deleted from what is kept; bookings in it stay, and their time stays taken. Refused for the managed
        connection where it leaves out the default calendar, and the policy does not let members disconnect.
        """
        connection, body = ask.path["connection"], ask.body
        found = services.selected_calendars.select(ask.caller, connection, body.checked, body.bookings)
        return _answer(connection, found)

    @api.endpoint(
        "PUT",
        "api/me/booking-connection",
        Who.MEMBER,
        MyConnections,
        body=BookingConnection,
        problems=(NotFound, Conflict),
    )
    def choose_booking_connection(ask: Asked[Nothing, BookingConnection]) -> MyConnections:
        """Say which of the caller's connections takes their bookings; without a word it is the managed one.

        Bookings that were made stay where they are.
        """
        standing = services.selected_calendars.receive(ask.caller, ask.body.connection)
        return mine_of(services, standing, ask.caller.org)


def _answer(connection: str, listed: Iterable[Listed]) -> MyCalendars:
    return MyCalendars(connection, [_calendar(one) for one in listed])


def _calendar(one: Listed) -> MyCalendar:
    calendar = one.calendar
    return MyCalendar(
        id=calendar.id,
        name=calendar.name,
        is_default=calendar.is_default,
        is_shared=calendar.is_shared,
        is_read_only=not calendar.can_edit,
        owner=calendar.owner,
        is_checked=one.is_checked,
        takes_bookings=one.takes_bookings,
        unreadable_since=one.unreadable_since,
    )
