"""What capabilities are made of: storage, queues, Microsoft's API and those who share them.

The imports stand inside on purpose; see docs/decisions/0006-lazy-wiring.md.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from shared.client_state import ClientState
from shared.lanes import Lanes
from shared.settings import Settings

if TYPE_CHECKING:
    import requests

    from shared.bootstrap.personal import PersonalParts
    from shared.connections import Connections
    from shared.encryption import Encryption
    from shared.gone_calendars import GoneCalendars
    from shared.graph.calendar import CalendarViews
    from shared.graph.calendars import CalendarLists
    from shared.graph.client import Graph, GraphClient
    from shared.graph.sign_in import SignIn
    from shared.graph.subscriptions import Subscriptions
    from shared.graph.tokens import AppTokens
    from shared.graph.users import Users
    from shared.own_subscriptions import OwnSubscriptions
    from shared.platform_webhook import PlatformWebhook
    from shared.rematch import Rematch
    from shared.schedule import Schedule
    from shared.storage.announcing import Announcing
    from shared.storage.queue import Queues
    from shared.storage.tables import Tables
    from shared.subscriptions import Pushes


def utc_now() -> datetime:
    """The present moment, UTC-aware."""
    return datetime.now(UTC)


class Parts:
    """Made on first use. Making a thing twice in a race is harmless; the later one stays."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.now = now
        self.client_state = ClientState(settings.secret_keys)
        self.lanes = Lanes()

    @cached_property
    def tables(self) -> Tables:
        from shared.storage.tables import Tables

        return Tables(self.settings.storage, self._announcing)

    @cached_property
    def queues(self) -> Queues:
        from shared.storage.queue import Queues

        return Queues(self.settings.storage)

    @cached_property
    def _announcing(self) -> Announcing | None:
        from shared.storage.announcing import Announcing

        return Announcing(lambda: self.queues, self.now) if self.settings.events else None

    @cached_property
    def _views(self) -> CalendarViews:
        from shared.graph.calendar import CalendarViews

        return CalendarViews(self._graph)

    @cached_property
    def _gone_calendars(self) -> GoneCalendars:
        from shared.gone_calendars import GoneCalendars

        return GoneCalendars(self.tables, self.queues, lambda: self._calendar_lists, self.now)

    @cached_property
    def _calendar_lists(self) -> CalendarLists:
        from shared.graph.calendars import CalendarLists

        return CalendarLists(self._graph)

    @cached_property
    def _platform_webhook(self) -> PlatformWebhook | None:
        from shared.platform_webhook import PlatformWebhook

        events = self.settings.events
        return PlatformWebhook(events, self._platform_session, self.now) if events else None

    @cached_property
    def _platform_session(self) -> requests.Session:
        from shared.http import new_session

        return new_session()

    @cached_property
    def _connections(self) -> Connections:
        from shared.connections import Connections

        return Connections(self.tables, self.now)

    @cached_property
    def _users(self) -> Users:
        from shared.graph.users import Users

        return Users(self._tenants_graph)

    @cached_property
    def _rematch(self) -> Rematch:
        from shared.rematch import Rematch

        return Rematch(self.tables, self._users, self._connections, self.now)

    @cached_property
    def _subscriptions(self) -> Subscriptions:
        from shared.graph.subscriptions import Subscriptions

        webhook = f"{self.settings.public_url}/webhooks/graph"
        return Subscriptions(self._graph, webhook, f"{webhook}/lifecycle", self.client_state.issue)

    @cached_property
    def _pushes(self) -> Pushes:
        from shared.subscriptions import Pushes

        return Pushes(self._subscriptions, self.client_state.key_id, self.now)

    @cached_property
    def _own_subscriptions(self) -> OwnSubscriptions:
        from shared.own_subscriptions import OwnSubscriptions

        return OwnSubscriptions(self.tables, self._subscriptions, self.now)

    @cached_property
    def _schedule(self) -> Schedule:
        from shared.schedule import Schedule

        return Schedule(self.tables, self.queues, self._pushes)

    @cached_property
    def _graph(self) -> Graph:
        """For tenants, and for members' own accounts."""
        from shared.graph.own_accounts import GraphOfAll

        return GraphOfAll(self._tenants_graph, lambda key: self._personal.accounts.account(key))  # noqa: PLW0108 - later

    @cached_property
    def _personal(self) -> PersonalParts:
        from shared.bootstrap.personal import PersonalParts

        return PersonalParts(self.settings, self.tables, self._encryption, lambda: self._session, self.now)

    @cached_property
    def _encryption(self) -> Encryption:
        from shared.encryption import Encryption

        return Encryption(self.settings.token_keys)

    @cached_property
    def _tenants_graph(self) -> GraphClient:
        from shared.graph.client import GraphClient

        return GraphClient(self._session, self.settings.microsoft.graph_url, self._tokens)

    @cached_property
    def _tokens(self) -> AppTokens:
        from shared.graph.tokens import AppTokens

        return AppTokens(self.settings.microsoft, self._session, self.now)

    @cached_property
    def _sign_in(self) -> SignIn:
        from shared.graph.id_token import IdTokens
        from shared.graph.sign_in import SignIn
        from shared.signing_keys import key_set

        microsoft = self.settings.microsoft
        keys = key_set(f"{microsoft.login_url}/organizations/discovery/v2.0/keys", microsoft.ca_file)
        return SignIn(microsoft, self._session, IdTokens(microsoft, keys))

    @cached_property
    def _session(self) -> requests.Session:
        from shared.http import new_session

        return new_session(self.settings.microsoft.ca_file)
