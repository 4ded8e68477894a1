"""Subscriptions and the delivery of notifications."""

from __future__ import annotations

import asyncio
from typing import Literal

from aiohttp import web

from local.microsoft.control.input import Body, InputError, read, world_of
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.graph.subscriptions import forget, remove_subscription
from local.microsoft.world import Json, Subscription, World


class LifecycleEvent(Body):
    """The lifecycle notification to send."""

    event: Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]


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
    """Whether everything due has been sent, and what was sent so far."""
    delivery = delivery_of(world_of(request))
    counters = {subscription: dict(counts) for subscription, counts in delivery.counters.items()}
    return web.json_response({"idle": delivery.is_idle(), "counters": counters})


async def wait_until_idle(request: web.Request) -> web.Response:
    """Answer once everything due has been sent, or the patience is over."""
    body = await read(request, Patience)
    delivery = delivery_of(world_of(request))
    try:
        await asyncio.wait_for(delivery.idle(), body.seconds)
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
