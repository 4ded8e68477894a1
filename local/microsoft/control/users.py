"""People: add, change, delete and restore them, and give or take their mailboxes."""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

import msgspec
from aiohttp import web

from local.microsoft import directory, sign_ins
from local.microsoft.consumers import object_id
from local.microsoft.control.input import (
    Body,
    InputError,
    given,
    mailbox_of,
    read,
    tenant_of,
    user_of,
    world_of,
)
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.world import Json, Mailbox, User


class MailboxChange(Body):
    """A mailbox to make, or what to change about one."""

    time_zone: str | msgspec.UnsetType = msgspec.UNSET
    kind: Literal["user", "shared", "room"] | msgspec.UnsetType = msgspec.UNSET
    hosted: Literal["cloud", "on_premises"] | msgspec.UnsetType = msgspec.UNSET
    online_meetings: bool | msgspec.UnsetType = msgspec.UNSET
    """false: no Teams meetings can be made in its calendars."""
    read_only_calendars: set[str] | msgspec.UnsetType = msgspec.UNSET
    """Ids of calendars in which Graph must not write."""


class UserChange(Body):
    """What can be changed about a user."""

    display_name: str | msgspec.UnsetType = msgspec.UNSET
    user_principal_name: str | msgspec.UnsetType = msgspec.UNSET
    mail: str | msgspec.UnsetType | None = msgspec.UNSET
    proxy_addresses: list[str] | msgspec.UnsetType = msgspec.UNSET
    user_type: Literal["Member", "Guest"] | msgspec.UnsetType | None = msgspec.UNSET
    account_enabled: bool | msgspec.UnsetType = msgspec.UNSET
    role_templates: set[str] | msgspec.UnsetType = msgspec.UNSET
    home_tenant_id: str | msgspec.UnsetType | None = msgspec.UNSET


class NewUser(Body):
    """A user to add. `mail` and `proxy_addresses` default to the user principal name."""

    display_name: str
    user_principal_name: str
    mail: str | msgspec.UnsetType | None = msgspec.UNSET
    proxy_addresses: list[str] | msgspec.UnsetType = msgspec.UNSET
    user_type: Literal["Member", "Guest"] | None = "Member"
    account_enabled: bool = True
    role_templates: set[str] = msgspec.field(default_factory=set)
    home_tenant_id: str | None = None
    mailbox: MailboxChange | None = msgspec.field(default_factory=MailboxChange)
    """null for a user without a mailbox."""
    id: str = ""


def routes() -> list[web.RouteDef]:
    """User addresses; `{user}` is an object id or a user principal name."""
    one = "/tenants/{tenant}/users/{user}"
    return [
        web.get("/tenants/{tenant}/users", list_users),
        web.post("/tenants/{tenant}/users", add_user),
        web.get(one, show_user),
        web.patch(one, change_user),
        web.delete(one, delete_user),
        web.post(one + "/restore", restore_user),
        web.put(one + "/mailbox", restore_mailbox),
        web.patch(one + "/mailbox", change_mailbox),
        web.delete(one + "/mailbox", remove_mailbox),
        web.get(one + "/outbox", show_outbox),
        web.post(one + "/revoke-sign-ins", revoke_sign_ins),
    ]


async def list_users(request: web.Request) -> web.Response:
    """All users, deleted ones included; `?search=` looks into names and addresses."""
    search = request.query.get("search", "").lower()
    users = tenant_of(request).users.values()
    found = [describe(u) for u in users if search in f"{u.display_name} {u.user_principal_name}".lower()]
    return web.json_response({"users": found})


async def add_user(request: web.Request) -> web.Response:
    """A new user, with a mailbox unless `mailbox` is null."""
    world, tenant, body = world_of(request), tenant_of(request), await read(request, NewUser)
    if world.find_user(tenant.id, body.user_principal_name) or body.id in tenant.users:
        raise InputError(f"user_principal_name: {body.user_principal_name} exists", 409)
    mail = body.user_principal_name if body.mail is msgspec.UNSET else body.mail
    default_addresses = [f"SMTP:{mail}"] if mail else []
    identity = object_id(body.user_principal_name) if tenant.id == PERSONAL_TENANT else str(uuid4())
    user = User(
        id=body.id or identity,
        display_name=body.display_name,
        user_principal_name=body.user_principal_name,
        mail=mail,
        proxy_addresses=default_addresses if body.proxy_addresses is msgspec.UNSET else body.proxy_addresses,
        user_type=body.user_type,
        account_enabled=body.account_enabled,
        role_templates=body.role_templates,
        home_tenant_id=body.home_tenant_id,
        mailbox=None if body.mailbox is None else Mailbox(**given(body.mailbox)),
    )
    directory.add_user(world, tenant, user)
    return web.json_response(describe(user), status=201)


async def show_user(request: web.Request) -> web.Response:
    """One user."""
    return web.json_response(describe(user_of(request)))


async def change_user(request: web.Request) -> web.Response:
    """Rename, disable, enable, change addresses or roles."""
    changes = given(await read(request, UserChange))
    user = directory.change_user(world_of(request), tenant_of(request), user_of(request), changes)
    if not user.account_enabled:
        sign_ins.disable(world_of(request), user)
    return web.json_response(describe(user))


async def delete_user(request: web.Request) -> web.Response:
    """Delete restorably; with `?permanently=true` for good."""
    world, tenant, user = world_of(request), tenant_of(request), user_of(request)
    sign_ins.disable(world, user)
    if request.query.get("permanently") == "true":
        directory.hard_delete(world, tenant, user)
    elif user.deleted_at is None:
        directory.soft_delete(world, tenant, user)
    return web.json_response(describe(user))


async def restore_user(request: web.Request) -> web.Response:
    """Undo a soft deletion."""
    user = user_of(request)
    if user.deleted_at is None:
        raise InputError(f"{user.user_principal_name} is not deleted", 409)
    directory.restore(world_of(request), tenant_of(request), user)
    return web.json_response(describe(user))


async def restore_mailbox(request: web.Request) -> web.Response:
    """Give a licence: the mailbox of before, or a new one."""
    user = user_of(request)
    directory.restore_license(user)
    return web.json_response(describe(user))


async def change_mailbox(request: web.Request) -> web.Response:
    """Move the mailbox on-premises and back, change its zone or kind, forbid Teams or writing."""
    mailbox, changes = mailbox_of(request), given(await read(request, MailboxChange))
    unknown = changes.get("read_only_calendars", set()) - mailbox.calendars.keys()
    if unknown:
        raise InputError(f"read_only_calendars: no calendar {min(unknown)!r}")
    for name, value in changes.items():
        setattr(mailbox, name, value)
    return web.json_response(describe(user_of(request)))


async def remove_mailbox(request: web.Request) -> web.Response:
    """Take the licence away."""
    user = user_of(request)
    directory.remove_license(user)
    return web.json_response(describe(user))


async def show_outbox(request: web.Request) -> web.Response:
    """Invitations, updates and cancellations that Exchange sent for this mailbox."""
    return web.json_response({"messages": mailbox_of(request).outbox})


async def revoke_sign_ins(request: web.Request) -> web.Response:
    """Revoke the user's refresh tokens."""
    return web.json_response({"revoked": sign_ins.revoke(world_of(request), user_of(request))})


def describe(user: User) -> Json:
    """A user as JSON, without events."""
    mailbox = user.mailbox
    return {
        "id": user.id,
        "display_name": user.display_name,
        "user_principal_name": user.user_principal_name,
        "mail": user.mail,
        "proxy_addresses": user.proxy_addresses,
        "user_type": user.user_type,
        "account_enabled": user.account_enabled,
        "role_templates": sorted(user.role_templates),
        "home_tenant_id": user.home_tenant_id,
        "deleted_at": user.deleted_at.isoformat() if user.deleted_at else None,
        "mailbox": None
        if mailbox is None
        else {
            "time_zone": mailbox.time_zone,
            "kind": mailbox.kind,
            "hosted": mailbox.hosted,
            "events": len(mailbox.events),
            "calendars": mailbox.calendars,
            "online_meetings": mailbox.online_meetings,
            "read_only_calendars": sorted(mailbox.read_only_calendars),
        },
    }
