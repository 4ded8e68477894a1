"""What must hold after every step, and once everything has come to rest."""

from __future__ import annotations

from datetime import datetime

from local import truth
from local.microsoft.world import User
from local.soak.history import DAYS, Divergence, History, today
from shared.freebusy import BusyAnswer
from shared.model import Connection, ConnectionStatus, Freshness, MemberKey, Tenant, Window


def after_every_step(history: History) -> None:
    """Answers are honest, and calendar requests go to members' mailboxes only."""
    connections = connections_of(history)
    for name in history.roster:
        if name in connections:
            check_honest(history, connections[name])
    check_requests(history)
    check_heard(history)


def check_heard(history: History) -> None:
    """What the platform has heard so far is genuine, in order, and leaves nothing out."""
    if history.platform.broken:
        raise Divergence(history.platform.broken[0])


def check_told(history: History, connections: dict[str, Connection]) -> None:
    """The platform has heard of every state there is now."""
    check_heard(history)
    rows: list[tuple[str, Connection | Tenant]] = [(name, connections[name]) for name in history.roster]
    tenant = history.observer.tables.tenants.get(history.org, history.outlook.tenant.id)
    if tenant is not None:
        rows.append((tenant.key, tenant.value))
    for key, value in rows:
        last = history.platform.heard.get(key, [{}])[-1]
        heard = (last.get("state"), last.get("detail"), last.get("tenant"))
        if heard != value.state or value.outbox.pending:
            raise Divergence(f"{key} is {value.state}, the platform heard {heard}; pending {value.outbox.pending}")


def check_honest(history: History, connection: Connection) -> None:
    """The answer is what Outlook said at its `read_at` or later; a fresh one misses nothing that was heard of.

    Heard of means: a believed notification whose message is not waiting any more.
    """
    answer, span = answered(history, connection.member)
    user_id = connection.object_id
    if answer.read_at is None or answer.freshness is Freshness.UNKNOWN or user_id is None:
        return
    said = blocks(answer)
    possible = [clipped(version, span) for version in history.outlook.truth(user_id, answer.read_at)]
    if said not in possible:
        raise Divergence(f"{connection.member}: {said} was never true since {answer.read_at}: {possible}")
    heard = history.host.heard.get(user_id)
    if answer.freshness is not Freshness.FRESH or heard is None or history.host.awaits(user_id):
        return
    if answer.read_at < heard:
        raise Divergence(f"{connection.member}: fresh as of {answer.read_at}, though told at {heard}")


def check_requests(history: History) -> None:
    """No calendar is asked for that belongs to nobody on the roster.

    Whoever changed addresses may still be read until the directory was looked at again.
    """
    requests = history.outlook.simulator.call(lambda: list(history.outlook.world.requests))
    for request in requests[history.requests_seen :]:
        path = request["path"].lower()
        if "/calendarview" not in path:
            continue
        user_id = path.split("/users/")[1].split("/")[0]
        if not (history.claimed | history.leaving) & history.outlook.addresses_ever.get(user_id, set()):
            raise Divergence(f"read the calendar of {user_id}, who is nobody's")
    history.requests_seen = len(requests)
    history.leaving.clear()
    now_claimed = {address for addresses in history.roster.values() for address in addresses}
    if now_claimed != history.claimed and has_looked_since(history, history.roster_changed_at):
        history.claimed = now_claimed


def has_looked_since(history: History, moment: datetime) -> bool:
    """Whether the tenant's directory was read to its end since then."""
    row = history.observer.tables.tenants.get(history.org, history.outlook.tenant.id)
    return row is not None and row.value.synced_at is not None and row.value.synced_at > moment


def at_rest(history: History) -> None:
    """Everything is as a fresh look at Microsoft would have it, and nothing is left over."""
    kept = [letter for letter in history.observer.dead_letters.all() if history.outlook.tenant.id in letter.text]
    if kept:
        raise Divergence(f"failed for good: {kept[0]}")
    if history.host.queue:
        raise Divergence(f"messages left: {[e.text for e in history.host.queue]}")
    connections = connections_of(history)
    if set(connections) != set(history.roster):
        raise Divergence(f"connections of {sorted(connections)}, roster {sorted(history.roster)}")
    for name in history.roster:
        check_member(history, connections[name])
    check_books(history, connections)
    check_told(history, connections)


def check_member(history: History, connection: Connection) -> None:
    """The state is what the directory and the mailbox say, and a connected calendar is fresh and equal."""
    wanted = expected(history, connection)
    if connection.status is not wanted:
        raise Divergence(f"{connection.member} is {connection.status} ({connection.detail}), not {wanted}")
    if wanted is not ConnectionStatus.CONNECTED:
        return
    answer, span = answered(history, connection.member)
    actual = clipped(history.outlook.versions[str(connection.object_id)][-1][1], span)
    if answer.freshness is not Freshness.FRESH or blocks(answer) != actual:
        raise Divergence(f"{connection.member}: {answer} is not {actual}")


def check_books(history: History, connections: dict[str, Connection]) -> None:
    """Connections, mailboxes, calendars and Microsoft's subscriptions tell the same story."""
    mine = {c.object_id: c.member for c in connections.values() if c.active_mailbox}
    mailboxes = {m.key.object_id: m for m in history.observer.tables.mailboxes.of_tenant(history.outlook.tenant.id)}
    held = {(owner.member, key) for key, mailbox in mailboxes.items() for owner in mailbox.members}
    bound = {(c.member, c.object_id) for c in connections.values() if c.active_mailbox}
    if held != bound or set(mailboxes) != set(mine):
        raise Divergence(f"mailboxes {sorted(held)} {sorted(mailboxes)}, connections {sorted(bound, key=str)}")
    stray = [row for row in history.calendar_rows() if row not in bound]
    if stray:
        raise Divergence(f"calendars kept of people who left: {stray}")
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
    """Those Microsoft would notify us by, per user."""
    world, now = history.outlook.world, history.outlook.now()
    found: dict[str, list[str | None]] = {}
    for subscription in history.outlook.simulator.call(lambda: list(world.subscriptions.values())):
        if subscription.expires_at > now and not subscription.removed:
            found.setdefault(subscription.user_id, []).append(subscription.id)
    return found


def expected(history: History, connection: Connection) -> ConnectionStatus:
    """What the member's state must be, by the rules of matching and what the mailbox would answer."""
    claimed = set(history.roster[connection.member])
    bound = history.outlook.tenant.users.get(connection.object_id or "")
    reached = bound is not None and bound.deleted_at is None and addresses_of(bound) & claimed
    if connection.object_id is not None and (connection.matched_address in claimed or reached):
        gone = bound is None or bound.deleted_at is not None
        return ConnectionStatus.NOT_MATCHED if gone else state_of(history, bound)  # type: ignore[arg-type]
    users = [u for u in history.outlook.tenant.users.values() if u.deleted_at is None and addresses_of(u) & claimed]
    if len(users) != 1:
        return ConnectionStatus.AMBIGUOUS if users else ConnectionStatus.NOT_MATCHED
    others = {a for name, addresses in history.roster.items() if name != connection.member for a in addresses}
    if addresses_of(users[0]) & claimed <= others:
        return ConnectionStatus.AMBIGUOUS
    return state_of(history, users[0])


def addresses_of(user: User) -> set[str]:
    """Every address of a directory user."""
    return {user.user_principal_name, *(proxy.partition(":")[2] for proxy in user.proxy_addresses)}


def state_of(history: History, user: User) -> ConnectionStatus:
    """What reading this user's calendar comes to."""
    if not user.account_enabled:
        return ConnectionStatus.DISABLED_IN_DIRECTORY
    if user.id in history.outlook.tenant.denied_mailboxes:
        return ConnectionStatus.OUT_OF_SCOPE
    if user.mailbox is None or user.mailbox.hosted == "on_premises":
        return ConnectionStatus.NO_MAILBOX
    return ConnectionStatus.CONNECTED


def connections_of(history: History) -> dict[str, Connection]:
    """The organization's connections by member."""
    return {row.key: row.value for row in history.observer.tables.connections.rows(history.org)}


def answered(history: History, name: str) -> tuple[BusyAnswer, Window]:
    """What we say of the member's next weeks."""
    start = today(history.outlook.now())
    span = Window(start, start + DAYS)
    return history.observer.availability.busy(MemberKey(history.org, name), span), span


def blocks(answer: BusyAnswer) -> list[truth.Block]:
    """The answer's blocks as the truth writes them."""
    return sorted((block.start, block.end, str(block.status)) for block in answer.blocks)


def clipped(version: list[truth.Block], span: tuple[datetime, datetime]) -> list[truth.Block]:
    """The part of a calendar inside a span."""
    start, end = span
    inside = [(max(a, start), min(b, end), status) for a, b, status in version if a < end and b > start]
    return sorted(block for block in inside if block[0] < block[1])
