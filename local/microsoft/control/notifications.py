"""Subscriptions and the delivery of notifications."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Literal

from aiohttp import web

from local.microsoft.control.input import Body, InputError, read, world_of
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.graph.subscriptions import forget, remove_subscription
from local.microsoft.world import Json, Subscription, World


class LifecycleEvent(Body):
    """The lifecycle notification to send."""

    event: Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]


class EndpointState(Body):
    """How Graph shall hold our notification URLs, for as long as it does such a thing: ten minutes."""

    state: Literal["healthy", "slow", "drop"]


class Patience(Body):
    """How long to wait at most, in real seconds."""

    seconds: float = 10


def routes() -> list[web.RouteDef]:
    """Subscription and delivery addresses."""
    one = "/subscriptions/{subscription}"
    return [
        web.get("/subscriptions", list_subscriptions),
        web.post(one + "/expire", expire),
        web.post(one + "/lifecycle", send_lifecycle),
        web.delete(one, remove),
        web.get("/delivery", show_delivery),
        web.put("/delivery/state", set_state),
        web.post("/delivery/idle", wait_until_idle),
    ]


async def list_subscriptions(request: web.Request) -> web.Response:
    """All of them, or one tenant's (`?tenant=`)."""
    world, tenant = world_of(request), request.query.get("tenant")
    found = [_describe(world, s) for s in world.subscriptions.values() if tenant in (None, s.tenant_id)]
    return web.json_response({"subscriptions": found})


async def expire(request: web.Request) -> web.Response:
    """Let a subscription run out now, unnoticed."""
    world, subscription = world_of(request), _find(request)
    subscription.expires_at = world.clock.now()
    return web.json_response(_describe(world, subscription))


async def send_lifecycle(request: web.Request) -> web.Response:
    """Send a lifecycle notification; `subscriptionRemoved` also ends the subscription."""
    world, subscription, body = world_of(request), _find(request), await read(request, LifecycleEvent)
    if body.event == "subscriptionRemoved":
        remove_subscription(world, subscription.id)
    else:
        delivery_of(world).lifecycle(subscription, body.event)
    return web.json_response({})


async def remove(request: web.Request) -> web.Response:
    """End a subscription without telling anybody."""
    forget(world_of(request), _find(request))
    return web.json_response({})


async def show_delivery(request: web.Request) -> web.Response:
    """Whether everything due has been sent, what was sent so far, and how Graph holds each URL."""
    world = world_of(request)
    delivery, now = delivery_of(world), world.clock.now()
    idle = delivery.is_idle() and world.late_writes.is_idle(now)
    counters = {subscription: dict(counts) for subscription, counts in delivery.counters.items()}
    endpoints = [
        {"url": endpoint.url, "state": endpoint.current_state(now), "waiting": len(endpoint.queue)}
        for endpoint in delivery.endpoints.values()
    ]
    return web.json_response({"idle": idle, "counters": counters, "endpoints": endpoints})


async def set_state(request: web.Request) -> web.Response:
    """Have Graph hold every URL it notifies for slow, for dropped, or for healthy."""
    world, body = world_of(request), await read(request, EndpointState)
    until = world.clock.now() + timedelta(seconds=world.switches.slow_delay_seconds)
    for url in {subscription.fields["notificationUrl"] for subscription in world.subscriptions.values()}:
        delivery_of(world).endpoint(url).hold(body.state, until)
    return await show_delivery(request)


async def wait_until_idle(request: web.Request) -> web.Response:
    """Answer once every late write that is due was made and everything due was sent, or the patience is over."""
    body, world = await read(request, Patience), world_of(request)
    try:
        async with asyncio.timeout(body.seconds):
            await world.late_writes.idle(world.clock)
            await delivery_of(world).idle()
    except TimeoutError:
        return web.json_response({"idle": False})
    return web.json_response({"idle": True})


def _find(request: web.Request) -> Subscription:
    identity = request.match_info["subscription"]
    subscription = world_of(request).subscriptions.get(identity)
    if subscription is None:
        raise InputError(f"no subscription {identity!r}", 404)
    return subscription


def _describe(world: World, subscription: Subscription) -> Json:
    return {
        "id": subscription.id,
        "tenant_id": subscription.tenant_id,
        "user_id": subscription.user_id,
        "resource": subscription.fields["resource"],
        "change_type": subscription.fields["changeType"],
        "notification_url": subscription.fields["notificationUrl"],
        "expires_at": subscription.expires_at.isoformat(),
        "active": subscription.expires_at > world.clock.now(),
    }
