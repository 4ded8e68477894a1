"""Addresses of Outlook's pages: whose calendar, the calendar, and the forms on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from aiohttp import web

from local.microsoft.control.input import InputError, tenant_of, user_of, world_of
from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.zones import zone
from local.microsoft.outlook.agenda import SHOWN_AS, days
from local.microsoft.outlook.changes import CHANGES, Place, add
from local.microsoft.pages import MANY_PEOPLE, page
from local.microsoft.world import Tenant, User

SHOWN_DAYS = 14
MOST_DAYS = 400
SHOWN_MAILS = 30
SHOWN_PER_TENANT = 50
DONE = {
    "added": "The event is in the calendar.",
    "subject": "The subject is changed.",
    "time": "The event is at its new time.",
    "calendar": "The event is in the other calendar.",
    "answer": "The answer is in the event.",
    "delete": "The event is deleted.",
}


@dataclass(frozen=True)
class Mailboxes:
    """The people of one tenant that the first page shows."""

    tenant: Tenant
    people: list[User]
    hidden: int
    """How many more there are; the search box finds them."""


def routes() -> list[web.RouteDef]:
    """Pages to read, and what their forms are posted to."""
    one = "/outlook/{tenant}/{user}"
    return [
        web.get("/outlook", list_people),
        web.get(one, _explained(show_mailbox)),
        web.post(one + "/events", _explained(add_event)),
        web.post(one + "/events/{event}/{change}", _explained(change_event)),
    ]


async def list_people(request: web.Request) -> web.Response:
    """Everybody with a mailbox in the cloud, by tenant."""
    search = request.query.get("search", "")
    everybody = [_with_mailbox(tenant, search) for tenant in world_of(request).tenants.values()]
    many = sum(len(found.people) for found in everybody) >= MANY_PEOPLE
    return page("people.html", found=[one for one in everybody if one.people], search=search, many=many)


async def show_mailbox(request: web.Request) -> web.Response:
    """The coming events, forms to change them, and the mails Exchange sent."""
    return _mailbox_page(request, done=DONE.get(request.query.get("done", ""), ""))


async def add_event(request: web.Request) -> web.Response:
    """The form for a new event."""
    place = _place(request)
    add(place, await _form(request))
    return _back(request, place, "added")


async def change_event(request: web.Request) -> web.Response:
    """One of the forms of an event."""
    place, name = _place(request), request.match_info["change"]
    if name not in CHANGES:
        raise InputError("There is no such form.", 404)
    CHANGES[name](place, request.match_info["event"], await _form(request))
    return _back(request, place, name)


def _mailbox_page(request: web.Request, status: int = 200, *, done: str = "", error: str = "") -> web.Response:
    world, tenant, user = _place(request)
    mailbox, count = mailbox_of(user), _days_asked(request)
    today = world.clock.now().astimezone(zone(mailbox.time_zone)).date()
    return page(
        "mailbox.html",
        status,
        tenant=tenant,
        user=user,
        mailbox=mailbox,
        days=days(user, mailbox, today, count),
        count=count,
        more=min(count + 30, MOST_DAYS) if count < MOST_DAYS else None,
        tomorrow=today + timedelta(days=1),
        shown_as=SHOWN_AS,
        mails=mailbox.outbox[: -SHOWN_MAILS - 1 : -1],
        done=done,
        error=error,
    )


def _explained(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Callable[..., Awaitable[web.Response]]:
    """Refusals on the page they concern, or on one of their own."""

    async def explain(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (GraphError, InputError) as error:
            status, text = error.status, str(getattr(error, "message", error))
        try:
            return _mailbox_page(request, status, error=text)
        except (GraphError, InputError):
            return page("gone.html", 404, text=text)

    return explain


def _place(request: web.Request) -> Place:
    user = user_of(request)
    if user.deleted_at is not None:
        raise InputError(f"{user.user_principal_name} is deleted", 404)
    mailbox_of(user)
    return world_of(request), tenant_of(request), user


def _with_mailbox(tenant: Tenant, search: str) -> Mailboxes:
    found = [user for user in tenant.users.values() if _is_shown(user, search.lower())]
    found.sort(key=lambda user: user.display_name)
    return Mailboxes(tenant, found[:SHOWN_PER_TENANT], max(0, len(found) - SHOWN_PER_TENANT))


def _is_shown(user: User, search: str) -> bool:
    in_cloud = user.mailbox is not None and user.mailbox.hosted == "cloud" and user.deleted_at is None
    return in_cloud and search in f"{user.display_name} {user.user_principal_name}".lower()


def _days_asked(request: web.Request) -> int:
    text = request.query.get("days", "")
    return min(max(int(text), 1), MOST_DAYS) if text.isascii() and text.isdigit() else SHOWN_DAYS


def _back(request: web.Request, place: Place, done: str) -> web.Response:
    """The calendar again, so that reloading it repeats nothing."""
    _, tenant, user = place
    address = f"/outlook/{quote(tenant.id)}/{quote(user.id)}?done={done}&days={_days_asked(request)}"
    return web.Response(status=303, headers={"Location": address})


async def _form(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}
