"""What only members' own accounts need, wired: `bootstrap` imports it on first use."""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from shared.settings import Settings
from shared.storage.token_vault import TokenVault

if TYPE_CHECKING:
    import requests

    from shared.encryption import Encryption
    from shared.graph.entra import EntraHttp
    from shared.own_accounts import OwnAccounts
    from shared.personal_attempts import PersonalAttempts
    from shared.storage.tables import Tables
    from shared.token_keys import TokenKeys


class PersonalParts:
    """Sign-in, tokens and accounts. Looking after what is kept needs nothing that speaks to Microsoft."""

    def __init__(
        self,
        settings: Settings,
        tables: Tables,
        encryption: Encryption,
        session: Callable[[], requests.Session],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._tables = tables
        self._session = session
        self._now = now
        self._encryption = encryption
        self.vault = TokenVault(tables.tokens, encryption, now)

    @cached_property
    def accounts(self) -> OwnAccounts:
        """Accounts as they are called."""
        from shared.graph.client import GraphClient
        from shared.own_accounts import OwnAccounts

        microsoft = self._settings.microsoft
        client = lambda tokens: GraphClient(self._session(), microsoft.graph_url, tokens)  # noqa: E731
        return OwnAccounts(self._tables, self.vault, microsoft, self._entra, client)

    @cached_property
    def token_keys(self) -> TokenKeys:
        """What an operator does about keys."""
        from shared.token_keys import TokenKeys

        return TokenKeys(self._tables, self._encryption, self.vault)

    @cached_property
    def attempts(self) -> PersonalAttempts:
        """Sign-ins under way."""
        from shared.graph.id_token import IdTokens
        from shared.graph.personal_sign_in import PersonalSignIn
        from shared.personal_attempts import PersonalAttempts
        from shared.signing_keys import key_set

        microsoft = self._settings.microsoft
        keys = key_set(f"{microsoft.login_url}/common/discovery/v2.0/keys", microsoft.ca_file)
        sign_in = PersonalSignIn(microsoft, self._entra, IdTokens(microsoft, keys))
        return PersonalAttempts(self._tables, self._encryption, sign_in, self._settings.public_url, self._now)

    @cached_property
    def _entra(self) -> EntraHttp:
        from shared.graph.entra import EntraHttp

        return EntraHttp(self._session())
