"""Which calendars of a mailbox count for a member, and which one takes bookings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from shared.model.tenant import MailboxKey

DEFAULT = ""
"""The default calendar of a mailbox, which can be read and written without knowing its id."""


class CalendarKey(NamedTuple):
    """One calendar of a mailbox, by Graph's id, which never changes."""

    mailbox: MailboxKey
    calendar: str = DEFAULT


@dataclass(frozen=True)
class Checked:
    """A calendar that is checked for conflicts."""

    id: str
    shared: bool = False
    """Whether it is somebody else's: nobody tells us of changes to it."""


@dataclass(frozen=True)
class Selection:
    """What a member selected of one mailbox. The calendar for bookings is always among those checked."""

    mailbox: MailboxKey
    checked: tuple[Checked, ...] = (Checked(DEFAULT),)
    bookings: str = DEFAULT

    @property
    def keys(self) -> tuple[CalendarKey, ...]:
        """The calendars that are checked."""
        return tuple(CalendarKey(self.mailbox, one.id) for one in self.checked)

    @property
    def shared(self) -> frozenset[str]:
        """Ids of those that are somebody else's."""
        return frozenset(one.id for one in self.checked if one.shared)

    def without(self, gone: frozenset[str]) -> Selection:
        """The selection once calendars are not there any more; bookings go to the default one instead of those."""
        bookings = DEFAULT if self.bookings in gone else self.bookings
        kept = [one for one in self.checked if one.id not in gone]
        if all(one.id != bookings for one in kept):
            kept.insert(0, Checked(bookings))
        return replace(self, checked=tuple(kept), bookings=bookings)


@dataclass(frozen=True)
class Selections:
    """All that a member selected; of a mailbox that is not named, the default calendar does everything."""

    mailboxes: tuple[Selection, ...] = ()
    receives: MailboxKey | None = None
    """Which mailbox takes the bookings of a member who has two."""

    def of(self, mailbox: MailboxKey) -> Selection:
        """What counts of the mailbox."""
        return next((one for one in self.mailboxes if one.mailbox == mailbox), Selection(mailbox))

    def having(self, selection: Selection) -> Selections:
        """With this of its mailbox; what would be so anyhow is not noted."""
        others = tuple(one for one in self.mailboxes if one.mailbox != selection.mailbox)
        is_usual = selection == Selection(selection.mailbox)
        return replace(self, mailboxes=others if is_usual else (*others, selection))

    def without(self, mailbox: MailboxKey) -> Selections:
        """With nothing selected of the mailbox."""
        receives = None if self.receives == mailbox else self.receives
        return Selections(tuple(one for one in self.mailboxes if one.mailbox != mailbox), receives)
