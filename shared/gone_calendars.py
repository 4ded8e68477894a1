"""Calendars that were selected and are not there any more: deleted in Outlook, or shared no longer.

Graph answers 404 for them. Only when the mailbox lists its calendars without them are they believed to be gone: until
then their time is not known, and never free.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from shared.freebusy import never_read
from shared.graph.calendars import CalendarLists
from shared.messages import CalendarSync, Reason
from shared.model import MailboxKey, MemberKey, Selections
from shared.storage.audit import SYSTEM, Entry
from shared.storage.queue import Queues
from shared.storage.tables import Tables

log = logging.getLogger(__name__)

SOON = timedelta(seconds=4)
"""When what is selected instead is read: later than it takes to write that down."""


class GoneCalendars:
    """Strikes them out of what members selected."""

    def __init__(
        self, tables: Tables, queues: Queues, lists: Callable[[], CalendarLists], now: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._lists = lists
        self._now = now

    def struck_out(self, owners: Iterable[MemberKey], mailbox: MailboxKey, missing: Iterable[str]) -> frozenset[str]:
        """Which of the calendars are gone for certain; those are selected no more.

        Where bookings went to one, they go to the default calendar, which is checked then, and read soon. Raises the
        `MicrosoftError` of a list that is not to be had.
        """
        gone = frozenset(missing) - {one.id for one in self._lists().of(mailbox)}
        for owner in owners if gone else ():
            self._strike_out(owner, mailbox, gone)
        return gone

    def _strike_out(self, owner: MemberKey, mailbox: MailboxKey, gone: frozenset[str]) -> None:
        def rest(known: Selections) -> Selections:
            after = known.of(mailbox).without(gone)
            return known if after == known.of(mailbox) else known.having(after)

        before = self._tables.calendars.selections(owner)
        if rest(before) == before:
            return
        now = self._now()
        log.info("a selected calendar is gone")
        # Before it is written: whoever dies in between is followed by the message.
        self._queues.send(CalendarSync(mailbox.tenant_id, (mailbox.object_id,), now + SOON, Reason.CHANGED), SOON)
        self._tables.audit.record(owner.org, Entry(now, SYSTEM, "calendars.gone", owner.member))
        self._tables.calendars.select(owner, rest, lambda: never_read(now))
