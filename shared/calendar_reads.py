"""One read of many mailboxes: of each, all calendars that anybody selected of it, completely or not at all.

Calendars that others share with a mailbox's owner are the exception: the owner of the mailbox has no say in them, so
one of those that cannot be read fails alone, and its time is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.errors import AccessLost, Gone, MicrosoftError, TryLater
from shared.freebusy import rolling_window, widened
from shared.gone_calendars import GoneCalendars
from shared.graph.calendar import CalendarViews, Read
from shared.mailbox_reading import Owners
from shared.model import DEFAULT, CalendarKey, Mailbox


@dataclass(frozen=True)
class MailboxRead:
    """What was read of one mailbox."""

    calendars: Mapping[str, Read]
    refused: Mapping[str, MicrosoftError] = field(default_factory=dict)
    """Shared calendars that could not be read."""


Results = dict[str, MailboxRead | MicrosoftError]
"""By object id of the mailbox."""


class CalendarReads:
    """Reads mailboxes of one tenant."""

    def __init__(self, views: CalendarViews, gone: GoneCalendars) -> None:
        self._views = views
        self._gone = gone

    def read(self, tenant_id: str, mailboxes: Iterable[Mailbox], owners: Owners, began: datetime) -> Results:
        """Each mailbox's calendars, or why it could not be read. Raises only what concerns all of them."""
        selected = {mailbox: owners.calendars(mailbox) for mailbox in mailboxes}
        keys = [CalendarKey(mailbox.key, one.id) for mailbox, some in selected.items() for one in some]
        reads = self._views.read(tenant_id, keys, widened(rolling_window(began)))
        results: Results = {}
        for mailbox, some in selected.items():
            mine = {one.id: reads[CalendarKey(mailbox.key, one.id)] for one in some}
            shared = {one.id for one in some if one.shared}
            results[mailbox.key.object_id] = self._settled(mailbox, mine, shared, owners)
        return results

    def _settled(
        self, mailbox: Mailbox, reads: Mapping[str, Read | MicrosoftError], shared: Collection[str], owners: Owners
    ) -> MailboxRead | MicrosoftError:
        """The mailbox's read without calendars that are gone."""
        missing = [one for one, read in reads.items() if one != DEFAULT and isinstance(read, Gone)]
        if not missing:
            return of_mailbox(reads, shared)
        try:
            gone = self._gone.struck_out(owners.of(mailbox), mailbox.key, missing)
        except AccessLost as problem:
            return TryLater(problem.code)
        except MicrosoftError as problem:
            return problem
        return of_mailbox({one: read for one, read in reads.items() if one not in gone}, shared)


def of_mailbox(reads: Mapping[str, Read | MicrosoftError], shared: Collection[str]) -> MailboxRead | MicrosoftError:
    """What reads of its calendars say of a mailbox: what fails of its owner's own calendars fails for all.

    A 404 for a calendar that the mailbox still lists may be over in a moment.
    """
    failed = {one: read for one, read in reads.items() if isinstance(read, MicrosoftError)}
    own = {one: problem for one, problem in failed.items() if one not in shared}
    if own:
        first, problem = min(own.items())
        return problem if first == DEFAULT or not isinstance(problem, Gone) else TryLater(problem.code)
    return MailboxRead({one: read for one, read in reads.items() if not isinstance(read, MicrosoftError)}, failed)
