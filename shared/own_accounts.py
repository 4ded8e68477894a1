"""Members' own accounts as they are called: whose mailbox a name means, and with which tokens.

Every call looks at the connection's row first: what was disconnected elsewhere is called no more, what must be
signed in again is not tried, and a new sign-in is used at once. What MSAL knows of an account is kept.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from shared.errors import EntityUnreadable, ReconnectRequired, TryLater
from shared.graph.client import GraphClient, Tokens
from shared.graph.entra import EntraHttp
from shared.graph.own_accounts import OwnAccount
from shared.graph.personal_tokens import PersonalTokens
from shared.model import PERSONAL, ConnectionKey, ConnectionStatus, MailboxKey, MemberKey, OwnConnection
from shared.settings import MicrosoftSettings
from shared.storage.tables import Tables
from shared.storage.token_vault import TokenVault

log = logging.getLogger(__name__)

MOST_KEPT = 500
"""Accounts that one process remembers; those unused the longest go first."""


class OwnAccounts:
    """Finds accounts by the names of their mailboxes. For all threads."""

    def __init__(
        self,
        tables: Tables,
        vault: TokenVault,
        settings: MicrosoftSettings,
        http: EntraHttp,
        client: Callable[[Tokens], GraphClient],
    ) -> None:
        self._tables = tables
        self._vault = vault
        self._settings = settings
        self._client = client
        self._http = http
        self._kept: OrderedDict[MailboxKey, tuple[MemberKey, OwnAccount]] = OrderedDict()
        self._lock = threading.Lock()

    def account(self, key: MailboxKey) -> OwnAccount:
        """The account whose mailbox this is.

        Raises `ReconnectRequired` where there is none that lets us in, `TryLater` where a row cannot be read: that
        concerns nobody else.
        """
        try:
            return self._account(key)
        except EntityUnreadable as problem:
            log.error("passed over: %s", problem)  # noqa: TRY400 - no trace needed
            raise TryLater("unreadable row") from None

    def _account(self, key: MailboxKey) -> OwnAccount:
        with self._lock:
            known = self._kept.get(key)
        owner = known[0] if known else self._owner(key)
        own = self._tables.own_connection(owner) if owner else None
        if owner is None or own is None:
            raise ReconnectRequired("not_connected")
        if own.status is ConnectionStatus.RECONNECT_REQUIRED:
            raise ReconnectRequired(own.detail or "signed_out", own.generation)
        if known is None or known[1].generation != own.generation:
            known = owner, self._opened(owner, own)
        self._keep(key, known)
        return known[1]

    def _owner(self, key: MailboxKey) -> MemberKey | None:
        row = self._tables.mailboxes.row(key)
        return row.value.members[0] if row and row.value.members else None

    def _opened(self, owner: MemberKey, own: OwnConnection) -> OwnAccount:
        entry = self._vault.entry(ConnectionKey(*owner, PERSONAL), own.generation)
        tokens = PersonalTokens(self._settings, self._http, own.account, entry)
        return OwnAccount(self._client(tokens), own.account.tenant_id, own.generation)

    def _keep(self, key: MailboxKey, known: tuple[MemberKey, OwnAccount]) -> None:
        with self._lock:
            self._kept[key] = known
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
