"""When Graph asks for a subscription to be reauthorised: every 15 minutes near the end of its token or of itself.

The documentation's formula is illustrative; this is its reading for tokens of an hour.
https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from local.microsoft.world import Subscription, World

EVERY = timedelta(minutes=15)
BEFORE_TOKEN_ENDS = timedelta(minutes=15)
BEFORE_SUBSCRIPTION_ENDS = timedelta(hours=1)


def due_reminders(world: World) -> Iterator[Subscription]:
    """Subscriptions to remind about now; each is noted as reminded."""
    now = world.clock.now()
    for subscription in list(world.subscriptions.values()):
        if now >= _first_reminder(world, subscription) and _is_due(subscription, now):
            subscription.reminded_at = now
            yield subscription


def _first_reminder(world: World, subscription: Subscription) -> datetime:
    by_expiry = subscription.expires_at - BEFORE_SUBSCRIPTION_ENDS
    if not world.switches.token_pause:
        return by_expiry
    return min(by_expiry, subscription.token_expires_at - BEFORE_TOKEN_ENDS)


def _is_due(subscription: Subscription, now: datetime) -> bool:
    """Neither over, nor reminded (or renewed) a moment ago."""
    if subscription.expires_at <= now:
        return False
    recent = [subscription.reminded_at, subscription.last_renewal[1] if subscription.last_renewal else None]
    return all(moment is None or now - moment >= EVERY for moment in recent)
