"""What must hold because of what people decided: at every moment, and at rest."""

from __future__ import annotations

from local.soak.errors import Divergence
from local.soak.history import DAYS, History, today
from local.soak.organizations import Side, owner, says_nothing_of, standing_of
from shared.errors import NotFound
from shared.model import Connection, Freshness, Window


def after_every_step(history: History) -> None:
    """Nothing is answered of whoever is kept out, and no decision is lost."""
    note_answers(history)
    history.decisions.look()


def note_answers(history: History) -> None:
    """Note if anything is answered from a calendar of somebody whom a call that has returned keeps out.

    Unless they have an own one, which nobody keeps out.

    It is looked at in the middle of the product's work, whose own errors are retried: so it is only noted here.
    """
    start = today(history.outlook.now())
    for name in sorted(history.decisions.out - set(history.own_connections())):
        try:
            answer = history.observer.availability.known(owner(history, name), Window(start, start + DAYS))
        except NotFound:
            continue
        if answer.freshness is not Freshness.UNKNOWN or answer.read_at is not None:
            history.decisions.broken.append(f"{name} is kept out, and answered as of {answer.read_at}")


def at_rest(history: History) -> None:
    """Every decision is in the audit trail, from which nothing is ever taken."""
    rows = history.rows("Audit", history.org)
    keys = {str(row["RowKey"]) for row in rows}
    if history.decisions.audited - keys:
        raise Divergence(f"gone from the audit trail: {history.decisions.audited - keys}")
    told = [(entry.action, entry.subject) for entry in history.observer.tables.audit.of(history.org)]
    for decision, count in history.decisions.taken.items():
        if told.count(decision) < count:
            raise Divergence(f"{decision} was decided {count} times, the audit trail has {told.count(decision)}")


def check_gone(side: Side, connections: dict[str, Connection]) -> None:
    """Of an organization that is not connected (any more) nothing is left of the tenant, and its platform knows.

    Without a tenant nothing looks after connections by itself: they may say what was decided when it went, and wait
    to be told to the platform. Nobody is read or answered because of them.
    """
    standing, tenant_id = standing_of(side), side.outlook.tenant.id
    for name, connection in connections.items():
        if connection.tenant_id or connection.considered_in or connection.mailbox:
            raise Divergence(f"{name} is still bound: {connection}")
        reason = standing.keeps_out(name, side.roster[name]) if name in side.roster else None
        if not says_nothing_of(connection.status, reason):
            raise Divergence(f"{name} is {connection.status} without a tenant")
    named = [choice for choice in standing.choices.values() if choice.mailbox]
    if named:
        raise Divergence(f"named in a tenant that is gone: {named}")
    heard = side.platform.heard.get(tenant_id, [])
    if heard and heard[-1]["state"] != "disconnected":
        raise Divergence(f"the tenant is gone, the platform heard {heard[-1]}")
