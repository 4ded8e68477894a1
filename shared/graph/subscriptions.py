"""Change-notification subscriptions on the events of whole mailboxes.

https://learn.microsoft.com/graph/api/resources/subscription
https://learn.microsoft.com/graph/api/subscription-post-subscriptions
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from shared.errors import MicrosoftError, TryLater
from shared.graph.client import Call, Graph
from shared.graph.wire import read
from shared.model import SHARDS, MailboxKey, is_own

LIFETIME = timedelta(minutes=10_070)
"""A little under the most Outlook allows (10,080 minutes), so that clocks may differ."""


@dataclass(frozen=True)
class Subscription:
    """A live subscription as Graph reports it."""

    id: str
    expires_at: datetime
    object_id: str | None = None
    """Whose mailbox it is on; read from `resource`, which we wrote ourselves."""
    lifecycle_url: str | None = None


class Subscriptions:
    """Creates, renews and removes subscriptions, many to a request."""

    def __init__(
        self, graph: Graph, notification_url: str, lifecycle_url: str, client_state: Callable[[MailboxKey], str]
    ) -> None:
        self._graph = graph
        self._notification_url = notification_url
        self._lifecycle_url = lifecycle_url
        self._client_state = client_state

    def create(
        self, tenant_id: str, object_ids: Iterable[str], now: datetime
    ) -> dict[str, Subscription | MicrosoftError]:
        """A new subscription for each mailbox. Graph calls our webhook back before it answers.

        A mailbox that already has one answers `AlreadySubscribed`.
        """
        ids = list(object_ids)
        calls = [Call("POST", "/subscriptions", self._body(MailboxKey(tenant_id, i), now), owner=i) for i in ids]
        return dict(zip(ids, map(_subscription, self._graph.batch(tenant_id, calls)), strict=True))

    def renew(
        self, tenant_id: str, owners: Mapping[str, str], now: datetime
    ) -> dict[str, Subscription | MicrosoftError]:
        """Extend each by a whole lifetime, which also refreshes the permission to deliver. `Gone` once it lapsed.

        `owners` are object ids by subscription.
        """
        body = {"expirationDateTime": _utc(now + LIFETIME)}
        calls = [Call("PATCH", f"/subscriptions/{quote(i)}", body, owner=owner) for i, owner in owners.items()]
        return dict(zip(owners, map(_subscription, self._graph.batch(tenant_id, calls)), strict=True))

    def delete(self, tenant_id: str, owners: Mapping[str, str | None]) -> dict[str, MicrosoftError | None]:
        """Remove each; one that is not there counts as `Gone`. `owners` are object ids, where known."""
        calls = [Call("DELETE", f"/subscriptions/{quote(i)}", owner=owner) for i, owner in owners.items()]
        answers = self._graph.batch(tenant_id, calls)
        return {i: a if isinstance(a, MicrosoftError) else None for i, a in zip(owners, answers, strict=True)}

    def live(self, tenant_id: str) -> list[Subscription]:
        """All that Graph lists for the tenant's token, which may be more than this service's in the tenant."""
        pages = self._graph.pages(tenant_id, "/subscriptions")
        return [parse_subscription(entry) for page in pages for entry in read(page, _SubscriptionPage).value]

    def live_of(self, mailbox: MailboxKey) -> list[Subscription]:
        """All of a member's own account, which lists them without saying whose they are."""
        pages = self._graph.pages(mailbox.tenant_id, "/subscriptions", mailbox.object_id)
        found = [parse_subscription(entry) for page in pages for entry in read(page, _SubscriptionPage).value]
        return [replace(one, object_id=mailbox.object_id) for one in found]

    def live_of_each(
        self, tenant_id: str, object_ids: Iterable[str]
    ) -> dict[str, list[Subscription] | MicrosoftError]:
        """The same of many members' own accounts, each asked by itself, several at a time."""
        ids = list(object_ids)
        answers = self._graph.batch(tenant_id, [Call("GET", "/subscriptions", owner=i) for i in ids])
        return {i: self._listed(MailboxKey(tenant_id, i), answer) for i, answer in zip(ids, answers, strict=True)}

    def _listed(
        self, mailbox: MailboxKey, answer: dict[str, Any] | MicrosoftError
    ) -> list[Subscription] | MicrosoftError:
        """What the first page of a list says; a list of several pages is read from its beginning."""
        if isinstance(answer, MicrosoftError):
            return answer
        try:
            page = read(answer, _SubscriptionPage)
            return self.live_of(mailbox) if page.next_link else [parse_subscription(entry) for entry in page.value]
        except MicrosoftError as problem:
            return problem

    def is_ours(self, mailbox: MailboxKey, subscription: Subscription) -> bool:
        """Whether it tells this service about the mailbox's tenant, or about this member's own account."""
        return subscription.lifecycle_url == self._lifecycle_of(mailbox)

    def is_of_own_account(self, subscription: Subscription) -> bool:
        """Whether it tells this service about the account of some member's own."""
        return any((subscription.lifecycle_url or "").startswith(self._shard_url(shard)) for shard in SHARDS)

    def _lifecycle_of(self, mailbox: MailboxKey) -> str:
        """Where lifecycle notifications go: by it we know our subscriptions in a list again.

        Two members may have the same account; neither takes the other's for their own.
        """
        if is_own(mailbox.tenant_id):
            return f"{self._shard_url(mailbox.tenant_id)}{quote(mailbox.object_id)}"
        return f"{self._lifecycle_url}?tenant={quote(mailbox.tenant_id)}"

    def _shard_url(self, shard: str) -> str:
        return f"{self._lifecycle_url}?tenant={quote(shard)}&mailbox="

    def _body(self, mailbox: MailboxKey, now: datetime) -> dict[str, Any]:
        return {
            "changeType": "created,updated,deleted",
            "notificationUrl": self._notification_url,
            "lifecycleNotificationUrl": self._lifecycle_of(mailbox),
            "resource": f"users/{mailbox.object_id}/events",
            "expirationDateTime": _utc(now + LIFETIME),
            "clientState": self._client_state(mailbox),
            "latestSupportedTlsVersion": "v1_2",
        }


class _Subscription(msgspec.Struct):
    """A subscription resource."""

    id: str
    expirationDateTime: str  # noqa: N815 - Graph's name, like that below
    resource: Any = None
    lifecycleNotificationUrl: str | None = None  # noqa: N815


class _SubscriptionPage(msgspec.Struct):
    """A page of subscriptions."""

    value: list[dict[str, Any]]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


def parse_subscription(entry: dict[str, Any]) -> Subscription:
    """A subscription resource. Raises `TryLater` for anything else."""
    sent = read(entry, _Subscription)
    parts = str(sent.resource or "").strip("/").split("/")
    owner = parts[1] if len(parts) > 1 and parts[0].lower() == "users" else None
    try:
        expires_at = datetime.fromisoformat(sent.expirationDateTime)
        if expires_at.tzinfo is None:
            raise TryLater("a subscription's expiry without an offset")
        return Subscription(sent.id, expires_at.astimezone(UTC), owner, sent.lifecycleNotificationUrl)
    except (ValueError, OverflowError):
        raise TryLater("a subscription's expiry that is no time") from None


def _subscription(answer: dict[str, Any] | MicrosoftError) -> Subscription | MicrosoftError:
    try:
        return answer if isinstance(answer, MicrosoftError) else parse_subscription(answer)
    except TryLater as problem:
        return problem


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
