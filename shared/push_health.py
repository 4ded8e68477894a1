"""Whether Graph tells of changes: what the schedule's reads find that nobody had told of.

1. A read by the schedule that finds a change is suspicious. Notifications may be minutes late, so the mailbox is
   looked at again after `PATIENCE`.
2. If Graph has told of it by then, all is well. If not, a push was missed, and the subscription is made anew.
3. While a tenant has mailboxes that missed a push, all of its mailboxes are read every `WATCH`. A mailbox is
   forgiven when Graph next tells of a change to it, or when the reads of `FORGIVEN` found nothing more.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from shared.messages import Reason
from shared.model import Mailbox

PATIENCE = timedelta(minutes=10)
"""Well over the three minutes that Graph may take to tell."""
WATCH = timedelta(minutes=10)
"""How often calendars are read where changes are not told of."""
FORGIVEN = timedelta(hours=2)


def can_suspect(mailbox: Mailbox, reason: Reason) -> bool:
    """Whether a change found by this read should have been told of.

    Not where the mailbox had no subscription, or was read in vain since: then it may have been told of.
    """
    has_push = mailbox.push.subscription_id is not None
    return reason is Reason.SCHEDULE and has_push and mailbox.read_at is not None and mailbox.failures == 0


def is_news(mailbox: Mailbox) -> bool:
    """Whether it matters that Graph told of a change that some read shows anyway."""
    doubted = mailbox.suspected_at is not None or mailbox.missed_at is not None
    to_be_read = mailbox.claimed_at is not None or mailbox.again_at is not None
    return doubted or (to_be_read and not was_told(mailbox))


def was_told(mailbox: Mailbox) -> bool:
    """Whether Graph has told of a change since the last read."""
    if mailbox.told_at is None:
        return False
    return mailbox.read_at is None or mailbox.told_at > mailbox.read_at


def after_hearing(mailbox: Mailbox, told_at: datetime | None) -> Mailbox:
    """The mailbox once Graph told of a change to it."""
    return replace(mailbox, told_at=told_at, suspected_at=None, missed_at=None)


def after_waiting(mailbox: Mailbox, now: datetime) -> Mailbox:
    """The mailbox with the verdict on a suspicion that is old enough: a missed push.

    Without its key's name the subscription counts as one to be replaced: it may live and tell nothing.
    """
    if mailbox.suspected_at is None or now - mailbox.suspected_at < PATIENCE:
        return mailbox
    doubtful = replace(mailbox.push, retry_at=now, key_id=None)
    return replace(mailbox, suspected_at=None, missed_at=now, push=doubtful)


def has_missed(mailbox: Mailbox, now: datetime) -> bool:
    """Whether the mailbox missed a push and is not forgiven yet."""
    return mailbox.missed_at is not None and now - mailbox.missed_at < FORGIVEN


def to_watch(mailboxes: Iterable[Mailbox], now: datetime) -> list[Mailbox]:
    """Those of a tenant with missed pushes whose last read is too long ago; failing ones have a time of their own."""
    healthy = (mailbox for mailbox in mailboxes if not mailbox.failures)
    return [mailbox for mailbox in healthy if mailbox.read_at is None or now - mailbox.read_at >= WATCH]
