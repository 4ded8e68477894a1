"""What is answered of somebody's time, beside what their calendars say: honest at every moment, true at rest."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, product
from typing import NamedTuple

from local import truth
from local.soak.errors import Divergence
from local.soak.history import DAYS, today
from local.soak.organizations import Side, owner
from shared.freebusy import BusyAnswer
from shared.model import Connection, ConnectionStatus, Freshness, OwnConnection, Window


def check_honest(side: Side, name: str, connection: Connection | None, own: OwnConnection | None) -> None:
    """The answer is what Outlook said when it was read or later; a fresh one misses nothing that was heard of.

    Heard of means: a believed notification whose message is not waiting any more.
    """
    if (connection is None or connection.object_id is None) and own is None:
        return
    answer, span = answered(side, name)
    if answer.read_at is None or answer.freshness is Freshness.UNKNOWN:
        return
    calendars = calendars_in(side, name, connection, own)
    said = blocks(answer)
    versions = [side.outlook.truth(one.user_id, one.read_at or answer.read_at) for one in calendars]
    possible = [clipped(list(chain(*together)), span) for together in product(*versions)]
    if said not in possible:
        raise Divergence(f"{name}: {said} was never true since {answer.read_at}: {possible}")
    for one in calendars if answer.freshness is Freshness.FRESH else ():
        heard, read_at = side.host.heard.get(one.key), one.read_at or answer.read_at
        if heard is not None and read_at < heard and not side.host.awaits(one.key):
            raise Divergence(f"{name}: fresh as of {read_at}, though told at {heard}")


class Counted(NamedTuple):
    """A calendar that an answer is made of."""

    key: str
    """The mailbox's name with us."""
    user_id: str
    read_at: datetime | None
    """None where the answer says it."""


def calendars_in(side: Side, name: str, connection: Connection | None, own: OwnConnection | None) -> list[Counted]:
    """What the answer about a member is made of."""
    managed = connection.active_mailbox if connection else None
    if own is None:
        user_id = str(connection.object_id if connection else None)
        return [Counted(user_id, user_id, None)]
    users = {managed: managed.object_id} if managed else {}
    if own.account != managed:
        users[own.mailbox] = own.account.object_id
    kept = side.observer.tables.calendars.named(owner(side, name))
    mine = [(key.mailbox, one) for key, one in kept]
    return [Counted(key.object_id, users[key], one.read_at) for key, one in mine if key in users]


def check_answer(side: Side, name: str, connection: Connection | None, own: OwnConnection | None) -> None:
    """Where everything that counts is connected, the answer is fresh and equal."""
    managed = connection.active_mailbox if connection else None
    counting = {managed: (connection, managed.object_id)} if managed and connection else {}
    if own is not None and own.account != managed:
        counting[own.mailbox] = (own, own.account.object_id)  # type: ignore[assignment]
    if not counting or any(one.status is not ConnectionStatus.CONNECTED for one, _ in counting.values()):
        return
    answer, span = answered(side, name)
    actual = clipped([block for _, user_id in counting.values() for block in side.outlook.shown(user_id)], span)
    if answer.freshness is not Freshness.FRESH or blocks(answer) != actual:
        raise Divergence(f"{name}: {answer} is not {actual}")


def answered(side: Side, name: str) -> tuple[BusyAnswer, Window]:
    """What we say of the member's next weeks."""
    start = today(side.outlook.now())
    span = Window(start, start + DAYS)
    return side.observer.availability.known(owner(side, name), span), span


def blocks(answer: BusyAnswer) -> list[truth.Block]:
    """The answer's blocks as the truth writes them."""
    return sorted((block.start, block.end, str(block.status)) for block in answer.blocks)


def clipped(version: list[truth.Block], span: tuple[datetime, datetime]) -> list[truth.Block]:
    """The part of a calendar inside a span."""
    start, end = span
    inside = [(max(a, start), min(b, end), status) for a, b, status in version if a < end and b > start]
    return sorted(block for block in inside if block[0] < block[1])
