"""The calendars of a member's connections as the API lists them, and what is selected of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import structs

from shared.contract.me import CalendarSelection, MyCalendar, MyCalendars
from shared.contract.parsing import parse_body
from shared.model import MANAGED, PERSONAL


def calendar(name: str, **changes: object) -> MyCalendar:
    """A calendar of the member's own that is not checked. Its id is its name."""
    known = {"is_default": False, "is_shared": False, "is_read_only": False, "owner": "Bob"}
    selected = {"is_checked": False, "takes_bookings": False, "unreadable_since": None}
    return MyCalendar(name, name, **{**known, **selected, **changes})  # type: ignore[arg-type]


def usual(name: str = "Calendar") -> MyCalendar:
    """The default calendar, as long as nothing was selected."""
    return calendar(name, is_default=True, is_checked=True, takes_bookings=True)


@dataclass
class Calendars:
    """What is listed at the moment; tests change it, and so does what the pages send."""

    listed: dict[str, list[MyCalendar]] = field(
        default_factory=lambda: {MANAGED: [usual()], PERSONAL: [usual("Kalender")]}
    )
    sent: list[tuple[str, CalendarSelection]] = field(default_factory=list)
    """By connection, as the contract reads it."""

    def answer(self, method: str, connection: str, body: bytes) -> MyCalendars:
        """The list, after what is sent was selected."""
        if method == "PUT":
            wish = parse_body(body, CalendarSelection)
            self.sent.append((connection, wish))
            self.listed[connection] = [_selected(one, wish) for one in self.listed[connection]]
        return MyCalendars(connection, self.listed[connection])


def _selected(known: MyCalendar, wish: CalendarSelection) -> MyCalendar:
    return structs.replace(known, is_checked=known.id in wish.checked, takes_bookings=known.id == wish.bookings)
