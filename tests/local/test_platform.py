from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import requests

from local.certificates import prepare
from local.microsoft.organization import Organization
from local.microsoft.sample import ORGANIZATIONS
from local.platform import Platform
from local.platform.roster import roster_of
from shared.callers import Caller
from shared.contract.parsing import parse_body
from shared.contract.people import RosterInput
from shared.errors import Unauthenticated
from shared.model import Role
from shared.platform_tokens import PlatformTokens
from shared.roster import roster_from
from shared.settings import PlatformSettings
from shared.signing_keys import key_set

CONTOSO = ORGANIZATIONS[0]
APP = "http://localhost:7071"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return Path(prepare(tmp_path_factory.mktemp("keys")).platform_key).read_bytes()


@pytest.fixture(scope="module")
def platform(key: bytes) -> Iterator[Platform]:
    with Platform(ORGANIZATIONS, APP, key) as running:
        yield running


@pytest.fixture(scope="module")
def callers(platform: Platform) -> PlatformTokens:
    """The service's own check of tokens."""
    settings = PlatformSettings(
        name="Calendly",
        sign_in_url=platform.url,
        issuer=platform.issuer,
        audience=platform.audience,
        jwks_url=platform.jwks_url,
        entitled_plans=frozenset({CONTOSO.plan}),
        entitled_feature=CONTOSO.features[0],
    )
    return PlatformTokens(settings, key_set(platform.jwks_url))


def identify(callers: PlatformTokens, token: str) -> Caller:
    return callers.identify(f"Bearer {token}")


@pytest.mark.parametrize("role", list(Role))
def test_the_service_believes_its_tokens(platform: Platform, callers: PlatformTokens, role: Role) -> None:
    caller = identify(callers, platform.token(CONTOSO.id, role))
    assert (caller.role, caller.org, caller.org_name) == (role, CONTOSO.id, CONTOSO.name)
    assert (caller.plan, caller.features) == (CONTOSO.plan, frozenset(CONTOSO.features))


def test_a_token_is_for_the_first_member_of_the_role_or_the_one_named(
    platform: Platform, callers: PlatformTokens
) -> None:
    owner = next(member for member in CONTOSO.members if member.role == "owner")
    assert identify(callers, platform.token(CONTOSO.id, "owner")).subject == owner.id
    assert identify(callers, platform.token(CONTOSO.id, "user", "somebody-new")).subject == "somebody-new"
    assert identify(callers, platform.token(CONTOSO.id, "service")).subject == "platform-backend"


def test_an_organisation_without_an_admin_has_its_first_member_act_as_one(
    platform: Platform, callers: PlatformTokens
) -> None:
    caller = identify(callers, platform.token(ORGANIZATIONS[1].id))
    assert (caller.subject, caller.role) == (ORGANIZATIONS[1].members[0].id, Role.ADMIN)


def test_claims_can_be_replaced(platform: Platform, callers: PlatformTokens) -> None:
    assert identify(callers, platform.token(CONTOSO.id, plan="free", features=[])).plan == "free"
    with pytest.raises(Unauthenticated):
        identify(callers, platform.token(CONTOSO.id, exp=int(time.time()) - 3600))


def test_another_platforms_tokens_are_not_believed(
    callers: PlatformTokens, platform: Platform, tmp_path: Path
) -> None:
    other = prepare(tmp_path).platform_key.read_bytes()
    with Platform(ORGANIZATIONS, APP, other) as stranger, pytest.raises(Unauthenticated):
        identify(callers, stranger.token(CONTOSO.id, iss=platform.issuer))


def test_only_the_public_half_of_the_key_is_published(platform: Platform) -> None:
    (published,) = requests.get(platform.jwks_url, timeout=5).json()["keys"]
    assert published.keys() == {"kty", "n", "e", "kid", "use", "alg", "key_ops"}
    assert published["key_ops"] == ["verify"]


def test_whoever_is_chosen_arrives_at_the_service_with_a_token_of_theirs(
    platform: Platform, callers: PlatformTokens
) -> None:
    member = CONTOSO.members[5]
    form = {"organization": CONTOSO.id, "member": member.id}
    answer = requests.post(platform.url, data=form, allow_redirects=False, timeout=5)
    address = urlsplit(answer.headers["Location"])
    assert (answer.status_code, f"{address.scheme}://{address.netloc}{address.path}") == (303, f"{APP}/")
    caller = identify(callers, parse_qs(address.fragment)["token"][0])
    assert (caller.subject, caller.role) == (member.id, Role.USER)


@pytest.mark.parametrize(
    "form", [{}, {"organization": CONTOSO.id}, {"organization": CONTOSO.id, "member": ORGANIZATIONS[1].members[0].id}]
)
def test_a_choice_of_nobody_is_refused(platform: Platform, form: dict[str, str]) -> None:
    assert requests.post(platform.url, data=form, allow_redirects=False, timeout=5).status_code == 400


def test_the_page_offers_owners_and_admins_first_and_finds_the_others(platform: Platform) -> None:
    page = requests.get(platform.url, timeout=5).text
    names = re.findall(r"<strong>([^<]+)</strong>\s*<small>", page)
    assert names[:2] == ["Alice Admin", "Rob Roles"]
    assert all(organization.name in page for organization in ORGANIZATIONS)
    assert "Denise Denied" not in page
    assert "Denise Denied" in requests.get(platform.url, {"search": "denise"}, timeout=5).text


def test_names_and_searches_stay_text(platform: Platform) -> None:
    assert "O&#39;Brien &lt;b&gt;&amp;" in requests.get(platform.url, {"search": "o'brien"}, timeout=5).text
    assert "<script>" not in requests.get(platform.url, {"search": "<script>"}, timeout=5).text


def test_its_style_is_the_services_own(platform: Platform) -> None:
    answer = requests.get(f"{platform.url}/style.css", timeout=5)
    assert (answer.headers["Content-Type"], answer.status_code) == ("text/css", 200)


@pytest.mark.parametrize("organization", ORGANIZATIONS, ids=lambda organization: organization.name)
def test_a_roster_is_what_the_service_accepts(organization: Organization) -> None:
    roster = roster_from(parse_body(msgspec.json.encode(roster_of(organization)), RosterInput).members)
    assert {key: member.name for key, member in roster.items()} == {m.id: m.name for m in organization.members}


@pytest.fixture
def service() -> Iterator[ThreadingHTTPServer]:
    """Takes rosters, and remembers whose they were and how many members they had."""
    received: list[tuple[str, int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            roster = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["members"]
            received.append((self.headers["Authorization"].removeprefix("Bearer "), len(roster)))
            self.send_response(200 if self.path == "/api/members" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"added": len(roster)}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.received = received  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_each_organisations_roster_is_sent_by_its_backend(
    key: bytes, platform: Platform, callers: PlatformTokens, service: ThreadingHTTPServer
) -> None:
    sender = Platform(ORGANIZATIONS, f"http://localhost:{service.server_port}", key)
    with sender:
        sender.url = platform.url
        counts = sender.load_roster()
    sent = {(identify(callers, token).org, identify(callers, token).role, count) for token, count in service.received}
    assert sent == {(one.id, Role.SERVICE, len(one.members)) for one in ORGANIZATIONS}
    assert counts == {one.id: {"added": len(one.members)} for one in ORGANIZATIONS}
