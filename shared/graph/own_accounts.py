"""Graph for members' own mailboxes beside those of tenants: each person's calls go with their token, as `/me`.

One person's failure is that person's alone: nothing that happens to a call concerns others in the same batch.
https://learn.microsoft.com/graph/auth-v2-user
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from shared.errors import (
    AccessLost,
    CredentialRejected,
    MailboxUnreadable,
    MicrosoftError,
    ReconnectRequired,
    TryLater,
)
from shared.graph.client import Call, Graph, GraphClient, Json
from shared.model import ConnectionStatus, MailboxKey, is_own

T = TypeVar("T")

log = logging.getLogger(__name__)

AT_ONCE = 5
"""People whose calls of one batch are under way together."""


@dataclass(frozen=True)
class OwnAccount:
    """How a member's own account is called: with the tokens of one sign-in."""

    client: GraphClient
    tenant_id: str
    """In which the account lives, as its tokens are named by."""
    generation: int


class GraphOfAll:
    """Has the face of `GraphClient`; calls about members' own mailboxes go to their accounts."""

    def __init__(self, tenants: GraphClient, account: Callable[[MailboxKey], OwnAccount]) -> None:
        """`account` raises `ReconnectRequired` where there is none, or its sign-in has ended."""
        self._tenants = tenants
        self._account = account

    def request(
        self,
        tenant_id: str,
        method: str,
        url: str,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One call, as `GraphClient.request`; of a member's own mailbox the address names whose it is."""
        if not is_own(tenant_id):
            return self._tenants.request(tenant_id, method, url, body, headers)
        call, key = as_owner(Call(method, url, body, headers or {})), MailboxKey(tenant_id, _owner(url))
        return self._as(key, lambda to: to.client.request(to.tenant_id, method, call.url, call.body, headers))

    def pages(self, tenant_id: str, url: str, owner: str | None = None) -> Iterator[Json]:
        """Every page, as `GraphClient.pages`; `owner` is whose it is about, where the address does not say."""
        if not is_own(tenant_id):
            return self._tenants.pages(tenant_id, url)
        key, mine = MailboxKey(tenant_id, owner or _owner(url)), as_owner(Call("GET", url)).url
        return iter(self._as(key, lambda to: list(to.client.pages(to.tenant_id, mine))))

    def batch(self, tenant_id: str, calls: Sequence[Call]) -> list[Json | MicrosoftError]:
        """Independent calls, as `GraphClient.batch`; of members' own mailboxes nothing raises."""
        if not is_own(tenant_id):
            return self._tenants.batch(tenant_id, calls)
        places: dict[str, list[int]] = defaultdict(list)
        for place, call in enumerate(calls):
            places[call.owner or _owner(call.url)].append(place)
        answers: dict[int, Json | MicrosoftError] = {}
        mine = {owner: [as_owner(calls[place]) for place in own] for owner, own in places.items()}
        for owner, answered in self._batches(tenant_id, mine).items():
            answers |= dict(zip(places[owner], answered, strict=True))
        return [answers[place] for place in range(len(calls))]

    def relative(self, link: str) -> str:
        """A next link as a batch takes it. Raises `TryLater`."""
        return self._tenants.relative(link)

    def _batches(self, tenant_id: str, mine: Mapping[str, list[Call]]) -> dict[str, list[Json | MicrosoftError]]:
        def ask(owner: str) -> list[Json | MicrosoftError]:
            return self._batch_of(MailboxKey(tenant_id, owner), mine[owner])

        if len(mine) < 2:
            return {owner: ask(owner) for owner in mine}
        with ThreadPoolExecutor(min(AT_ONCE, len(mine)), "own-accounts") as pool:
            return dict(zip(mine, pool.map(ask, mine), strict=True))

    def _batch_of(self, key: MailboxKey, calls: list[Call]) -> list[Json | MicrosoftError]:
        def ask(to: OwnAccount) -> list[Json | MicrosoftError]:
            answers = to.client.batch(to.tenant_id, calls)
            refused = next((a for a in answers if isinstance(a, TryLater) and _is_refused(a)), None)
            if refused is not None and len(answers) == sum(isinstance(a, TryLater) for a in answers):
                raise refused
            return [_of_one(answer) if isinstance(answer, MicrosoftError) else answer for answer in answers]

        try:
            return self._as(key, ask)
        except MicrosoftError as problem:
            return [problem] * len(calls)

    def _as(self, key: MailboxKey, act: Callable[[OwnAccount], T]) -> T:
        """Act as the member. Where Graph refuses even a token that is new, only a new sign-in helps."""
        account = self._account(key)
        try:
            try:
                return act(account)
            except TryLater as problem:
                if not _is_refused(problem):
                    raise
                return act(account)
        except TryLater as problem:
            if not _is_refused(problem):
                raise
            raise ReconnectRequired(problem.code, account.generation) from None
        except CredentialRejected as rejected:
            log.error("Entra ID refuses the app's credential: %s", rejected.code)  # noqa: TRY400 - no trace needed
            raise
        except MicrosoftError as problem:
            raise _of_one(problem, account.generation) from None


def as_owner(call: Call) -> Call:
    """The call as the person whose mailbox it names makes it; what it subscribes to is theirs too."""
    owner = _owner(call.url)
    url = call.url if owner == "" else f"/me{call.url.removeprefix(f'/users/{owner}')}"
    body = call.body
    if body and str(body.get("resource") or "").startswith("users/"):
        body = {**body, "resource": "/".join(("me", *body["resource"].split("/")[2:]))}
    return replace(call, url=url, body=body)


def _owner(url: str) -> str:
    """Whose mailbox an address names; empty where it names nobody's."""
    parts = url.partition("?")[0].split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "users" else ""


def _is_refused(problem: TryLater) -> bool:
    """Whether Graph does not accept the token."""
    return problem.code.startswith("401")


def _of_one(problem: MicrosoftError, generation: int | None = None) -> MicrosoftError:
    """What a failure means for one person: they are no tenant that could be closed to us."""
    if isinstance(problem, AccessLost):
        return MailboxUnreadable(ConnectionStatus.OUT_OF_SCOPE, problem.code)
    if isinstance(problem, ReconnectRequired) and problem.generation is None:
        return ReconnectRequired(problem.code, generation)
    return problem


_FACE: type[Graph] = GraphOfAll
"""Held by the type checker: whoever takes the one takes the other."""
