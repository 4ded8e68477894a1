"""The public API with canned answers, each of them a value of the contract, behind the pages' real policy."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web
from msgspec import structs

from shared.bootstrap import Services
from shared.contract.activation_links import LinkInput, LinkList, LinkOutput
from shared.contract.audit import AuditEntryOutput, AuditPage
from shared.contract.overview import Overview
from shared.contract.parsing import parse_body, parse_query
from shared.contract.people import MemberList, MemberOutput, MemberQuery
from shared.contract.spreadsheet import csv_text
from shared.contract.tenants import TenantList, TenantOutput
from shared.contract.times import BlockOutput, BusyOutput
from shared.errors import CallerError, Unauthenticated
from shared.functions import answers
from shared.functions.answers import MEMBER_COLUMNS, member_row
from shared.functions.app import api_of
from shared.functions.openapi import document
from shared.functions.responses import html_answer
from shared.invitation import invitation
from shared.member_filter import folded
from shared.model import ActivationLink, ConnectionStatus, Entry, LinkStep, TenantStatus
from shared.own_states import explain_own, needing_members, next_step_beside
from shared.pages import Page, Pages
from shared.settings import CredentialSettings, MicrosoftSettings, PlatformSettings, Settings, StorageSettings
from shared.states import NEEDING_ATTENTION, TENANTS, explain, missed_pushes, next_step
from tests.pages.decisions import Decisions

NOW = datetime.now(UTC)
TENANT = "7f1c0f0e-0d6c-4b8c-9c61-0a6f2b7f2d11"


def settings(**platform: Any) -> Settings:
    known = {
        "name": "Calendly",
        "sign_in_url": "https://platform.example.com/login",
        "issuer": "https://platform.example.com",
        "audience": "outlook-connection",
        "jwks_url": "https://platform.example.com/.well-known/jwks.json",
        "entitled_plans": frozenset({"enterprise"}),
        "entitled_feature": "outlook-admin",
    }
    login = "https://login.microsoftonline.com"
    microsoft = MicrosoftSettings("client", CredentialSettings(), login, login, "https://graph.microsoft.com", None)
    told = PlatformSettings(**{**known, **platform})
    return Settings("http://localhost", StorageSettings(), microsoft, told, (bytes(32),), (bytes(32),))


def link(**changes: Any) -> ActivationLink:
    known = {
        "id": "0123456789ab",
        "token_hash": "",
        "organization_name": "Contoso Consulting",
        "created_by": "alice",
        "created_at": datetime(2026, 11, 22, 9, 5, tzinfo=UTC),
        "expires_at": datetime(2026, 11, 29, 9, 5, tzinfo=UTC),
    }
    return ActivationLink(**{**known, **changes})


def token(role: str = "admin", expires_in: timedelta = timedelta(hours=1), **claims: Any) -> str:
    """A token as the pages see it; nobody checks its signature here."""
    known = {"sub": "alice", "org": "contoso", "org_name": "Contoso Consulting", "role": role, "name": "Alice Admin"}
    payload = known | {"exp": int(time.time() + expires_in.total_seconds())} | claims
    parts = (json.dumps(part, ensure_ascii=False).encode() for part in ({"alg": "RS256"}, payload))
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


def link_answer(link_id: str, step: str = "created", **changes: Any) -> LinkOutput:
    """A link as the API lists it: its words are the service's."""
    known = {"created_at": NOW, "expires_at": NOW + timedelta(days=7)}
    kept = link(id=link_id, step=LinkStep(step), **{**known, **changes})
    return answers.link(kept, NOW)


def entry(minutes: int, action: str = "activation_link.created", detail: str | None = None) -> AuditEntryOutput:
    """What happened some minutes ago."""
    return answers.audit_entry(Entry(NOW - timedelta(minutes=minutes), "alice", action, f"id{minutes}", detail))


def member(number: int, state: ConnectionStatus, **changes: Any) -> MemberOutput:
    name = changes.pop("name", f"Member {number:03}")
    text, step = explain(state, changes.get("detail"))
    address = f"member{number:03}@contoso.com"
    return MemberOutput(f"m{number:03}", name, (address,), state, text, step, tenant=TENANT, **changes)


def with_own(known: MemberOutput, state: ConnectionStatus, *, instead: bool = False) -> MemberOutput:
    """The member with an account of their own."""
    text, step = explain_own(state, None)
    more = {"own_state_text": text, "own_next_step": step, "own_changed_at": NOW, "own_instead": instead}
    return structs.replace(known, own_state=state, **more)


def tenant(status: TenantStatus, missed: int = 0) -> TenantOutput:
    text, step = TENANTS[status]
    domains = ("contoso.com", "contoso.nl") if status is TenantStatus.CONNECTED else ()
    told = missed_pushes(missed)
    return TenantOutput(TENANT, status, text, step, None, domains, "oid", NOW, NOW, missed, told)


def block(day: int, hour: int, hours: float, status: str = "busy") -> BlockOutput:
    """In the time of the browser, which is UTC in these tests."""
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=day, hours=hour)
    return BlockOutput(start, start + timedelta(hours=hours), status)


@dataclass
class World:
    """What the API answers at the moment; tests change it."""

    tenants: list[TenantOutput] = field(default_factory=list)
    links: list[LinkOutput] = field(default_factory=list)
    members: list[MemberOutput] = field(default_factory=list)
    entries: list[AuditEntryOutput] = field(default_factory=list)
    busy: list[BlockOutput] = field(default_factory=list)
    freshness: str = "fresh"
    decisions: Decisions = field(default_factory=Decisions)
    problem: CallerError | None = None
    """Of every call."""
    problems: dict[str, CallerError] = field(default_factory=dict)
    """Of single calls, by method and path."""
    asked: list[str] = field(default_factory=list)
    """Method and path of every API request."""
    posted: list[str] = field(default_factory=list)
    """Paths of forms that were sent."""


class Site:
    """Pages and API in a background thread."""

    def __init__(self) -> None:
        self.world = World()
        self._pages = Pages(settings())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/{page:docs}", self._page),
                web.get("/{page:activate|activated|refused}/{name}", self._page),
                web.post("/activate/{token}", self._begin),
                web.get("/static/{name}", self._static),
                web.route("*", "/api/{rest:.*}", self._api),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://localhost:{self._runner.addresses[0][1]}"

    @property
    def link(self) -> ActivationLink:
        return link(expected_domains=("contoso.com", "contoso.nl"))

    async def _page(self, request: web.Request) -> web.Response:
        match request.match_info.get("page"):
            case "activate":
                return _html(self._pages.invitation(self.link))
            case "activated":
                return _html(self._pages.activated())
            case "docs":
                return _html(self._pages.documentation(document(api_of(Services(settings())).endpoints, self.url)))
            case "refused":
                return _html(self._pages.refusal(request.match_info["name"]))
        return _html(self._pages.home())

    async def _begin(self, request: web.Request) -> web.Response:
        self.world.posted.append(request.path)
        return web.Response(status=303, headers={"Location": "/activated/now"})

    async def _static(self, request: web.Request) -> web.Response:
        file = self._pages.static(request.match_info["name"])
        return web.Response(
            body=file.content, content_type=file.mimetype, headers={"X-Content-Type-Options": "nosniff"}
        )

    async def _api(self, request: web.Request) -> web.Response:
        self.world.asked.append(f"{request.method} {request.path}")
        try:
            if not request.headers.get("Authorization", "").startswith("Bearer ey"):
                raise Unauthenticated("Send the platform's token.")
            if problem := self.world.problem or self.world.problems.get(f"{request.method} {request.path}"):
                raise problem
            return self._answer(request, await request.read())
        except CallerError as error:
            problem = {"title": error.title, "status": error.status, "detail": error.detail, "field": error.field}
            given = {name: value for name, value in problem.items() if value is not None}
            return web.json_response(given, status=error.status, content_type="application/problem+json")

    def _answer(self, request: web.Request, body: bytes) -> web.Response:
        match request.method, request.path.removeprefix("/api/").split("/"):
            case "GET", ["outlook", "tenants"]:
                return _json(TenantList(self.world.tenants))
            case "GET", ["outlook", "activation-links"]:
                return _json(LinkList(self.world.links))
            case "POST", ["outlook", "activation-links"]:
                return _json(self._made(parse_body(body, LinkInput)), 201)
            case "DELETE", ["outlook", "activation-links", link_id]:
                revoked = link_answer(link_id, "revoked")
                self.world.links = [revoked if known.id == link_id else known for known in self.world.links]
                return web.Response(status=204)
            case "GET", ["outlook", "members"]:
                return self._members(parse_query(request.query, MemberQuery), request.headers["Accept"])
            case "GET", ["outlook"]:
                return _json(self._overview())
            case "GET", ["outlook", "audit"] if request.headers["Accept"] == "text/csv":
                text = csv_text(["at", "text"], [(found.at, found.text) for found in self.world.entries])
                return web.Response(text=text, content_type="text/csv")
            case "GET", ["outlook", "audit"]:
                return _json(AuditPage(self.world.entries, None))
            case "GET", ["members", who, "busy"]:
                start, end = (datetime.fromisoformat(request.query[name]) for name in ("start", "end"))
                return _json(BusyOutput(who, start, end, self.world.freshness, NOW, self.world.busy))
        return self._decided(request, body)

    def _decided(self, request: web.Request, body: bytes) -> web.Response:
        method, parts = request.method, request.path.removeprefix("/api/").split("/")
        match method, parts:
            case "POST", ["outlook", "tenants", _, "resync"]:
                return _json(self.world.tenants[0], 202)
            case "DELETE", ["outlook", "tenants", _]:
                self.world.tenants = [tenant(TenantStatus.DISCONNECTING)]
                return _json(self.world.tenants[0], 202)
        decided = self.world.decisions.answer(method, parts, request.query, body, self.world.members)
        assert decided is not None, f"the pages asked for {method} {request.path}"
        return _json(decided)

    def _overview(self) -> Overview:
        counts = Counter(member.state for member in self.world.members)
        states = {state.value: counts[state] for state in ConnectionStatus}
        to_fix = sum(counts[state] for state in NEEDING_ATTENTION)
        step = next_step(counts, [TenantStatus(tenant.status) for tenant in self.world.tenants])
        own = Counter(member.own_state for member in self.world.members if member.own_state)
        step, to_fix_own = next_step_beside(step, own), needing_members(own)
        return Overview(len(self.world.members), states, to_fix, step, own, to_fix_own, self.world.tenants)

    def _members(self, query: MemberQuery, accept: str) -> web.Response:
        found = [
            member
            for member in self.world.members
            if query.state in (None, member.state)
            and query.own_state in (None, member.own_state)
            and folded(query.q or "") in folded("\n".join([member.id, member.name, *member.addresses]))
        ]
        if accept == "text/csv":
            text = csv_text(MEMBER_COLUMNS, [member_row(member) for member in found])
            return web.Response(text=text, content_type="text/csv")
        first = int(query.cursor or 0)
        last = first + query.limit
        return _json(MemberList(found[first:last], str(last) if last < len(found) else None))

    def _made(self, asked: LinkInput) -> LinkOutput:
        until, link_id = NOW + timedelta(days=asked.expires_in_days), f"link{len(self.world.links)}"
        made = link(id=link_id, created_at=NOW, expires_at=until, expected_domains=tuple(asked.expected_domains))
        self.world.links.insert(0, answers.link(made, NOW))
        url = f"{self.url}/activate/contoso~{link_id}~secret-of-{link_id}"
        return answers.new_link(made, NOW, url, invitation(made, url, "contoso", "Calendly", "client"))


def _json(value: msgspec.Struct, status: int = 200) -> web.Response:
    """Encoded and decoded as its own definition: an answer that the contract does not allow fails here."""
    encoded = msgspec.json.encode(value)
    msgspec.json.decode(encoded, type=type(value))
    return web.Response(body=encoded, status=status, content_type="application/json")


def _html(page: Page) -> web.Response:
    """As the service answers it, with the same policy."""
    answer = html_answer(page, "https://login.microsoftonline.com")
    return web.Response(
        body=answer.get_body(), status=answer.status_code, content_type="text/html", headers=dict(answer.headers)
    )
