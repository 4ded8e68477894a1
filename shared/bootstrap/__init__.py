"""The one place that wires: settings in, every capability out, each made and imported on first use.

The imports stand inside on purpose. A cold start that answers a change notification loads no SDK, no crypto and no
HTTP client; see docs/decisions/0006-lazy-wiring.md.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING

from shared.bootstrap.parts import Parts, utc_now

if TYPE_CHECKING:
    from shared.activation import Activation
    from shared.audit import AuditTrail
    from shared.availability import Availability
    from shared.bookings.bookings import Bookings
    from shared.calendar_sync import CalendarSyncs
    from shared.candidates import Candidates
    from shared.checks import Checks
    from shared.choices import Choices
    from shared.dead_letters import DeadLetters
    from shared.directory_sync import DirectorySyncs
    from shared.governance import Governance
    from shared.health import Health
    from shared.member_list import MemberList
    from shared.members import Members
    from shared.offers import Offers
    from shared.own_connections import OwnConnections
    from shared.own_schedule import OwnSchedule
    from shared.pages import Pages
    from shared.platform_events import PlatformEvents
    from shared.platform_tokens import PlatformTokens
    from shared.selected_calendars import SelectedCalendars
    from shared.tenants import Tenants
    from shared.token_keys import TokenKeys

__all__ = ["Services", "utc_now"]


class Services(Parts):
    """Everything the functions call."""

    @cached_property
    def platform_tokens(self) -> PlatformTokens:
        from shared.platform_tokens import PlatformTokens
        from shared.signing_keys import key_set

        platform = self.settings.platform
        return PlatformTokens(platform, key_set(platform.jwks_url))

    @cached_property
    def activation(self) -> Activation:
        from shared.activation import Activation

        return Activation(
            self.tables, self.queues, self._sign_in, self._encryption, self.settings.public_url, self.now
        )

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
    def token_keys(self) -> TokenKeys:
        return self._personal.token_keys

    @cached_property
    def own_schedule(self) -> OwnSchedule:
        from shared.own_schedule import OwnSchedule

        prefer_own = lambda owner: self.choices.prefer_own(owner)  # noqa: E731, PLW0108 - most passes have none
        subscriptions = lambda: self._own_subscriptions  # noqa: E731 - only where somebody has an account
        clear_away = lambda owner: self.own_connections.clear_away(owner)  # noqa: E731, PLW0108
        return OwnSchedule(self.tables, lambda: self._schedule, subscriptions, prefer_own, clear_away, self.now)

    @cached_property
    def selected_calendars(self) -> SelectedCalendars:
        from shared.selected_calendars import SelectedCalendars

        lists, views = lambda: self._calendar_lists, lambda: self._views
        return SelectedCalendars(self.tables, self.queues, lists, views, self.choices, self.now)

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
        from shared.calendar_reads import CalendarReads
        from shared.calendar_sync import CalendarSyncs

        watch = self.bookings.watch
        reads = CalendarReads(self._views, self._gone_calendars)
        return CalendarSyncs(self.tables, self.queues, reads, self._pushes, self._connections, watch, self.now)

    @cached_property
    def bookings(self) -> Bookings:
        from shared.bookings.bookings import Bookings
        from shared.graph.events import Events

        events, gone = Events(self._graph), self._gone_calendars
        return Bookings(self.tables, self.queues, events, self._views, gone, self.now)

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
