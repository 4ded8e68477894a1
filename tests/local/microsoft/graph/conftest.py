"""A small organisation in a running simulator, a Graph client for its app, and a listener for notifications."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from local.certificates import Certificates
from local.microsoft.entra.grants import SignIn
from local.microsoft.entra.issue import app_token, user_token
from local.microsoft.entra.keys import KeyRing
from local.microsoft.graph import events
from local.microsoft.remote import Microsoft
from local.microsoft.server import Simulator
from local.microsoft.world import AppRegistration, Event, Mailbox, ServicePrincipal, Tenant, User, World

TENANT = "11111111-1111-4111-8111-111111111111"
OTHER_TENANT = "22222222-2222-4222-8222-222222222222"
CLIENT = "33333333-3333-4333-8333-333333333333"
ADELE = "aaaaaaaa-0000-4000-8000-000000000001"
BRUNO = "aaaaaaaa-0000-4000-8000-000000000002"
UNLICENSED = "aaaaaaaa-0000-4000-8000-000000000003"
FULL = ("Calendars.ReadWrite", "User.Read")
SHARED = (*FULL, "Calendars.ReadWrite.Shared")
ROLES = {"User.Read.All", "Calendars.ReadWrite"}


@pytest.fixture
def world(keys: KeyRing) -> World:
    world = World(keys=KeyRing(keys.keys))
    world.apps[CLIENT] = AppRegistration(CLIENT, "Outlook connection", {"http://localhost/callback"})
    for identity, domain in ((TENANT, "contoso.com"), (OTHER_TENANT, "fabrikam.com")):
        world.tenants[identity] = _tenant(identity, domain)
    return world


def _tenant(identity: str, domain: str) -> Tenant:
    tenant = Tenant(identity, domain.split(".", maxsplit=1)[0].title(), [domain])
    tenant.principals[CLIENT] = ServicePrincipal(CLIENT, f"{identity[:-1]}9", set(ROLES))
    for user_id, name in ((ADELE, "adele"), (BRUNO, "bruno"), (UNLICENSED, "ulla")):
        address = f"{name}@{domain}"
        mailbox = None if user_id == UNLICENSED else Mailbox()
        tenant.users[user_id] = User(user_id, name.title(), address, address, mailbox=mailbox)
    return tenant


@pytest.fixture
def simulator(world: World, certificates: Certificates) -> Iterator[Simulator]:
    with Simulator(world, certificates) as simulator:
        yield simulator


@dataclass
class Graph:
    """Graph over HTTPS as the app in one tenant."""

    simulator: Simulator
    tenant_id: str = TENANT
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.verify = str(self.simulator.certificates.ca)
        self.sign_in()

    @property
    def world(self) -> World:
        return self.simulator.world

    @property
    def tenant(self) -> Tenant:
        return self.world.tenants[self.tenant_id]

    def token(self) -> str:
        principal = self.tenant.principals[CLIENT]
        return self.simulator.call(lambda: app_token(self.world, self.tenant_id, principal))

    def sign_in(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self.token()}"

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.simulator.https_url}/v1.0{path}"
        return self.session.request(method, url, timeout=30, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self("POST", path, json=body, **options)

    def pages(self, path: str, **options: Any) -> list[dict[str, Any]]:
        """All items, following nextLinks."""
        page = self.get(path, **options).json()
        items = list(page["value"])
        while "@odata.nextLink" in page:
            page = self.get(page["@odata.nextLink"], headers=options.get("headers")).json()
            items += page["value"]
        return items

    def add_event(self, user: str = ADELE, **fields: Any) -> Event:
        """An event put straight into the mailbox, as its owner would with Outlook."""
        owner = self.tenant.users[user]
        return self.simulator.call(lambda: events.create_event(self.world, self.tenant, owner, event(**fields)))

    def change(self, function: Callable[..., Any], *arguments: Any, user: str = ADELE) -> Any:
        """One of `events`' functions on a mailbox."""
        owner = self.tenant.users[user]
        return self.simulator.call(lambda: function(self.world, self.tenant, owner, *arguments))

    def settle(self) -> None:
        """Wait until no notification is due."""
        delivery = self.world.delivery
        assert delivery is not None
        wait_until(lambda: self.simulator.call(delivery.is_idle))


def event(start: str = "2026-03-10T09:00:00", end: str = "2026-03-10T10:00:00", **fields: Any) -> dict[str, Any]:
    """An event's body; `zone` sets both zones."""
    zone = fields.pop("zone", "UTC")
    times = {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}
    return {"subject": "Review", **times, **fields}


def weekly(start_date: str, days: list[str], **range_: Any) -> dict[str, Any]:
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": days, "firstDayOfWeek": "sunday"}
    return {"pattern": pattern, "range": {"type": "noEnd", "startDate": start_date, **range_}}


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def graph(simulator: Simulator) -> Iterator[Graph]:
    client = Graph(simulator)
    yield client
    client.session.close()


@pytest.fixture
def other_tenant(simulator: Simulator) -> Iterator[Graph]:
    client = Graph(simulator, OTHER_TENANT)
    yield client
    client.session.close()


@dataclass
class Listener:
    """A notification URL of our own: answers handshakes, keeps what arrives, misbehaves when told to."""

    url: str = ""
    posts: list[list[dict[str, Any]]] = field(default_factory=list)
    handshakes: list[str] = field(default_factory=list)
    status: int = 202
    delay: float = 0
    handshake_answer: Callable[[str], tuple[int, str, str]] = lambda token: (200, "text/plain", token)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for post in self.posts for item in post]

    def answer(self, path: str, body: bytes) -> tuple[int, str, str]:
        query = parse_qs(urlsplit(path).query)
        if "validationToken" in query:
            self.handshakes.append(path)
            return self.handshake_answer(query["validationToken"][0])
        time.sleep(self.delay)
        self.posts.append(json.loads(body)["value"])
        return self.status, "text/plain", ""


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, kind, text = listener.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the sender's patience ended first
                self.end_headers()
                self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(listener))
    server.daemon_threads = True
    listener.url = f"http://127.0.0.1:{server.server_port}/webhooks/graph"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield listener
    server.shutdown()
    server.server_close()
    thread.join()


class Me(Graph):
    """Graph as a signed-in user."""

    def __init__(
        self, simulator: Simulator, user: str = ADELE, scopes: tuple[str, ...] = FULL, tenant_id: str = TENANT
    ) -> None:
        self.user_id, self.scopes = user, scopes
        super().__init__(simulator, tenant_id)

    def token(self) -> str:
        sign_in = SignIn(CLIENT, self.tenant_id, self.user_id, self.scopes)
        return self.simulator.call(lambda: user_token(self.world, sign_in, self.tenant.users[self.user_id]))


@pytest.fixture
def as_user(simulator: Simulator) -> Iterator[Callable[..., Me]]:
    made: list[Me] = []

    def make(user: str = ADELE, scopes: tuple[str, ...] = FULL) -> Me:
        made.append(Me(simulator, user, scopes))
        return made[-1]

    yield make
    for client in made:
        client.session.close()


@pytest.fixture
def remote(simulator: Simulator) -> Iterator[Microsoft]:
    client = Microsoft(simulator.http_url)
    yield client
    client.close()


@pytest.fixture
def subscribe(remote: Microsoft, listener: Listener) -> Callable[..., requests.Response]:
    def send(client: Graph, resource: str) -> requests.Response:
        body = {
            "changeType": "created,updated,deleted",
            "notificationUrl": listener.url,
            "lifecycleNotificationUrl": listener.url,
            "resource": resource,
            "expirationDateTime": (remote.now() + timedelta(days=1)).isoformat(),
            "clientState": "s",
        }
        return client.post("/subscriptions", body)

    return send


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")
