"""One way to call Microsoft Graph: a tenant, a relative address, an answer or an error the caller decides on.

https://learn.microsoft.com/graph/json-batching
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import requests

from shared.errors import MicrosoftError, TryLater
from shared.graph.errors import error_for
from shared.graph.wire import decode, read

Json = dict[str, Any]

BATCH = 20
"""The most requests one `$batch` takes."""


@dataclass(frozen=True)
class Call:
    """One request of a batch."""

    method: str
    url: str
    """Relative to the version, starting with a slash."""
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    """Object id of the mailbox it is about, where the address does not say; for members' own mailboxes."""


_DENIED = (401, 403)
"""A token may be older than what was granted since; MSAL would keep it for an hour."""


class _BatchItem(msgspec.Struct):
    """The answer to one call of a batch."""

    id: str
    status: int
    headers: dict[str, Any] | None = None
    body: Any = None


class _Batch(msgspec.Struct):
    """The answer to a batch; items come in any order."""

    responses: list[_BatchItem]


class _Page(msgspec.Struct):
    """A page of a collection."""

    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


class Tokens(Protocol):
    """Where access tokens come from."""

    def token(self, tenant_id: str) -> str:
        """A token for the tenant's Graph."""

    def forget(self, tenant_id: str) -> None:
        """Get a new one next time."""


class Graph(Protocol):
    """How Graph is called: for tenants by `GraphClient`, for members' own accounts too by `own_accounts`."""

    def request(
        self,
        tenant_id: str,
        method: str,
        url: str,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One call."""

    def pages(self, tenant_id: str, url: str, owner: str | None = None) -> Iterator[Json]:
        """Every page of a collection."""

    def batch(self, tenant_id: str, calls: Sequence[Call]) -> list[Json | MicrosoftError]:
        """Any number of independent calls."""

    def relative(self, link: str) -> str:
        """A next link as a batch takes it."""


class GraphClient:
    """Calls Graph with the tenant's token, which goes to addresses under the base only."""

    def __init__(self, session: requests.Session, graph_url: str, tokens: Tokens) -> None:
        self._session = session
        self._base = f"{graph_url}/v1.0"
        self._tokens = tokens

    def request(
        self,
        tenant_id: str,
        method: str,
        url: str,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One call; `url` is relative or one of Graph's own next and delta links.

        Raises whatever `error_for` makes of the answer, `TryLater` when there is none or it is not JSON.
        """
        answer = self._send(tenant_id, method, self._absolute(url), body, headers or {})
        if answer.status_code in _DENIED:
            self._tokens.forget(tenant_id)
        content = decode(answer.content) if answer.content else {}
        if not 200 <= answer.status_code < 300:
            raise error_for(answer.status_code, answer.headers, content)
        return read(content, Json)

    def _send(
        self, tenant_id: str, method: str, url: str, body: Json | None, more: Mapping[str, str]
    ) -> requests.Response:
        token = self._tokens.token(tenant_id)
        headers = {**more, "Authorization": f"Bearer {token}", "client-request-id": str(uuid.uuid4())}
        try:
            return self._session.request(method, url, json=body, headers=headers, allow_redirects=False)
        except requests.RequestException as problem:
            raise TryLater(type(problem).__name__) from None

    def pages(self, tenant_id: str, url: str, owner: str | None = None) -> Iterator[Json]:  # noqa: ARG002 - `Graph`
        """Every page of a collection, following `@odata.nextLink` verbatim; pages may be empty."""
        following: str | None = url
        while following:
            page = self.request(tenant_id, "GET", following)
            yield page
            following = read(page, _Page).next_link

    def batch(self, tenant_id: str, calls: Sequence[Call]) -> list[Json | MicrosoftError]:
        """Any number of independent calls, twenty to a request; each answer in its call's place.

        An item's failure is returned, not raised: the others went through. Only a failure of a whole batch raises.
        """
        answers: list[Json | MicrosoftError] = []
        for start in range(0, len(calls), BATCH):
            answers += self._one_batch(tenant_id, calls[start : start + BATCH])
        return answers

    def _one_batch(self, tenant_id: str, calls: Sequence[Call]) -> list[Json | MicrosoftError]:
        items = [_batch_item(str(number), call) for number, call in enumerate(calls)]
        answered = read(self.request(tenant_id, "POST", "/$batch", {"requests": items}), _Batch)
        by_id = {item.id: item for item in answered.responses}
        if by_id and all(item.status in _DENIED for item in answered.responses):
            self._tokens.forget(tenant_id)
        return [_item_result(by_id.get(str(number))) for number in range(len(calls))]

    def relative(self, link: str) -> str:
        """A next link as a batch takes it. Raises `TryLater` for an address that is not Graph's."""
        if not link.startswith(f"{self._base}/"):
            raise TryLater("a link outside Graph")
        return link.removeprefix(self._base)

    def _absolute(self, url: str) -> str:
        return self._base + (url if url.startswith("/") else self.relative(url))


def _batch_item(number: str, call: Call) -> Json:
    item: Json = {"id": number, "method": call.method, "url": call.url}
    headers = dict(call.headers)
    if call.body is not None:
        item["body"] = call.body
        headers["Content-Type"] = "application/json"
    return {**item, "headers": headers} if headers else item


def _item_result(item: _BatchItem | None) -> Json | MicrosoftError:
    if item is None:
        return TryLater("missing from the batch answer")
    if 200 <= item.status < 300:
        return item.body if isinstance(item.body, dict) else {}
    return error_for(item.status, item.headers or {}, item.body)
