"""Members' own connections: what the frontend shows each member, and what they may decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.me import BusyChoice, MyConnection, MyConnections
from shared.errors import Conflict, NotFound
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.functions.policy import in_order
from shared.policy import busy_statuses, rights

if TYPE_CHECKING:
    from shared.choices import Standing

MANAGED = "managed"
"""The id of the connection that the organization made."""


def me(api: Api) -> None:
    """The caller's own connections."""
    services = api.services

    def mine(standing: Standing, org: str) -> MyConnections:
        choice, policy = standing.choice, standing.policy
        counted = busy_statuses(policy, choice)
        return MyConnections(
            connections=[_managed(standing, org)],
            busy_statuses=in_order(list(counted)),
            may_choose_busy=policy.members_may_choose_busy,
            may_connect_personal=policy.members_may_connect_personal,
        )

    def _managed(standing: Standing, org: str) -> MyConnection:
        tenants = services.members.tenants(org)
        shown = answers.member(standing.member, standing.shown(services.now()), tenants)
        may_disconnect, may_reconnect, why_not = rights(
            standing.member, standing.choice, standing.policy, shown.state
        )
        return MyConnection(
            MANAGED,
            "admin_managed",
            shown.state,
            shown.state_text,
            shown.next_step,
            shown.detail,
            shown.mailbox,
            shown.changed_at,
            may_disconnect,
            may_reconnect,
            why_not,
        )

    def managed_only(ask: Asked[Nothing, None]) -> None:
        if ask.path["connection"] != MANAGED:
            raise NotFound("There is no such connection.")

    @api.endpoint("GET", "api/me/connections", Who.MEMBER, MyConnections, problems=(NotFound,))
    def my_connections(ask: Asked[Nothing, None]) -> MyConnections:
        """The caller's connections, and what they may decide about them."""
        org = ask.caller.org
        return mine(services.choices.standing(org, ask.caller.subject), org)

    @api.endpoint("DELETE", "api/me/connections/{connection}", Who.MEMBER, MyConnections, problems=(NotFound,))
    def disconnect_me(ask: Asked[Nothing, None]) -> MyConnections:
        """Disconnect the caller's calendar.

        What was read of it is deleted, and it stays disconnected until the member comes back. Refused where the
        organization's policy does not let members disconnect.
        """
        managed_only(ask)
        return mine(services.choices.disconnect(ask.caller), ask.caller.org)

    @api.endpoint(
        "POST", "api/me/connections/{connection}/reconnect", Who.MEMBER, MyConnections, problems=(NotFound, Conflict)
    )
    def reconnect_me(ask: Asked[Nothing, None]) -> MyConnections:
        """Connect the caller's calendar again.

        It is looked for at once and read within seconds.
        """
        managed_only(ask)
        return mine(services.choices.reconnect(ask.caller), ask.caller.org)

    @api.endpoint("PUT", "api/me/busy-statuses", Who.MEMBER, MyConnections, body=BusyChoice, problems=(NotFound,))
    def choose_busy_statuses(ask: Asked[Nothing, BusyChoice]) -> MyConnections:
        """Say what counts as busy for the caller.

        Refused where the organization's policy decides that for everybody.
        """
        wished = ask.body.busy_statuses
        statuses = None if wished is None else in_order(wished)
        return mine(services.choices.count_as_busy(ask.caller, statuses), ask.caller.org)
