"""The platform on the network: its signing keys, a sign-in page, and tokens for whoever is chosen there.

Nobody proves anything here: it stands in for a platform that has long checked who its people are.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from local.microsoft.organization import Member, Organization
from local.platform.events import Events
from local.platform.pages import SCRIPT_FREE, STYLE, sign_in_page
from local.platform.roster import send_roster
from local.platform.tokens import AUDIENCE, Signer, claims_of

SERVICE_ROLE = "service"


class Platform:
    """Use as a context manager: it listens on localhost once entered, and is gone once left."""

    audience = AUDIENCE

    def __init__(self, organizations: Iterable[Organization], app_url: str, key_pem: bytes, port: int = 0) -> None:
        self.organizations = {organization.id: organization for organization in organizations}
        self.app_url = app_url
        self._signer = Signer(key_pem)
        self.events = Events()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://localhost:{self._socket.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="platform", daemon=True)
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.2)

    @property
    def issuer(self) -> str:
        """The `iss` of its tokens."""
        return self.url

    @property
    def jwks_url(self) -> str:
        """Where its public key is."""
        return f"{self.url}/.well-known/jwks.json"

    @property
    def events_url(self) -> str:
        """Where it takes events."""
        return f"{self.url}/events"

    def token(self, org_id: str, role: str = "admin", subject: str | None = None, /, **overrides: Any) -> str:
        """A token for a member, by default the first of that role.

        The first three go by position; keywords replace claims as they are, `role` and `sub` included.
        """
        organization = self.organizations[org_id]
        member = None if role == SERVICE_ROLE else _member(organization, role, subject)
        claims = claims_of(organization, role, member, self.issuer)
        stranger = {"sub": subject, "name": subject} if subject and member is None else {}
        return self._signer.sign(claims | stranger | overrides)

    def load_roster(self) -> dict[str, dict[str, int]]:
        """Send every organisation's roster to the service; what that changed, by organisation id."""
        return {
            org_id: send_roster(self.app_url, organization, self.token(org_id, SERVICE_ROLE))
            for org_id, organization in self.organizations.items()
        }

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    def _app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._choose),
                web.post("/", self._signed_in),
                web.get("/style.css", self._style),
                web.get("/.well-known/jwks.json", self._keys),
                web.post("/events", self._event),
            ]
        )
        return app

    async def _choose(self, request: web.Request) -> web.Response:
        page = sign_in_page(self.organizations.values(), request.query.get("search", ""))
        return web.Response(text=page, content_type="text/html", headers=SCRIPT_FREE)

    async def _signed_in(self, request: web.Request) -> web.Response:
        """Send the browser to the service with a token in the fragment, which no server and no log ever sees."""
        form = await request.post()
        organization = self.organizations.get(str(form.get("organization")))
        chosen = (
            [member for member in organization.members if member.id == form.get("member")] if organization else []
        )
        if organization is None or not chosen:
            raise web.HTTPBadRequest(text="There is no such member.")
        token = self.token(organization.id, chosen[0].role, chosen[0].id)
        headers = {"Location": f"{self.app_url}/#token={token}", "Cache-Control": "no-store"}
        return web.Response(status=303, headers=headers)

    async def _event(self, request: web.Request) -> web.Response:
        status, headers = self.events.receive(await request.read(), request.headers)
        return web.Response(status=status, headers=headers)

    async def _style(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STYLE)

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(self._signer.key_set())


def _member(organization: Organization, role: str, subject: str | None) -> Member | None:
    """The named one, or None where nobody is called so; else the first of that role, or simply the first."""
    if subject is not None:
        return next((member for member in organization.members if member.id == subject), None)
    return next((member for member in organization.members if member.role == role), organization.members[0])
