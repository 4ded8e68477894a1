"""What the steps of a check say: pure decisions for `checks`."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from shared.choices import Standing
from shared.mailbox_reading import is_paused
from shared.model import Connection, ConnectionStatus, Detail, Mailbox, OwnConnection, is_own
from shared.own_states import explain_own, stands_in
from shared.policy import kept_out
from shared.states import CONNECTIONS, explain


class Step(NamedTuple):
    """What one step came to."""

    name: str
    ok: bool
    text: str
    next_step: str = "Nothing to do."


def decision(standing: Standing) -> Step:
    """Whether people want the member connected. That their own account stands in is as they want it."""
    reason = kept_out(standing.member, standing.choice, standing.policy)
    if reason is None:
        return Step("decision", True, "Nobody keeps the member out.")
    return Step("decision", reason.detail == Detail.OWN_CONNECTION, *explain(*reason))


def account_of(own: OwnConnection, managed: Connection | None) -> Step:
    """How an account of the member's own stands; never whose it is at Microsoft."""
    text, next_step = explain_own(own.status, own.detail)
    instead = " It stands in place of the managed calendar." if stands_in(managed) else ""
    return Step("own account", own.status is ConnectionStatus.CONNECTED, text + instead, next_step)


def match_of(standing: Standing) -> Step:
    """Who the member is in the directory."""
    connection = standing.connection
    if connection is None:
        return Step("match", False, "Nobody has looked for the member yet.", "Try again in a minute.")
    if connection.active_mailbox is None:
        return Step("match", False, *explain(connection.status, connection.detail))
    how = "chosen by an admin" if connection.chosen else f"found by {connection.matched_address}"
    return Step("match", True, f"The member is {connection.mailbox_address}, {how}.")


def reading_of(mailbox: Mailbox, before: Mailbox | None, began: datetime) -> Step:
    """Whether the calendar could be read."""
    if mailbox.read_at is not None and mailbox.read_at >= began:
        return Step("calendar", True, "The calendar was read.")
    if mailbox.claimed_at is not None and (before is None or mailbox.claimed_at != before.claimed_at):
        return Step("calendar", False, "The calendar is being read by somebody else.", "Try again in a moment.")
    if is_paused(mailbox, began):
        return Step("calendar", False, *paused(mailbox))
    return Step(
        "calendar", False, "The calendar is read a moment later, with what was told meanwhile.", "Wait a minute."
    )


def paused(mailbox: Mailbox) -> tuple[str, str]:
    """Why a mailbox that was refused lately is left alone, and what to do."""
    if not is_own(mailbox.key.tenant_id):
        text, next_step = CONNECTIONS[mailbox.status]
    else:
        text, next_step = explain_own(mailbox.status, None)
    if mailbox.status is ConnectionStatus.RECONNECT_REQUIRED:
        return text, next_step
    return f"{text} It is tried again by itself.", next_step


def push_of(mailbox: Mailbox, now: datetime) -> Step:
    """Whether Microsoft tells of changes."""
    push = mailbox.push
    if push.subscription_id is not None and push.expires_at is not None and push.expires_at > now:
        return Step("notifications", True, "Microsoft tells of changes to this calendar.")
    return Step(
        "notifications",
        False,
        "Microsoft does not tell of changes to this calendar; it is read every ten minutes instead.",
        "Nothing to do; a subscription is asked for again by itself.",
    )
