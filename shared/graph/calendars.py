"""The calendars of a mailbox: its owner's, and those that others share with them.

https://learn.microsoft.com/graph/api/user-list-calendars
https://learn.microsoft.com/graph/api/resources/calendar
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from shared.errors import TryLater
from shared.graph.client import Graph
from shared.graph.wire import read
from shared.model import DEFAULT, MailboxKey

SELECT = "id,name,isDefaultCalendar,canEdit,owner"
PAGE = 100


@dataclass(frozen=True)
class OutlookCalendar:
    """One calendar as its mailbox lists it. Its name stays in memory."""

    id: str
    """Graph's. Containers keep theirs, so it needs not be an immutable one."""
    name: str
    is_default: bool
    is_shared: bool
    """Whether it is somebody else's, or it is not known whose."""
    can_edit: bool
    owner: str
    """The owner's name or address, for people to recognise."""

    @property
    def key(self) -> str:
        """By what it is selected."""
        return DEFAULT if self.is_default else self.id

    @property
    def takes_bookings(self) -> bool:
        """Whether bookings can be written into it, and what is done to them there is told of."""
        return self.can_edit and not self.is_shared


class _Owner(msgspec.Struct):
    name: str | None = None
    address: str | None = None


class _Calendar(msgspec.Struct):
    id: str
    name: str | None = None
    isDefaultCalendar: bool | None = None  # noqa: N815 - Graph's name, like that below
    canEdit: bool | None = None  # noqa: N815
    owner: _Owner | None = None


class _Page(msgspec.Struct):
    value: list[_Calendar]


class CalendarLists:
    """Lists the calendars of mailboxes."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def of(self, mailbox: MailboxKey) -> list[OutlookCalendar]:
        """All calendars of the mailbox. Raises what `error_for` makes of a refusal."""
        return listed(self._graph, mailbox)


def listed(graph: Graph, mailbox: MailboxKey) -> list[OutlookCalendar]:
    """All calendars of the mailbox, the default one first. Raises `TryLater` for a list without a default one."""
    url = f"/users/{quote(mailbox.object_id)}/calendars?$select={SELECT}&$top={PAGE}"
    pages = graph.pages(mailbox.tenant_id, url, mailbox.object_id)
    return _told(entry for page in pages for entry in read(page, _Page).value)


def _told(sent: Iterable[_Calendar]) -> list[OutlookCalendar]:
    """The default calendar is its mailbox owner's; whatever has another owner is shared."""
    entries = list(sent)
    default = next((one for one in entries if one.isDefaultCalendar), None)
    if default is None:
        raise TryLater("a mailbox without a default calendar")
    others = (one for one in entries if one is not default)
    return [_calendar(one, is_shared=_address(one) != _address(default)) for one in (default, *others)]


def _calendar(sent: _Calendar, *, is_shared: bool) -> OutlookCalendar:
    owner, is_default = sent.owner or _Owner(), sent.isDefaultCalendar is True
    whose = owner.name or owner.address or ""
    return OutlookCalendar(sent.id, sent.name or "", is_default, is_shared, sent.canEdit is True, whose)


def _address(sent: _Calendar) -> str | None:
    """Whose it is; None where that is not said, which is nobody's in particular."""
    address = sent.owner.address if sent.owner else None
    return address.lower() if address else None
