"""What must hold of members' own connections: at every moment, and at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.soak.errors import Divergence
from local.soak.expectations import has_calendar
from local.soak.platform import own_of
from shared.model import ConnectionStatus, OwnConnection, State

if TYPE_CHECKING:
    from local.microsoft.world import Subscription
    from local.soak.history import History


def at_rest(history: History) -> None:
    """Rows, mailboxes, tokens and Microsoft's subscriptions tell one story, and the platform has heard it."""
    if not history.own.members:
        return
    rows, mailboxes = history.own.rows(), history.own.mailboxes()
    check_decided(history, rows)
    if set(rows) - set(history.roster):
        raise Divergence(f"own connections of {sorted(rows)}, roster {sorted(history.roster)}")
    if set(mailboxes) != set(rows):
        raise Divergence(f"own mailboxes of {sorted(mailboxes)}, connections of {sorted(rows)}")
    tokens = {str(row["RowKey"]) for row in history.rows("Tokens", history.org)}
    if tokens != {f"{who}|personal" for who in rows}:
        raise Divergence(f"tokens of {sorted(tokens)}, connections of {sorted(rows)}")
    for who, own in rows.items():
        check_state(history, own)
        if mailboxes[who].members != (history.own.owner(who),) or own.mailbox != mailboxes[who].key:
            raise Divergence(f"{who}: {own} {mailboxes[who]}")
        check_told(history, who, own)


def check_decided(history: History, rows: dict[str, OwnConnection]) -> None:
    """Connected is who decided so, and only who is keeps the managed connection out."""
    for who, account in history.own.decided.items():
        found = rows[who].account.object_id if who in rows else None
        if found != account:
            raise Divergence(f"{who} decided on {account}, and has {found}")
    kept_out = {row.key for row in history.observer.tables.choices.rows(history.org) if row.value.own_instead}
    if kept_out - set(rows):
        raise Divergence(f"kept out for own connections that are not there: {kept_out - set(rows)}")


def after_every_step(history: History) -> None:
    """Nobody is asked to sign in again without a cause: tokens that were replaced, or a sign-in that was refused."""
    for who, own in history.own_connections().items() if not history.own.refused else ():
        lost = str(own.detail).startswith("tokens_")
        ended = own.account.object_id in history.own.ended
        if own.status is ConnectionStatus.RECONNECT_REQUIRED and not lost and not ended:
            raise Divergence(f"{who} is asked to sign in again: {own}")


def check_read(history: History, user_id: str | None) -> None:
    """A calendar was read as somebody: theirs is connected, or was a moment ago."""
    now = {own.account.object_id for own in history.own.rows().values()}
    if user_id not in history.own.readable | now:
        raise Divergence(f"read the calendar of {user_id}, whom nobody connected")


def check_state(history: History, own: OwnConnection) -> None:
    """The state is what the account would answer, and Microsoft tells of it once."""
    user = history.own.user(own)
    wanted = ConnectionStatus.CONNECTED if has_calendar(user) else ConnectionStatus.NO_MAILBOX
    if own.status is not wanted:
        raise Divergence(f"{own.member}'s own is {own.status} ({own.detail}), not {wanted}")
    if wanted is ConnectionStatus.CONNECTED:
        mailbox = history.own.mailboxes()[own.member]
        live = [one.id for one in live_subscriptions(history) if one.by_user == user.id]
        if live != [mailbox.push.subscription_id]:
            raise Divergence(f"{own.member}'s own: live {live}, in our books {mailbox.push}")


def check_told(history: History, who: str, own: OwnConnection) -> None:
    """The platform has heard how it stands."""
    last = history.platform.heard.get(own_of(who), [{}])[-1]
    heard = State(last.get("state", ""), last.get("detail"), last.get("tenant"))
    if heard != own.state or own.outbox.pending:
        raise Divergence(f"{who}'s own is {own.state}, the platform heard {heard}; pending {own.outbox.pending}")


def live_subscriptions(history: History) -> list[Subscription]:
    """Those that Microsoft would notify us by, made with somebody's own token."""
    world, now = history.outlook.world, history.outlook.now()
    found = history.outlook.simulator.call(lambda: list(world.subscriptions.values()))
    return [one for one in found if one.by_user and one.expires_at > now and not one.removed]
