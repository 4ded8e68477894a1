"""Members' own accounts: the simulated Microsoft over HTTP, real storage, and the product's parts between them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError

from local.azurite import Azurite
from local.certificates import Certificates, prepare
from local.microsoft.entra.keys import KeyRing
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft, sign_in
from local.microsoft.sample import sample_world
from local.microsoft.server import Simulator
from shared.encryption import Encryption
from shared.graph.entra import EntraHttp
from shared.graph.id_token import IdTokens
from shared.graph.personal_sign_in import PersonalAccount, PersonalSignIn
from shared.graph.personal_tokens import PersonalTokens
from shared.http import new_session
from shared.model import ConnectionKey, MailboxKey, MemberKey
from shared.personal_attempts import CALLBACK, PersonalAttempts
from shared.settings import CredentialSettings, MicrosoftSettings, StorageSettings
from shared.signing_keys import key_set
from shared.storage.tables import Tables
from shared.storage.token_vault import TokenVault, VaultEntry

PUBLIC_URL = "http://localhost:7071"
REDIRECT = f"{PUBLIC_URL}{CALLBACK}"
NADIA = "nadia.north@northwind-consulting.com"
PETRA = "petra.personal@outlook.com"
ACCOUNTS = {
    "of the organization's own tenant": "adele.vance@contoso.com",
    "of a foreign tenant": NADIA,
    "of no company": PETRA,
    "of no company, with an address elsewhere": "fred@freelance.example",
}


class Bench:
    """Everything a personal connection rests on, with a clock of ours."""

    def __init__(
        self, microsoft: Simulator, certificates: Certificates, session: requests.Session, tables: Tables
    ) -> None:
        login, credential = microsoft.https_url, CredentialSettings(certificate_file=str(certificates.client))
        self.microsoft = microsoft
        self.remote = Microsoft(microsoft.http_url)
        self.settings = MicrosoftSettings(
            CLIENT_ID, credential, login, microsoft.http_url, login, str(certificates.ca)
        )
        self.session = session
        self.http = EntraHttp(session)
        self.tables = tables
        self.org = f"org-{uuid.uuid4().hex[:8]}"
        self.now = datetime(2026, 12, 9, 12, tzinfo=UTC)
        self.encryption = Encryption([b"t" * 32])
        self.sign_in = PersonalSignIn(
            self.settings,
            self.http,
            IdTokens(self.settings, key_set(f"{login}/common/discovery/v2.0/keys", str(certificates.ca))),
        )

    # Signing in

    def signed_in(self, upn: str = NADIA) -> PersonalAccount:
        """The account of somebody who signed in and agreed."""
        url, flow = self.sign_in.begin(REDIRECT, "state")
        return self.sign_in.finish(flow, self.answer(url, upn))

    def answer(self, url: str, upn: str = NADIA, *, accept: bool = True) -> dict[str, str]:
        """What Microsoft sends the browser back with."""
        return parameters(sign_in(url, upn, accept=accept))

    @property
    def attempts(self) -> PersonalAttempts:
        """Members' attempts, over real storage."""
        return PersonalAttempts(self.tables, self.encryption, self.sign_in, PUBLIC_URL, lambda: self.now)

    def member(self, name: str = "ann") -> MemberKey:
        """A member of this test's own organization."""
        return MemberKey(self.org, name)

    # Tokens

    def entry(self, generation: int = 1, member: str = "ann") -> VaultEntry:
        """Where the tokens of a member's sign-in are kept."""
        vault = TokenVault(self.tables.tokens, self.encryption, lambda: self.now)
        return vault.entry(ConnectionKey(self.org, member, "personal"), generation)

    def connected(self, upn: str = NADIA, generation: int = 1) -> PersonalTokens:
        """The tokens of an account that has just been connected."""
        account = self.signed_in(upn)
        self.entry(generation).put(account.cache)
        return self.tokens(mailbox(account), generation)

    def tokens(self, account: MailboxKey, generation: int = 1) -> PersonalTokens:
        """As another worker gets them."""
        return PersonalTokens(self.settings, self.http, account, self.entry(generation))

    def account(self, upn: str = NADIA) -> MailboxKey:
        """Whose account an address is."""
        tenant = self.tenant(upn)
        return MailboxKey(tenant, self.remote.user(tenant, upn)["id"])

    def tenant(self, upn: str = NADIA) -> str:
        """The tenant in which an account lives."""
        domain = "outlook.com" if upn.endswith("freelance.example") else upn.rpartition("@")[2]
        found: str = self.remote.tenant(domain)["id"]
        return found

    def token_requests(self) -> int:
        """How often a token endpoint was asked."""
        return len(self.remote.requests("/common/oauth2/v2.0/token"))

    def calendars(self, token: str) -> int:
        """The status with which Graph answers the owner of a token."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.session.get(f"{self.settings.graph_url}/v1.0/me/calendars", headers=headers).status_code

    def stored(self) -> str:
        """Everything that lies in the tables of this test's organization."""
        found: list[Any] = []
        for table in (self.tables.sign_ins, self.tables.tokens):
            with suppress(ResourceNotFoundError):
                entities = table._client.query_entities("PartitionKey eq @p", parameters={"p": self.org})
                found += [dict(entity) for entity in entities]
        return repr(found)


def mailbox(account: PersonalAccount) -> MailboxKey:
    return MailboxKey(account.person.tenant_id, account.person.object_id)


def parameters(address: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(address).query))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return prepare(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    return KeyRing()


@pytest.fixture(scope="session")
def tables() -> Iterator[Tables]:
    with Azurite() as azurite:
        yield Tables(StorageSettings(azurite.connection_string))


@pytest.fixture
def bench(certificates: Certificates, keys: KeyRing, tables: Tables) -> Iterator[Bench]:
    world = sample_world(certificates.client_public.read_bytes())
    world.keys = KeyRing(keys.keys)
    with Simulator(world, certificates) as microsoft, new_session(str(certificates.ca)) as session:
        made = Bench(microsoft, certificates, session, tables)
        yield made
        made.remote.close()
