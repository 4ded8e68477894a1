"""Subscriptions of members' own accounts against what Graph lists of each account.

1. Graph says of an account only what it is asked with that person's token, so each is asked once an hour, some by
   every pass of the timer. A renewal says as much: the hour begins anew with it.
2. A subscription that ended without a word is made anew. One of ours that is in nobody's books, or tells an address
   that is no longer ours, is ended. Several members may have connected the same account: the books are everybody's.
3. Whose sign-in has ended is not asked. Where that is found out here, the calendar is read, which records it.

https://learn.microsoft.com/graph/api/subscription-list
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import NamedTuple

from shared.errors import MicrosoftError, ReconnectRequired
from shared.graph.subscriptions import Subscription, Subscriptions
from shared.model import ConnectionStatus, Mailbox, MailboxKey
from shared.storage.tables import Tables
from shared.subscriptions import is_stray

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=55)
"""How long an answer is good for; a little less than an hour, for passes are not punctual."""
PASSES = 11
"""In how many passes of the timer all accounts have their turn."""
MOST = 300
"""Accounts asked by one pass at most. Where there are more than 3,300, an hour is not enough for all."""
_NEVER = datetime.min.replace(tzinfo=UTC)


class Findings(NamedTuple):
    """What came of it."""

    lost: set[MailboxKey]
    """Whose subscription ended."""
    shut_out: set[MailboxKey]
    """Whose member must sign in again."""


class OwnSubscriptions:
    """Compares our books with Graph's."""

    def __init__(self, tables: Tables, subscriptions: Subscriptions, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._subscriptions = subscriptions
        self._now = now

    def compare(self, mailboxes: Collection[Mailbox]) -> Findings:
        """Ask about those whose turn it is, of all that members connected. No answer of Graph's is no news."""
        now, found = self._now(), Findings(set(), set())
        books = {mailbox.push.subscription_id for mailbox in mailboxes if mailbox.push.subscription_id}
        shards: dict[str, list[Mailbox]] = defaultdict(list)
        for mailbox in in_turn(mailboxes, now):
            shards[mailbox.key.tenant_id].append(mailbox)
        for shard, some in shards.items():
            self._compare(shard, some, books, now, found)
        if found.lost:
            log.warning("%d subscriptions of own accounts ended in silence", len(found.lost))
        return found

    def _compare(
        self, shard: str, mailboxes: list[Mailbox], books: Collection[str], now: datetime, found: Findings
    ) -> None:
        answers = self._subscriptions.live_of_each(shard, [mailbox.key.object_id for mailbox in mailboxes])
        unwanted: dict[str, str | None] = {}
        for mailbox in mailboxes:
            key, listed = mailbox.key, answers[mailbox.key.object_id]
            if isinstance(listed, ReconnectRequired):
                found.shut_out.add(key)
            elif not isinstance(listed, MicrosoftError):
                ours = {one.id for one in listed if self._subscriptions.is_of_own_account(one)}
                if mailbox.push.subscription_id not in ours:
                    found.lost.add(key)
                unwanted |= dict.fromkeys(to_end(listed, ours, mailbox, books, now), key.object_id)
        if unwanted:
            log.warning("%d subscriptions of own accounts are ended", len(unwanted))
            self._subscriptions.delete(shard, unwanted)
        for mailbox in mailboxes:
            self._tables.mailboxes.change(mailbox.key, lambda known: known and replace(known, compared_at=now))


def in_turn(mailboxes: Iterable[Mailbox], now: datetime) -> list[Mailbox]:
    """Whom a pass asks about: a share of those that can be asked, first who was not heard of for the longest time."""
    asked = sorted((mailbox for mailbox in mailboxes if can_be_asked(mailbox)), key=sure_at)
    share = min(ceil(len(asked) / PASSES), MOST)
    return [mailbox for mailbox in asked[:share] if now - sure_at(mailbox) >= EVERY]


def can_be_asked(mailbox: Mailbox) -> bool:
    """Whether it should have a subscription, and nothing is known that keeps us out."""
    is_open = not mailbox.failures and mailbox.status is not ConnectionStatus.RECONNECT_REQUIRED
    return is_open and bool(mailbox.members) and mailbox.push.subscription_id is not None


def sure_at(mailbox: Mailbox) -> datetime:
    """When Graph last said that the subscription is there, or was last asked."""
    return max(filter(None, (mailbox.compared_at, mailbox.push.granted_at)), default=_NEVER)


def to_end(
    listed: Iterable[Subscription], ours: Collection[str], mailbox: Mailbox, books: Collection[str], now: datetime
) -> list[str]:
    """Of the subscriptions that Graph lists: those of ours in nobody's books, and one that tells another address."""
    return [
        one.id
        for one in listed
        if (is_stray(one, books, now) if one.id in ours else one.id == mailbox.push.subscription_id)
    ]
