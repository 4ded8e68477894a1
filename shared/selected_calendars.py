"""Members select calendars of their mailboxes: which are checked for conflicts, and which one takes bookings.

1. Of a mailbox of which nothing was selected, its default calendar is checked and takes bookings.
2. Each mailbox has a calendar that bookings would go to. It is always checked, is its owner's own, and can be written
   to. Of a member with two mailboxes one takes the bookings: the managed one, unless they say otherwise.
3. Calendars that others share can be checked where Microsoft lets us read them. Nobody tells us of changes to them,
   so they are read every ten minutes.
4. Where members may not disconnect, the default calendar of the managed mailbox stays checked.
5. What is selected is one row beside what was read, written together with it: what is newly checked is unknown, not
   free, until it was read. Names of calendars are never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shared.callers import Caller
from shared.choices import Choices, Standing
from shared.errors import (
    AccessLost,
    Conflict,
    Forbidden,
    InvalidInput,
    MailboxUnreadable,
    MicrosoftError,
    NotFound,
    ReconnectRequired,
    TryLater,
)
from shared.freebusy import never_read
from shared.messages import CalendarSync, Reason
from shared.model import (
    DEFAULT,
    MANAGED,
    PERSONAL,
    CalendarKey,
    Checked,
    ConnectionStatus,
    MailboxKey,
    MemberKey,
    Selection,
    Selections,
    Snapshot,
    Window,
)
from shared.own_states import explain_own
from shared.states import CONNECTIONS
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.tables import Tables

if TYPE_CHECKING:
    from shared.graph.calendar import CalendarViews
    from shared.graph.calendars import CalendarLists, OutlookCalendar

MOST_CHECKED = 10
"""Calendars of one mailbox: each is a request of its own whenever it is read."""


class Listed(NamedTuple):
    """A calendar of a mailbox, and what the member selected."""

    calendar: OutlookCalendar
    is_checked: bool
    takes_bookings: bool
    unreadable_since: datetime | None


class SelectedCalendars:
    """Shows and takes what members select."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        lists: Callable[[], CalendarLists],
        views: Callable[[], CalendarViews],
        choices: Choices,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._lists = lists
        self._views = views
        self._choices = choices
        self._now = now

    def of(self, caller: Caller, connection: str) -> list[Listed]:
        """The calendars of one of the caller's connections, as Outlook lists them now.

        Raises `NotFound`, `Conflict` where they cannot be listed, `TryLater`.
        """
        owner, mailbox = self._mailbox(caller, connection)
        kept = self._tables.calendars.kept(owner)
        selection, known = kept.selections.of(mailbox), dict(kept.snapshots)
        return [_listed(one, selection, known.get(CalendarKey(mailbox, one.key))) for one in self._list(mailbox)]

    def select(self, caller: Caller, connection: str, checked: Collection[str], bookings: str) -> list[Listed]:
        """Check these calendars, and have bookings go to one of them; ids as listed.

        Raises `InvalidInput` naming the field, `Forbidden` where the policy says so, and as `of` does.
        """
        owner, mailbox = self._mailbox(caller, connection)
        listed = self._list(mailbox)
        selection = selected(mailbox, listed, checked, bookings)
        self._try(mailbox, [one for one in listed if not one.is_default and one.id in checked])
        may_disconnect = self._choices.standing(*owner).policy.members_may_disconnect
        if connection == MANAGED and not may_disconnect and all(one.id != DEFAULT for one in selection.checked):
            raise Forbidden(STAYS_CHECKED, "policy")
        self._change(owner, f"{connection}: {len(selection.checked)} checked", lambda now: now.having(selection))
        self._queues.send(CalendarSync(mailbox.tenant_id, (mailbox.object_id,), self._now(), Reason.CHANGED))
        return self.of(caller, connection)

    def _try(self, mailbox: MailboxKey, calendars: Sequence[OutlookCalendar]) -> None:
        """Read calendars once: Outlook also lists those that it does not let us read.

        One of the member's own among them would keep all others from being read. Raises `Conflict`, and
        `TryLater` where that is not certain.
        """
        keys, now = {CalendarKey(mailbox, one.key): one for one in calendars}, self._now()
        reads = self._views().read(mailbox.tenant_id, keys, Window(now, now + timedelta(days=1))) if keys else {}
        for key, read in reads.items():
            if isinstance(read, (TryLater, ReconnectRequired)):
                raise read
            if isinstance(read, MicrosoftError):
                name = keys[key].name
                raise Conflict(f'Microsoft does not let us read "{name}" by this connection. Leave it out.')

    def receive(self, caller: Caller, connection: str) -> Standing:
        """Have the caller's bookings go to this connection. Raises `NotFound`, `Conflict`."""
        owner, mailbox = self._mailbox(caller, connection)
        receives = mailbox if connection == PERSONAL else None
        self._change(owner, f"bookings go to {connection}", lambda now: replace(now, receives=receives))
        return self._choices.standing(*owner)

    def _change(self, owner: MemberKey, detail: str, change: Callable[[Selections], Selections]) -> None:
        """Write what is selected, behind its audit entry; nothing where it is the same as before."""
        before = self._tables.calendars.selections(owner)
        if change(before) == before:
            return
        now = self._now()
        self._tables.audit.record(owner.org, Entry(now, owner.member, "calendars.selected", owner.member, detail))
        self._tables.calendars.select(owner, change, lambda: never_read(now))

    def _mailbox(self, caller: Caller, connection: str) -> tuple[MemberKey, MailboxKey]:
        """Whose mailbox the connection is to. Raises `NotFound`, `Conflict` where there is none at present."""
        owner = MemberKey(caller.org, caller.subject)
        standing = self._choices.standing(*owner)
        if connection == PERSONAL and (own := self._tables.own_connection(owner)) is not None:
            return owner, own.mailbox
        if connection != MANAGED:
            raise NotFound("There is no such connection.")
        shown = standing.shown(self._now())
        if shown is None or shown.active_mailbox is None:
            raise Conflict("No calendar is connected there. GET /api/me/connections says why, and what to do.")
        return owner, shown.active_mailbox

    def _list(self, mailbox: MailboxKey) -> list[OutlookCalendar]:
        try:
            return self._lists().of(mailbox)
        except ReconnectRequired:
            raise Conflict(" ".join(explain_own(ConnectionStatus.RECONNECT_REQUIRED, None))) from None
        except MailboxUnreadable as problem:
            raise Conflict(" ".join(CONNECTIONS[problem.status])) from None
        except AccessLost:
            raise Conflict(" ".join(CONNECTIONS[ConnectionStatus.PERMISSION_LOST])) from None


STAYS_CHECKED = (
    "Your organization's admins do not let members disconnect their calendar, so the default calendar stays checked."
)


def selected(
    mailbox: MailboxKey, listed: Sequence[OutlookCalendar], checked: Collection[str], bookings: str
) -> Selection:
    """What the ids select. Raises `InvalidInput`."""
    by_id = {one.id: one for one in listed}
    unknown = next((one for one in (*checked, bookings) if one not in by_id), None)
    if unknown is not None:
        raise InvalidInput(
            "This account has no such calendar; GET the same address for those it has.",
            field="bookings" if unknown == bookings else "checked",
        )
    if bookings not in checked:
        raise InvalidInput("The calendar that bookings go to has to be checked too.", field="bookings")
    if not by_id[bookings].takes_bookings:
        reason = "is somebody else's" if by_id[bookings].is_shared else "is read-only"
        raise InvalidInput(f"Bookings cannot go to a calendar that {reason}.", field="bookings")
    some = tuple(Checked(one.key, one.is_shared) for one in listed if one.id in checked)
    return Selection(mailbox, some, by_id[bookings].key)


def _listed(calendar: OutlookCalendar, selection: Selection, snapshot: Snapshot | None) -> Listed:
    is_checked = any(one.id == calendar.key for one in selection.checked)
    since = snapshot.unreadable_since if snapshot and is_checked else None
    return Listed(calendar, is_checked, selection.bookings == calendar.key, since)
