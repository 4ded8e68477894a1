"""Calendars that were selected and are not there any more: deleted in Outlook, or shared no longer.

Graph answers 404 for them. Only when the mailbox lists its calendars without them are they believed to be gone: until
then their time is not known, and never free.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from shared.freebusy import never_read
from shared.graph.calendars import CalendarLists
from shared.model import MailboxKey, MemberKey, Selections
from shared.storage.audit import SYSTEM, Entry
from shared.storage.tables import Tables

log = logging.getLogger(__name__)


class GoneCalendars:
    """Strikes them out of what members selected."""

    def __init__(self, tables: Tables, lists: Callable[[], CalendarLists], now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._lists = lists
        self._now = now

    def struck_out(self, owners: Iterable[MemberKey], mailbox: MailboxKey, missing: Iterable[str]) -> bool:
        """Whether any of the calendars is gone for certain; those are selected no more.

        Where bookings went to one, they go to the default calendar, which is checked then and not read yet. Raises
        the `MicrosoftError` of a list that is not to be had.
        """
        gone = frozenset(missing) - {one.id for one in self._lists().of(mailbox)}
        for owner in owners if gone else ():
            self._strike_out(owner, mailbox, gone)
        return bool(gone)

    def _strike_out(self, owner: MemberKey, mailbox: MailboxKey, gone: frozenset[str]) -> None:
        def rest(known: Selections) -> Selections:
            after = known.of(mailbox).without(gone)
            return known if after == known.of(mailbox) else known.having(after)

        before = self._tables.calendars.selections(owner)
        if rest(before) == before:
            return
        now = self._now()
        log.info("a selected calendar is gone")
        self._tables.audit.record(owner.org, Entry(now, SYSTEM, "calendars.gone", owner.member))
        self._tables.calendars.select(owner, rest, lambda: never_read(now))
