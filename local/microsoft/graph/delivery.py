"""Sending change and lifecycle notifications: gathered per URL, retried for hours, paused, slowed and dropped.

One task per URL with something waiting. Waiting is in simulated time, so a jump of the clock makes retries due.
https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from local.microsoft.clock import monotonic
from local.microsoft.graph.endpoints import Endpoint, Notice, Post, retry_wait
from local.microsoft.graph.handshake import shake_hands
from local.microsoft.graph.lifecycle import due_reminders
from local.microsoft.graph.misdelivery import spoil
from local.microsoft.graph.notices import Change, Lifecycle, announced_as, change_item, lifecycle_item
from local.microsoft.world import Event, Subscription, Tenant, User, World

TICK = 0.02
"""Real seconds between looks at the simulated clock."""
REMINDER_TICK = 0.25
POSTS_AT_A_TIME = 16
"""Posts on their way to one URL."""


def delivery_of(world: World) -> Delivery:
    """The world's sender, made when first needed."""
    if world.delivery is None:
        world.delivery = Delivery(world)
    return world.delivery


class Delivery:
    """Graph's notification sender."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: set[str] = set()
        self._held: dict[str, list[tuple[str, Notice]]] = defaultdict(list)
        """Notices of subscriptions whose token lapsed, by subscription, with their URL."""
        self._in_flight = 0
        self._reminding = False
        self.endpoints: dict[str, Endpoint] = {}
        """By notification URL."""
        self.counters: dict[str, Counter[str]] = defaultdict(Counter)
        """`sent`, `acknowledged`, `retried`, `dropped`, `held` and `renewed_too_soon`, by subscription id."""

    def event_changed(self, tenant: Tenant, user: User, event: Event, change: Change, etag: str) -> None:
        """Announce a change to every live subscription on the mailbox that asked for this kind."""
        if user.mailbox is None or not user.mailbox.subscription_ids:
            return
        now, switches = self._world.clock.now(), self._world.switches
        for identity in sorted(user.mailbox.subscription_ids):
            subscription = self._world.subscriptions.get(identity)
            if subscription is None or subscription.expires_at <= now:
                continue
            if subscription.calendar_id not in (None, event.calendar_id):
                continue
            for kind in announced_as(change, switches):
                if kind in subscription.fields["changeType"].lower():
                    item = change_item(subscription, event, kind, etag, switches)
                    self._announce(tenant, user, subscription, Notice(item, subscription.id, now))

    def lifecycle(self, subscription: Subscription, event: Lifecycle) -> None:
        """Send a lifecycle notification, if the subscription has a URL for them."""
        url = subscription.fields.get("lifecycleNotificationUrl")
        if url:
            now = self._world.clock.now()
            item = lifecycle_item(subscription, event, self._world.switches)
            self._queue(url, now, Notice(item, subscription.id, now, lifecycle=True))

    def endpoint(self, url: str) -> Endpoint:
        """A notification URL, known from the first time it is spoken of."""
        return self.endpoints.setdefault(url, Endpoint(url))

    async def handshake(self, url: str) -> None:
        """Validate a URL as Graph does before it sends anything there."""
        await shake_hands(self._client(), url, self._world.switches.handshake_seconds)

    def start(self) -> None:
        """Begin to watch expiries; called when there is a subscription."""
        if not self._reminding:
            self._reminding = True
            self._spawn(self._remind())

    def resume(self, subscription_id: str) -> None:
        """Send what was held back while a subscription's token had lapsed."""
        self._forget_old(subscription_id)
        for url, notice in self._held.pop(subscription_id, []):
            self._queue(url, self._world.clock.now(), notice)

    async def idle(self) -> None:
        """Return once nothing that is due waits or is on its way."""
        while not self.is_idle():  # noqa: ASYNC110 - the simulated clock raises no events
            await asyncio.sleep(TICK / 4)

    def is_idle(self) -> bool:
        """Whether nothing that is due waits or is on its way."""
        return not self._in_flight and not self._due()

    async def close(self) -> None:
        """Stop sending."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        self._session, self._reminding = None, False

    def _announce(self, tenant: Tenant, user: User, subscription: Subscription, notice: Notice) -> None:
        faults = self._world.faults.take_notification(tenant.id, user.id)
        arrivals = spoil(notice, faults, self._world.clock.now())
        if not arrivals:
            self.counters[subscription.id]["dropped"] += 1
        for due, spoilt in arrivals:
            self._queue(subscription.fields["notificationUrl"], due, spoilt)

    def _queue(self, url: str, due: datetime, notice: Notice) -> None:
        endpoint = self.endpoint(url)
        state = endpoint.current_state(self._world.clock.now())
        if state == "drop":
            self.counters[notice.subscription_id]["dropped"] += 1
            return
        late = timedelta(seconds=self._world.switches.slow_delay_seconds if state == "slow" else 0)
        endpoint.put(due + late, Post([notice]))
        self._run(endpoint)

    def _run(self, endpoint: Endpoint) -> None:
        if endpoint.url not in self._running:
            self._running.add(endpoint.url)
            self._spawn(self._work(endpoint))

    async def _work(self, endpoint: Endpoint) -> None:
        """Send what falls due at one URL until nothing waits."""
        places = asyncio.Semaphore(POSTS_AT_A_TIME)
        try:
            while (due := endpoint.next_due()) is not None:
                if due > self._world.clock.now():
                    await asyncio.sleep(TICK)
                    continue
                await asyncio.sleep(self._world.switches.gathering_seconds)
                for post in endpoint.take_due(self._world.clock.now()):
                    self._in_flight += 1
                    self._spawn(self._send(endpoint, post, places))
        finally:
            self._running.discard(endpoint.url)

    async def _send(self, endpoint: Endpoint, post: Post, places: asyncio.Semaphore) -> None:
        try:
            async with places:
                post.notices = [n for n in post.notices if self._deliverable(endpoint.url, n)]
                if post.notices and not await self._post(endpoint, post):
                    self._retry(endpoint, post)
        finally:
            self._in_flight -= 1

    async def _post(self, endpoint: Endpoint, post: Post) -> bool:
        """One attempt; True when it was acknowledged in time."""
        self._count(post, "sent")
        switches, started = self._world.switches, monotonic()
        longest = max(switches.ack_seconds, switches.retry_ack_seconds)
        status = await self._status(endpoint.url, {"value": [n.item for n in post.notices]}, longest)
        seconds = monotonic() - started
        endpoint.record(self._world.clock.now(), seconds, switches)
        deadline = switches.retry_ack_seconds if post.attempts else switches.ack_seconds
        acknowledged = 200 <= status < 300 and seconds <= deadline
        if acknowledged:
            self._count(post, "acknowledged")
        return acknowledged

    async def _status(self, url: str, body: Any, seconds: float) -> int:
        """The listener's HTTP status; 0 for none in time."""
        try:
            timeout = aiohttp.ClientTimeout(total=seconds)
            async with self._client().post(url, json=body, timeout=timeout, allow_redirects=False) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def _retry(self, endpoint: Endpoint, post: Post) -> None:
        post.attempts += 1
        now = self._world.clock.now()
        due = now + retry_wait(post.attempts)
        keep = timedelta(hours=self._world.switches.retry_hours)
        kept = [n for n in post.notices if due <= n.since + keep]
        for notice in post.notices:
            self.counters[notice.subscription_id]["retried" if notice in kept else "dropped"] += 1
        if kept:
            endpoint.put(due, Post(kept, post.attempts))
            self._run(endpoint)

    def _deliverable(self, url: str, notice: Notice) -> bool:
        """False for a subscription that ended, and for one whose token lapsed (then it is held back)."""
        subscription = self._world.subscriptions.get(notice.subscription_id)
        if notice.lifecycle or notice.item["subscriptionId"] != notice.subscription_id:
            return True
        now = self._world.clock.now()
        if subscription is None or subscription.expires_at <= now:
            self.counters[notice.subscription_id]["dropped"] += 1
            return False
        if not self._world.switches.token_pause or subscription.token_expires_at > now:
            return True
        self._hold(url, notice)
        return False

    def _hold(self, url: str, notice: Notice) -> None:
        self.counters[notice.subscription_id]["held"] += 1
        self._held[notice.subscription_id].append((url, notice))
        self._forget_old(notice.subscription_id)

    def _forget_old(self, subscription_id: str) -> None:
        """Held back for hours, a notice is lost."""
        held = self._held[subscription_id]
        oldest = self._world.clock.now() - timedelta(hours=self._world.switches.retry_hours)
        self._held[subscription_id] = [(url, notice) for url, notice in held if notice.since > oldest]
        self.counters[subscription_id]["dropped"] += len(held) - len(self._held[subscription_id])

    async def _remind(self) -> None:
        """Ask for reauthorisation ahead of expiries, as the lifecycle rules say."""
        while True:
            for subscription in due_reminders(self._world):
                self.lifecycle(subscription, "reauthorizationRequired")
            await asyncio.sleep(REMINDER_TICK)

    def _count(self, post: Post, what: str) -> None:
        for notice in post.notices:
            self.counters[notice.subscription_id][what] += 1

    def _due(self) -> bool:
        now = self._world.clock.now()
        dues = (endpoint.next_due() for endpoint in self.endpoints.values())
        return any(due is not None and due <= now for due in dues)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Listeners under test have certificates of their own making.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False, limit=0))
        return self._session

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
