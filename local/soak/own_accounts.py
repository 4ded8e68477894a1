"""Members' accounts of their own in a history: who signs in with which, at a browser that nothing cuts short."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from azure.core.exceptions import ResourceNotFoundError

from local.microsoft.browser import sign_in
from shared.callers import Caller
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, OwnConnection, Role, own_mailbox

if TYPE_CHECKING:
    from local.microsoft.world import User
    from local.soak.history import History


class OwnAccounts:
    """Connects and disconnects members' own accounts, and knows what is kept of them."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.members: set[str] = set()
        """Who ever went to Microsoft."""
        self.decided: dict[str, str | None] = {}
        """What members of whom it is certain decided in the end: the account's object id, or that there is none."""
        self.ended: set[str] = set()
        """Accounts whose sign-ins were ended since somebody last came back with them, by object id."""
        self.refused = False
        """Whether Graph has refused tokens without a cause, which costs anybody their sign-in."""
        self.readable: set[str] = set()
        """Accounts that were connected when requests were last looked at, by object id."""

    def connect(self, who: str, user: User) -> None:
        """A member goes to Microsoft with an account, and comes back. Raises what the product does."""
        self.members.add(who)
        departure = self._history.host.process.own_connections.begin(self.caller(who))
        back = sign_in(departure.url, user.user_principal_name)
        self._history.host.process.own_connections.finish(parameters(back), departure.browser)
        self.ended.discard(user.id)
        self._history.outlook.await_delivery()

    def disconnect(self, who: str) -> None:
        """A member lets go of their account. Raises what the product does."""
        self._history.host.process.own_connections.disconnect(self.caller(who))
        self._history.outlook.await_delivery()

    def caller(self, who: str) -> Caller:
        """A member at the platform."""
        org = self._history.org
        return Caller(who, org, org, Role.USER, "enterprise", frozenset())

    def owner(self, who: str) -> MemberKey:
        """The member's key."""
        return MemberKey(self._history.org, who)

    def rows(self) -> dict[str, OwnConnection]:
        """Every own connection of the organization by member, those included that are over and not told yet."""
        return {row.key: row.value for row in self._history.observer.tables.own_connections.rows(self._history.org)}

    def keys(self) -> dict[str, MailboxKey]:
        """How the product names their mailboxes."""
        return {who: own_mailbox(self.owner(who)) for who in self.members}

    def mailboxes(self) -> dict[str, Mailbox]:
        """What our books say of the mailboxes behind them, by member."""
        keys = self.keys()
        found = self._history.observer.tables.mailboxes.some(list(keys.values()))
        return {who: found[key] for who, key in keys.items() if key in found}

    def forget_others(self) -> None:
        """Only accounts that are connected now may be read from here on; others by what runs already."""
        connected = self._history.own_connections().values()
        self.readable = {own.account.object_id for own in connected}

    def sign_in_again(self) -> list[str]:
        """Whoever is asked to goes to Microsoft once more; who they are."""
        connected = self._history.own_connections().items()
        asked = {who: own for who, own in connected if own.status is ConnectionStatus.RECONNECT_REQUIRED}
        for who, own in asked.items():
            self._history.until_done(lambda who=who, own=own: self.connect(who, self.user(own)))  # type: ignore[misc]
        return sorted(asked)

    def user(self, own: OwnConnection) -> User:
        """Whose account it is."""
        found = self._history.outlook.world.find_user(*own.account)
        if found is None:
            raise LookupError(own.account.object_id)
        return found

    def clear(self) -> None:
        """Leave nothing to the timer, which looks after every organization."""
        tables = self._history.observer.tables
        for who, key in self.keys().items():
            tables.own_connections.delete(*self.owner(who))
            self._drop(key)

    def _drop(self, key: MailboxKey) -> None:
        with suppress(ResourceNotFoundError):
            self._history.storage.get_table_client("Mailboxes").delete_entity(*key)


def parameters(address: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(address).query))
