"""What must hold after every step, and once everything has come to rest."""

from __future__ import annotations

from local.soak import decision_checks, own_checks
from local.soak.answer_checks import check_answer, check_honest
from local.soak.errors import Divergence
from local.soak.expectations import expected
from local.soak.history import History
from local.soak.organizations import Side, standing_of
from shared.model import Connection, ConnectionStatus, State, Tenant


def after_every_step(history: History) -> None:
    """Answers are honest, calendar requests go to members' mailboxes only, and what was decided holds."""
    for side in history.sides:
        connections, own = connections_of(side), side.own_connections()
        for name in side.roster:
            check_honest(side, name, connections.get(name), own.get(name))
    check_requests(history)
    decision_checks.after_every_step(history)
    own_checks.after_every_step(history)
    check_heard(history)


def check_heard(history: History) -> None:
    """What the platform has heard so far is genuine, in order, and leaves nothing out."""
    for side in history.sides:
        if side.platform.broken:
            raise Divergence(side.platform.broken[0])


def check_told(side: Side, connections: dict[str, Connection]) -> None:
    """The platform has heard of every state there is now."""
    rows: list[tuple[str, Connection | Tenant]] = [(name, connections[name]) for name in side.roster]
    tenant = side.observer.tables.tenants.get(side.org, side.outlook.tenant.id)
    if tenant is not None:
        rows.append((tenant.key, tenant.value))
    for key, value in rows:
        last = side.platform.heard.get(key, [{}])[-1]
        heard = State(last.get("state", ""), last.get("detail"), last.get("tenant"))
        if heard != value.state or value.outbox.pending:
            raise Divergence(f"{key} is {value.state}, the platform heard {heard}; pending {value.outbox.pending}")


def check_requests(history: History) -> None:
    """No calendar is asked for that belongs to nobody on the roster.

    Whoever changed addresses may still be read until the directory was looked at again.
    """
    requests = history.outlook.simulator.call(lambda: list(history.outlook.world.requests))
    for request in requests[history.requests_seen :]:
        path = request["path"].lower()
        if "/calendarview" not in path:
            continue
        if "/me/" in path:
            own_checks.check_read(history, request["user"])
            continue
        user_id = path.split("/users/")[1].split("/")[0]
        names = {user_id} | history.outlook.addresses_ever.get(user_id, set())
        if not (history.claimed | history.leaving) & names:
            raise Divergence(f"read the calendar of {user_id}, who is nobody's")
    history.requests_seen = len(requests)
    history.leaving.clear()
    history.own.forget_others()
    if history.wanted() != history.claimed:
        relax_claims(history)


def relax_claims(history: History) -> None:
    """Nobody is claimed any more but those who are wanted, once the directory was read to its end or is gone."""
    tenant = standing_of(history).tenant
    if tenant is None:
        history.claimed = history.wanted(connected=False)
    elif tenant.synced_at is not None and tenant.synced_at > history.roster_changed_at:
        history.claimed = history.wanted()


def at_rest(history: History) -> None:
    """Everything is as a fresh look at Microsoft would have it, and nothing is left over."""
    if kept := history.dead_letters():
        raise Divergence(f"failed for good: {kept[0]}")
    if history.host.queue:
        raise Divergence(f"messages left: {[e.text for e in history.host.queue]}")
    check_heard(history)
    found = {side.org: connections_of(side) for side in history.sides}
    for side in history.sides:
        check_side(side, found[side.org])
        own = side.own_connections()
        for name in side.roster:
            check_answer(side, name, found[side.org].get(name), own.get(name))
    check_books(history, {(org, c.member): c for org, some in found.items() for c in some.values()})
    decision_checks.at_rest(history)
    own_checks.at_rest(history)


def check_side(side: Side, connections: dict[str, Connection]) -> None:
    """An organization's members are what they must be, and its platform knows."""
    if standing_of(side).tenant is None:
        decision_checks.check_gone(side, connections)
        return
    if set(connections) != set(side.roster):
        raise Divergence(f"connections of {sorted(connections)}, roster {sorted(side.roster)}")
    for name in side.roster:
        check_member(side, connections[name])
    check_told(side, connections)


def check_member(side: Side, connection: Connection) -> None:
    """The state is what the directory and the mailbox say."""
    wanted = expected(side, connection)
    if connection.status is not wanted:
        raise Divergence(f"{connection.member} is {connection.status} ({connection.detail}), not {wanted}")


def check_books(history: History, connections: dict[tuple[str, str], Connection]) -> None:
    """Connections (by organization and member), mailboxes, calendars and Microsoft's subscriptions tell one story."""
    mailboxes = {m.key.object_id: m for m in history.observer.tables.mailboxes.of_tenant(history.outlook.tenant.id)}
    held = {(*owner, key) for key, mailbox in mailboxes.items() for owner in mailbox.members}
    bound = {(*owner, str(c.object_id)) for owner, c in connections.items() if c.active_mailbox}
    if held != bound or set(mailboxes) != {key for *_, key in bound}:
        raise Divergence(f"mailboxes {sorted(held)} {sorted(mailboxes)}, connections {sorted(bound)}")
    cached = {(side.org, *row) for side in history.sides for row in history.calendar_rows(side.org)}
    own = {(history.org, who, one.mailbox.object_id) for who, one in history.own_connections().items()}
    if cached - bound - own:
        raise Divergence(f"calendars kept of people who left: {cached - bound - own}")
    live = live_subscriptions(history)
    for member in connections.values():
        if member.status is ConnectionStatus.CONNECTED:
            key = str(member.object_id)
            if live.get(key) != [mailboxes[key].push.subscription_id]:
                raise Divergence(f"{member.member}: live {live.get(key)}, in our books {mailboxes[key].push}")
    strangers = {key: found for key, found in live.items() if key not in mailboxes}
    if strangers:
        raise Divergence(f"subscriptions on mailboxes of nobody: {strangers}")


def live_subscriptions(history: History) -> dict[str, list[str | None]]:
    """Those Microsoft would notify us by, made by the app itself, per user."""
    world, now = history.outlook.world, history.outlook.now()
    found: dict[str, list[str | None]] = {}
    for subscription in history.outlook.simulator.call(lambda: list(world.subscriptions.values())):
        if subscription.expires_at > now and not subscription.removed and subscription.by_user is None:
            found.setdefault(subscription.user_id, []).append(subscription.id)
    return found


def connections_of(side: Side) -> dict[str, Connection]:
    """The organization's connections by member."""
    return {row.key: row.value for row in side.observer.tables.connections.rows(side.org)}
