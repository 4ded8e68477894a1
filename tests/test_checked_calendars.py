"""Which calendars count for a member with two connections: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.model import (
    DEFAULT,
    CalendarKey,
    Checked,
    ConnectionStatus,
    MailboxKey,
    MemberKey,
    OwnConnection,
    Selection,
    Selections,
    own_mailbox,
)
from shared.policy import checked

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MANAGED, OWN = MailboxKey("t-1", "o-1"), own_mailbox(MemberKey("org", "ann"))
BEHIND = [MANAGED, MailboxKey("t-2", "o-2")]
"""The account that is the managed one too, and another."""


def own(account: MailboxKey, status: ConnectionStatus = ConnectionStatus.CONNECTED) -> OwnConnection:
    return OwnConnection("ann", OWN, account, "ann@contoso.com", 1, status, NOW)


def selecting(mailbox: MailboxKey, *calendars: str) -> Selection:
    return Selection(mailbox, tuple(Checked(one, one == "shared") for one in calendars), calendars[0])


@pytest.mark.parametrize("account", BEHIND)
def test_never_free_what_is_checked_by_either_connection(account: MailboxKey) -> None:
    selections = Selections((selecting(MANAGED, "second"), selecting(OWN, "third", "shared")))
    expected = {CalendarKey(MANAGED, "second"): False, CalendarKey(OWN, "third"): False}
    assert checked(MANAGED, own(account), selections) == {**expected, CalendarKey(OWN, "shared"): True}


def test_a_calendar_of_an_account_that_is_connected_in_both_ways_counts_once() -> None:
    usual, other = (checked(MANAGED, own(account), Selections()) for account in BEHIND)
    assert list(usual) == [CalendarKey(MANAGED, DEFAULT)]
    assert list(other) == [CalendarKey(MANAGED, DEFAULT), CalendarKey(OWN, DEFAULT)]


def test_nothing_counts_of_a_connection_that_is_over() -> None:
    over = own(BEHIND[1], ConnectionStatus.USER_DISCONNECTED)
    assert list(checked(MANAGED, over, Selections())) == [CalendarKey(MANAGED)]
    assert checked(None, None, Selections()) == {}
