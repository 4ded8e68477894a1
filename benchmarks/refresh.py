"""Renewing the tokens of a member's own account, against the one request it takes.

Why: it happens nearly every hour for each such account, so what it costs of a CPU decides how many one instance can
look after. The plainest program posts the refresh token with an assertion that it signed before, and keeps nothing.
The product reads the tokens' row, decrypts it, has MSAL sign and renew, and keeps what came of it before it is used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, in_turns
from benchmarks.world import NO_TIMER, Place, product
from local.microsoft.remote import sign_in
from shared.bootstrap import utc_now
from shared.encryption import Encryption
from shared.graph.credential import msal_credential
from shared.graph.entra import COMMON, EntraHttp, msal_application
from shared.graph.id_token import IdTokens
from shared.graph.personal_sign_in import PersonalSignIn
from shared.graph.personal_tokens import PersonalTokens
from shared.http import new_session
from shared.model import ConnectionKey, MailboxKey
from shared.personal_attempts import CALLBACK
from shared.settings import Settings
from shared.signing_keys import key_set
from shared.storage.tables import Tables
from shared.storage.token_vault import TokenVault, VaultEntry

TURNS = 60
FLOOR, LOADED = "one POST, assertion signed before", "credential loaded"


def run() -> None:
    """Measure and print."""
    heading(f"Renewing the tokens of a member's own account, {TURNS} times each, in turns")
    progress("signing somebody in")
    with product(1, NO_TIMER) as place:
        account = Account.of(place)
        actions: dict[str, Callable[[], object]] = {
            FLOOR: account.post,
            LOADED: account.load,
            "renewed and kept": account.renew,
        }
        wall = in_turns(actions, TURNS)
        cpu = in_turns(actions, TURNS, time.thread_time)
    table(("", "p50", "p95", "CPU", "CPU against the POST"), [_row(name, wall[name], cpu) for name in actions])
    note("CPU is of the calling thread alone: the simulated Microsoft and storage are not in it.")


def _row(name: str, wall: Timings, cpu: dict[str, Timings]) -> tuple[str, ...]:
    mine = cpu[name].median
    return (
        name,
        milliseconds(wall.median),
        milliseconds(wall.p95),
        milliseconds(mine),
        times(mine / cpu[FLOOR].median),
    )


@dataclass
class Account:
    """Somebody's account that was connected, and the plainest program's way to renew it."""

    settings: Settings
    session: requests.Session
    http: EntraHttp
    key: MailboxKey
    entry: VaultEntry
    form: dict[str, Any]

    @classmethod
    def of(cls, place: Place) -> Account:
        """The generated tenant's first person, signed in."""
        settings = Settings.from_env(place.stack.settings)
        microsoft, session = settings.microsoft, new_session(settings.microsoft.ca_file)
        http = EntraHttp(session)
        keys = key_set(f"{microsoft.login_url}/common/discovery/v2.0/keys", microsoft.ca_file)
        flow = PersonalSignIn(microsoft, http, IdTokens(microsoft, keys))
        url, kept = flow.begin(f"{settings.public_url}{CALLBACK}", "state")
        users = place.stack.microsoft.world.tenants[place.generated.tenant_id].users.values()
        upn = next(user.user_principal_name for user in users)
        found = flow.finish(kept, dict(parse_qsl(urlsplit(sign_in(url, upn)).query)))
        vault = TokenVault(Tables(settings.storage).tokens, Encryption(settings.token_keys), utc_now)
        entry = vault.entry(ConnectionKey("benchmark", "ann", "personal"), 1)
        entry.put(found.cache)
        (token,) = json.loads(found.cache)["RefreshToken"].values()
        form = {
            "grant_type": "refresh_token",
            "client_id": microsoft.client_id,
            "refresh_token": token["secret"],
            "scope": "Calendars.ReadWrite offline_access openid profile",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": msal_application(microsoft, http, COMMON).client.client_assertion(),
        }
        key = MailboxKey(found.person.tenant_id, found.person.object_id)
        return cls(settings, session, http, key, entry, form)

    def post(self) -> None:
        """The floor."""
        url = f"{self.settings.microsoft.login_url}/common/oauth2/v2.0/token"
        answer = self.session.post(url, data=self.form)
        answer.raise_for_status()
        answer.json()

    def load(self) -> None:
        """What every application of MSAL's is made with."""
        msal_credential(self.settings.microsoft.credential)

    def renew(self) -> None:
        """As a process that does not hold the account's tokens does it."""
        tokens = PersonalTokens(self.settings.microsoft, self.http, self.key, self.entry)
        tokens.forget(self.key.tenant_id)
        tokens.token(self.key.tenant_id)
