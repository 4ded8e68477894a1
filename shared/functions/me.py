"""Members' own connections: what the frontend shows each member, and what they may decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.me import BusyChoice, MyConnection, MyConnections, SignInOutput
from shared.errors import Conflict, NotFound
from shared.functions import answers
from shared.functions.endpoints import Answer, Api, Asked, Nothing, Who
from shared.functions.own_sign_in import cookie_of
from shared.functions.policy import in_order
from shared.member_filter import Listed
from shared.model import MANAGED, PERSONAL, MemberKey, Tenant
from shared.own_states import explain_own, own_rights
from shared.policy import busy_statuses, receiving, rights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.bootstrap import Services
    from shared.choices import Standing
    from shared.model import MailboxKey, OwnConnection, Policy


def me(api: Api) -> None:
    """The caller's own connections."""
    services = api.services

    @api.endpoint("GET", "api/me/connections", Who.MEMBER, MyConnections, problems=(NotFound,))
    def my_connections(ask: Asked[Nothing, None]) -> MyConnections:
        """The caller's connections, and what they may decide about them."""
        org = ask.caller.org
        return mine_of(services, services.choices.standing(org, ask.caller.subject), org)

    _account_of_their_own(api)
    _connections(api)

    @api.endpoint("PUT", "api/me/busy-statuses", Who.MEMBER, MyConnections, body=BusyChoice, problems=(NotFound,))
    def choose_busy_statuses(ask: Asked[Nothing, BusyChoice]) -> MyConnections:
        """Say what counts as busy for the caller.

        Refused where the organization's policy decides that for everybody.
        """
        wished = ask.body.busy_statuses
        statuses = None if wished is None else in_order(wished)
        return mine_of(services, services.choices.count_as_busy(ask.caller, statuses), ask.caller.org)


def _account_of_their_own(api: Api) -> None:
    services, cookie = api.services, cookie_of(api.services)

    @api.endpoint("POST", "api/me/connections/outlook", Who.MEMBER, SignInOutput, problems=(NotFound,))
    def connect_own(ask: Asked[Nothing, None]) -> Answer:
        """Connect an Outlook account of the caller's own, or sign in with it again.

        Send the browser to the address in the answer. The answer sets a cookie without which nobody comes back, so
        the caller's own browser has to make this call, from a page of this service. Refused where the organization's
        policy lets members connect no accounts of their own.
        """
        departure = services.own_connections.begin(ask.caller)
        return Answer(SignInOutput(departure.url), 200, cookie=cookie.keep(departure.browser))


def _connections(api: Api) -> None:
    services = api.services

    @api.endpoint("DELETE", "api/me/connections/{connection}", Who.MEMBER, MyConnections, problems=(NotFound,))
    def disconnect_me(ask: Asked[Nothing, None]) -> MyConnections:
        """Disconnect the caller's calendar: `managed`, or `personal`.

        What was read of it is deleted. The managed one stays disconnected until the member comes back, which is
        refused where the organization's policy does not let members disconnect. Of the member's own account the
        tokens are deleted too; where it stood in place of the managed one, that connects by itself.
        """
        org, member = ask.caller.org, ask.caller.subject
        if ask.path["connection"] == PERSONAL:
            services.own_connections.disconnect(ask.caller)
            return mine_of(services, services.choices.standing(org, member), org)
        _managed_only(ask)
        return mine_of(services, services.choices.disconnect(ask.caller), org)

    @api.endpoint(
        "POST", "api/me/connections/{connection}/reconnect", Who.MEMBER, MyConnections, problems=(NotFound, Conflict)
    )
    def reconnect_me(ask: Asked[Nothing, None]) -> MyConnections:
        """Connect the caller's managed calendar again.

        It is looked for at once and read within seconds. An account of the caller's own is connected again by
        signing in.
        """
        if ask.path["connection"] == PERSONAL:
            raise Conflict("Sign in again instead: POST /api/me/connections/outlook says where.")
        _managed_only(ask)
        return mine_of(services, services.choices.reconnect(ask.caller), ask.caller.org)


def mine_of(services: Services, standing: Standing, org: str) -> MyConnections:
    """What the member sees of their connections."""
    listed = Listed(standing.member, standing.shown(services.now()))
    own = services.tables.own_connection(MemberKey(org, standing.member.id))
    selections = services.tables.calendars.selections(MemberKey(org, standing.member.id))
    receives = receiving(listed.connection, own, selections)
    return _mine(standing, listed, services.members.tenants(org), own, receives)


def _managed_only(ask: Asked[Nothing, None]) -> None:
    if ask.path["connection"] != MANAGED:
        raise NotFound("There is no such connection.")


def _mine(
    standing: Standing,
    listed: Listed,
    tenants: Mapping[str, Tenant],
    own: OwnConnection | None,
    receives: MailboxKey | None,
) -> MyConnections:
    choice, policy = standing.choice, standing.policy
    shown = answers.member(listed, tenants)
    may_disconnect, may_reconnect, why_not = rights(standing.member, choice, policy, shown.state)
    managed = MyConnection(
        id=MANAGED,
        source=answers.ADMIN_MANAGED,
        state=shown.state,
        state_text=shown.state_text,
        next_step=shown.next_step,
        detail=shown.detail,
        mailbox=shown.mailbox,
        changed_at=shown.changed_at,
        receives_bookings=receives is not None and (own is None or receives != own.mailbox),
        may_disconnect=may_disconnect,
        may_reconnect=may_reconnect,
        why_not=why_not,
    )
    return MyConnections(
        connections=[managed, *([_own(own, policy, receives=receives == own.mailbox)] if own else [])],
        busy_statuses=in_order(list(busy_statuses(policy, choice))),
        may_choose_busy=policy.members_may_choose_busy,
        may_connect_personal=policy.members_may_connect_personal,
    )


def _own(own: OwnConnection, policy: Policy, *, receives: bool) -> MyConnection:
    text, next_step = explain_own(own.status, own.detail)
    may_disconnect, may_reconnect, why_not = own_rights(policy)
    return MyConnection(
        id=PERSONAL,
        source=PERSONAL,
        state=own.status,
        state_text=text,
        next_step=next_step,
        detail=own.detail,
        mailbox=own.username,
        changed_at=own.changed_at,
        receives_bookings=receives,
        may_disconnect=may_disconnect,
        may_reconnect=may_reconnect,
        why_not=why_not,
    )
