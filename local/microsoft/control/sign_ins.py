"""Sign-ins: personal accounts, passwords, access policies and users' own consents."""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from local.microsoft import sign_ins
from local.microsoft.consumers import find_or_add_tenant, make_consumer
from local.microsoft.control.input import Body, InputError, read, tenant_of, user_of, world_of
from local.microsoft.control.users import describe
from local.microsoft.entra.challenges import Challenge, Demand, Place
from local.microsoft.registration import CLIENT_ID


class NewConsumer(Body):
    """A personal account, with any address."""

    display_name: str
    address: str
    time_zone: str = "UTC"
    mailbox: bool = True


class Password(Body):
    """Who changed it: the user, or an administrator."""

    by: Literal["user", "admin"] = "user"


class AccessPolicy(Body):
    """What is asked of a user from now on, and by whom. Signing in again meets it, unless it blocks."""

    demand: Demand = "multi_factor"
    places: frozenset[Place] = frozenset({"token"})


def routes() -> list[web.RouteDef]:
    """Addresses about one account's sign-ins."""
    one = "/tenants/{tenant}/users/{user}"
    return [
        web.post("/consumers", add_consumer),
        web.get(one + "/sign-ins", show_sign_ins),
        web.post(one + "/password", change_password),
        web.put(one + "/access-policy", set_access_policy),
        web.delete(one + "/access-policy", lift_access_policy),
        web.delete(one + "/consent", withdraw_consent),
    ]


async def add_consumer(request: web.Request) -> web.Response:
    """A new personal account."""
    world, body = world_of(request), await read(request, NewConsumer)
    tenant = find_or_add_tenant(world)
    user = make_consumer(body.display_name, body.address, zone=body.time_zone, mailbox=body.mailbox)
    if user.id in tenant.users:
        raise InputError(f"address: {body.address} exists", 409)
    tenant.users[user.id] = user
    return web.json_response(describe(user), status=201)


async def show_sign_ins(request: web.Request) -> web.Response:
    """How many refresh tokens are good, permissions granted by app, and what an access policy asks."""
    world, tenant, user = world_of(request), tenant_of(request), user_of(request)
    tokens = [t for t in world.grants.refresh_tokens.values() if t.sign_in.user_id == user.id]
    now = world.clock.now()
    challenge = world.grants.challenges.get((tenant.id, user.id))
    consents = {c: sorted(s) for (t, u, c), s in world.grants.consents.items() if (t, u) == (tenant.id, user.id)}
    return web.json_response(
        {
            "refresh_tokens": sum(not token.revoked and token.expires_at > now for token in tokens),
            "consents": consents,
            "demand": None if challenge is None else challenge.demand,
        }
    )


async def change_password(request: web.Request) -> web.Response:
    """A new password: subscriptions made with the user's tokens end, and sign-ins with it if an admin did it."""
    body = await read(request, Password)
    return web.json_response({"revoked": sign_ins.change_password(world_of(request), user_of(request), body.by)})


async def set_access_policy(request: web.Request) -> web.Response:
    """Ask something of the user."""
    world, tenant, user = world_of(request), tenant_of(request), user_of(request)
    body = await read(request, AccessPolicy)
    world.grants.challenges[tenant.id, user.id] = Challenge(body.demand, body.places)
    world.grants.sign_out(user.id)
    return web.json_response({"demand": body.demand, "places": sorted(body.places)})


async def lift_access_policy(request: web.Request) -> web.Response:
    """Ask nothing any more."""
    key = (tenant_of(request).id, user_of(request).id)
    return web.json_response({"lifted": world_of(request).grants.challenges.pop(key, None) is not None})


async def withdraw_consent(request: web.Request) -> web.Response:
    """Take the user's own consent to an app (`?client_id=`, by default ours) back."""
    client_id = request.query.get("client_id", CLIENT_ID)
    world, tenant, user = world_of(request), tenant_of(request), user_of(request)
    if not sign_ins.withdraw_consent(world, tenant, user, client_id):
        raise InputError(f"{user.user_principal_name} has not consented", 404)
    return web.json_response({})
