"""Policy: what an organization's admins allow."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import msgspec

from shared.contract.policy import EffectOutput, PolicyChange, PolicyOutput, PolicyPreview, ScopeInput, ScopeOutput
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.model import BusyStatus, Policy, Scope
from shared.policy import Effect, sentences


def policy(api: Api) -> None:
    """The policy of the caller's organization."""
    services = api.services

    @api.endpoint("GET", "api/outlook/policy", Who.ADMIN, PolicyOutput)
    def read_policy(ask: Asked[Nothing, None]) -> PolicyOutput:
        """What holds now."""
        return output(services.governance.policy(ask.caller.org))

    @api.endpoint("POST", "api/outlook/policy/preview", Who.ADMIN, PolicyPreview, body=PolicyChange)
    def preview_policy(ask: Asked[Nothing, PolicyChange]) -> PolicyPreview:
        """How many members a change would touch.

        Changes nothing.
        """
        return _preview(*services.governance.preview(ask.caller.org, lambda before: changed(before, ask.body)))

    @api.endpoint("PATCH", "api/outlook/policy", Who.ADMIN, PolicyPreview, body=PolicyChange)
    def change_policy(ask: Asked[Nothing, PolicyChange]) -> PolicyPreview:
        """Change what is sent; the rest stays as it is. A scope is replaced as a whole.

        Connections follow within seconds. Members who disconnected stay so, whatever the policy says then.
        """
        return _preview(*services.governance.change(ask.caller, lambda before: changed(before, ask.body)))


def changed(before: Policy, wish: PolicyChange) -> Policy:
    """The policy with what is wished for."""
    wishes: dict[str, Any] = {
        name: value for name in wish.__struct_fields__ if (value := getattr(wish, name)) is not msgspec.UNSET
    }
    if isinstance(scope := wishes.get("scope"), ScopeInput):
        domains = frozenset(domain.lower() for domain in scope.domains)
        wishes["scope"] = Scope(domains, frozenset(scope.members))
    if "busy_statuses" in wishes:
        wishes["busy_statuses"] = in_order(wishes["busy_statuses"])
    return replace(before, **wishes)


def in_order(statuses: list[BusyStatus]) -> tuple[BusyStatus, ...]:
    """Each once, always in the same order."""
    return tuple(status for status in BusyStatus if status in statuses)


def output(value: Policy) -> PolicyOutput:
    """A policy as it is answered."""
    scope = (
        ScopeOutput(tuple(sorted(value.scope.domains)), tuple(sorted(value.scope.members))) if value.scope else None
    )
    return PolicyOutput(
        value.members_may_disconnect,
        value.members_may_connect_personal,
        value.busy_statuses,
        value.members_may_choose_busy,
        value.unknown_time,
        scope,
    )


def _preview(value: Policy, touched: Effect) -> PolicyPreview:
    return PolicyPreview(output(value), EffectOutput(**asdict(touched), sentences=sentences(touched)))
