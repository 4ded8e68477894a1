"""The one place that wires: settings in, every capability out, each made and imported on first use.

The imports stand inside on purpose. A cold start that answers a change notification loads no SDK, no crypto and no
HTTP client; see docs/decisions/0006-lazy-wiring.md.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from shared.client_state import ClientState
from shared.lanes import Lanes
from shared.settings import Settings

if TYPE_CHECKING:
    import requests

    from shared.activation import Activation
    from shared.audit import AuditTrail
    from shared.availability import Availability
    from shared.bookings.bookings import Bookings
    from shared.bootstrap_personal import PersonalParts
    from shared.calendar_sync import CalendarSyncs
    from shared.candidates import Candidates
    from shared.checks import Checks
    from shared.choices import Choices
    from shared.connections import Connections
    from shared.dead_letters import DeadLetters
    from shared.directory_sync import DirectorySyncs
    from shared.governance import Governance
    from shared.graph.calendar import CalendarViews
    from shared.graph.client import Graph, GraphClient
    from shared.graph.sign_in import SignIn
    from shared.graph.tokens import AppTokens
    from shared.graph.users import Users
    from shared.health import Health
    from shared.member_list import MemberList
    from shared.members import Members
    from shared.offers import Offers
    from shared.own_connections import OwnConnections
    from shared.own_schedule import OwnSchedule
    from shared.pages import Pages
    from shared.platform_events import PlatformEvents
    from shared.platform_tokens import PlatformTokens
    from shared.platform_webhook import PlatformWebhook
    from shared.rematch import Rematch
    from shared.schedule import Schedule
    from shared.storage.announcing import Announcing
    from shared.storage.queue import Queues
    from shared.storage.tables import Tables
    from shared.subscriptions import Pushes
    from shared.tenants import Tenants


def utc_now() -> datetime:
    """The present moment, UTC-aware."""
    return datetime.now(UTC)


class Services:
    """Everything the functions call. Making a thing twice in a race is harmless; the later one stays."""

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
    def platform_tokens(self) -> PlatformTokens:
        from shared.platform_tokens import PlatformTokens
        from shared.signing_keys import key_set

        platform = self.settings.platform
        return PlatformTokens(platform, key_set(platform.jwks_url))

    @cached_property
    def activation(self) -> Activation:
        from shared.activation import Activation

        return Activation(self.tables, self.queues, self._sign_in, self.settings.public_url, self.now)

    @cached_property
    def members(self) -> Members:
        from shared.members import Members

        forget_own = lambda owner: self.own_connections.forget(owner)  # noqa: E731, PLW0108 - most have none
        return Members(self.tables, self.queues, self._connections, forget_own, self.now)

    @cached_property
    def member_list(self) -> MemberList:
        from shared.member_list import MemberList

        return MemberList(self.tables)

    @cached_property
    def choices(self) -> Choices:
        from shared.choices import Choices

        return Choices(self.tables, self.queues, self._connections, self.now)

    @cached_property
    def own_connections(self) -> OwnConnections:
        from shared.own_connections import OwnConnections

        parts, pushes = self._personal, lambda: self._pushes
        return OwnConnections(
            self.tables, self.queues, parts.vault, lambda: parts.attempts, pushes, self.choices, self._connections,
            self.now,
        )  # fmt: skip

    @cached_property
    def own_schedule(self) -> OwnSchedule:
        from shared.own_schedule import OwnSchedule

        return OwnSchedule(self.tables, lambda: self._schedule, self.now)

    @cached_property
    def candidates(self) -> Candidates:
        from shared.candidates import Candidates

        return Candidates(self.tables, self._users)

    @cached_property
    def checks(self) -> Checks:
        from shared.checks import Checks

        return Checks(self.tables, self.queues, self.choices, self._rematch, self.calendar_syncs, self.now)

    @cached_property
    def governance(self) -> Governance:
        from shared.governance import Governance

        return Governance(self.tables, self.queues, self.now)

    @cached_property
    def tenants(self) -> Tenants:
        from shared.tenants import Tenants

        return Tenants(self.tables, self.queues, self.now)

    @cached_property
    def audit_trail(self) -> AuditTrail:
        from shared.audit import AuditTrail

        return AuditTrail(self.tables, self.now)

    @cached_property
    def availability(self) -> Availability:
        from shared.availability import Availability

        read_now = lambda keys: self.calendar_syncs.read_now(keys)  # noqa: E731, PLW0108 - most answers need no Graph
        return Availability(self.tables, read_now, self.now)

    @cached_property
    def offers(self) -> Offers:
        from shared.offers import Offers

        return Offers(self.availability, self.now)

    @cached_property
    def directory_syncs(self) -> DirectorySyncs:
        from shared.directory_sync import DirectorySyncs
        from shared.teardown import Teardown

        teardown = Teardown(self.tables, self.queues, self._connections, self._schedule, self.now)
        return DirectorySyncs(
            self.tables, self.queues, self._users, self._rematch, teardown, self._schedule, self.now
        )

    @cached_property
    def calendar_syncs(self) -> CalendarSyncs:
        from shared.calendar_sync import CalendarSyncs

        watch = self.bookings.watch
        return CalendarSyncs(self.tables, self.queues, self._views, self._pushes, self._connections, watch, self.now)

    @cached_property
    def bookings(self) -> Bookings:
        from shared.bookings.bookings import Bookings
        from shared.graph.events import Events

        return Bookings(self.tables, self.queues, Events(self._graph), self._views, self.now)

    def announced_together(self) -> AbstractContextManager[None]:
        """For work that changes many states: the platform is told of all of them by few messages."""
        return self._announcing.together() if self._announcing else nullcontext()

    @cached_property
    def platform_events(self) -> PlatformEvents:
        from shared.platform_events import PlatformEvents

        return PlatformEvents(self.tables, self.queues, self._platform_webhook, self.now)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        from shared.dead_letters import DeadLetters

        return DeadLetters(self.tables, self.queues, self._connections, self.now)

    @cached_property
    def pages(self) -> Pages:
        from shared.pages import Pages

        return Pages(self.settings)

    @cached_property
    def health(self) -> Health:
        from shared.health import Health

        return Health(self.settings)

    @cached_property
    def _announcing(self) -> Announcing | None:
        from shared.storage.announcing import Announcing

        return Announcing(lambda: self.queues, self.now) if self.settings.events else None

    @cached_property
    def _views(self) -> CalendarViews:
        from shared.graph.calendar import CalendarViews

        return CalendarViews(self._graph)

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
    def _pushes(self) -> Pushes:
        from shared.graph.subscriptions import Subscriptions
        from shared.subscriptions import Pushes

        webhook = f"{self.settings.public_url}/webhooks/graph"
        subscriptions = Subscriptions(self._graph, webhook, f"{webhook}/lifecycle", self.client_state.issue)
        return Pushes(subscriptions, self.client_state.key_id, self.now)

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
        from shared.bootstrap_personal import PersonalParts

        return PersonalParts(self.settings, self.tables, lambda: self._session, self.now)

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
