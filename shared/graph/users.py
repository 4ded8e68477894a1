"""Directory users: change rounds of a whole tenant, and look-ups of single people.

https://learn.microsoft.com/graph/api/user-delta
https://learn.microsoft.com/graph/api/user-list
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from shared.errors import BadRequest, Gone, MicrosoftError, StartOver, TryLater
from shared.graph.client import Call, GraphClient
from shared.graph.wire import read
from shared.model import DirectoryUser

SELECT = "id,displayName,mail,userPrincipalName,proxyAddresses,userType,accountEnabled"


@dataclass(frozen=True)
class DirectoryPage:
    """One page of a change round. An object may come several times; the last word counts."""

    users: tuple[DirectoryUser, ...]
    removed: tuple[str, ...]
    """Object ids of users that were deleted, softly or for good."""
    delta_link: str | None
    """Where the next round continues; only on the last page."""


class Users:
    """Reads a tenant's directory."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def changes(self, tenant_id: str, delta_link: str | None) -> Iterator[DirectoryPage]:
        """The pages of one round: everything, or what changed since the link. Raises `StartOver` for a void link."""
        try:
            for page in self._graph.pages(tenant_id, delta_link or f"/users/delta?$select={SELECT}"):
                yield directory_page(page)
        except BadRequest as problem:
            if delta_link is None:
                raise
            # Whatever is wrong with a link we were given, only a new one helps.
            raise StartOver(problem.code) from None

    def look_up(self, tenant_id: str, addresses: Sequence[str], ids: Sequence[str]) -> list[DirectoryUser]:
        """The users these addresses or object ids lead to now.

        An address that Graph's filter refuses leads to nobody, as does an id that is not there. Raises if any other
        look-up failed; nothing can be missing from a filter, so that answer is a failure too.
        """
        calls = [Call("GET", f"/users?$select={SELECT}&$filter={_address_filter(a)}") for a in addresses]
        calls += [Call("GET", f"/users/{quote(user_id)}?$select={SELECT}") for user_id in ids]
        answers = self._graph.batch(tenant_id, calls)
        found: dict[str, DirectoryUser] = {}
        for number, answer in enumerate(answers):
            nobody = BadRequest if number < len(addresses) else (BadRequest, Gone)
            for user in () if isinstance(answer, nobody) else _users_of(answer):
                found[user.id] = user
        return list(found.values())


class _User(msgspec.Struct):
    """A user resource; properties that were never set are absent."""

    id: str
    displayName: str | None = None  # noqa: N815 - Graph's name, like those below
    mail: str | None = None
    userPrincipalName: str | None = None  # noqa: N815
    proxyAddresses: list[str] | None = None  # noqa: N815
    userType: str | None = None  # noqa: N815
    accountEnabled: bool | None = None  # noqa: N815
    removed: Any = msgspec.field(name="@removed", default=msgspec.UNSET)


class _UserPage(msgspec.Struct):
    """A page of users or of a change round."""

    value: list[_User]
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


def directory_page(page: dict[str, Any]) -> DirectoryPage:
    """Graph's page as the product's. Raises `TryLater` for anything else."""
    sent = read(page, _UserPage)
    return DirectoryPage(
        users=tuple(_directory_user(user) for user in sent.value if user.removed is msgspec.UNSET),
        removed=tuple(user.id.lower() for user in sent.value if user.removed is not msgspec.UNSET),
        delta_link=sent.delta_link,
    )


def parse_user(entry: dict[str, Any]) -> DirectoryUser:
    """A user resource. Raises `TryLater` for anything else."""
    return _directory_user(read(entry, _User))


def _directory_user(user: _User) -> DirectoryUser:
    name = user.userPrincipalName or ""
    return DirectoryUser(
        id=user.id.lower(),
        display_name=user.displayName or "",
        user_principal_name=name,
        mail=user.mail,
        smtp_addresses=tuple(_smtp(user.proxyAddresses or ())),
        is_guest=(user.userType or "").lower() == "guest" or "#ext#" in name.lower(),
        is_enabled=user.accountEnabled is not False,
    )


def _smtp(proxies: Iterable[str]) -> Iterator[str]:
    """`SMTP:primary` and `smtp:alias` without the prefix; `X500:` and `SIP:` are not mail addresses."""
    for proxy in proxies:
        prefix, _, address = proxy.partition(":")
        if prefix.strip().lower() == "smtp" and address.strip():
            yield address.strip()


def _address_filter(address: str) -> str:
    literal = address.replace("'", "''")
    proxies = [f"proxyAddresses/any(p:p eq '{prefix}:{literal}')" for prefix in ("smtp", "SMTP")]
    text = " or ".join([f"userPrincipalName eq '{literal}'", f"mail eq '{literal}'", *proxies])
    return quote(text, safe="")


def _users_of(answer: dict[str, Any] | MicrosoftError) -> list[DirectoryUser]:
    if isinstance(answer, Gone):
        raise TryLater(answer.code)
    if isinstance(answer, MicrosoftError):
        raise answer
    return list(directory_page(answer).users) if "value" in answer else [parse_user(answer)]
