"""Which accounts a pass asks for their subscriptions, and which of those it ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.graph.subscriptions import LIFETIME, Subscription
from shared.model import SHARDS, ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push
from shared.own_subscriptions import MOST, can_be_asked, in_turn, to_end

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
PASS = timedelta(minutes=5)
PUSH = Push("s", NOW - timedelta(days=2), NOW + timedelta(days=5))


def box(number: int = 0) -> Mailbox:
    return Mailbox(MailboxKey(SHARDS[number % 16], f"o{number}"), (MemberKey("org", f"m{number}"),), PUSH)


@pytest.mark.parametrize("count", [1, 7, 110, 1_000])
def test_everybody_is_asked_about_once_an_hour_in_even_shares(count: int) -> None:
    boxes, asked, sizes = {n: box(n) for n in range(count)}, Counter[int](), []
    for number in range(12 * 6):
        now = NOW + number * PASS
        turn = in_turn(boxes.values(), now)
        for mailbox in turn:
            place = int(mailbox.key.object_id[1:])
            boxes[place] = replace(mailbox, compared_at=now)
            asked[place] += 1
        sizes.append(len(turn))
    assert set(asked) == set(boxes)
    assert 5 <= min(asked.values()) <= max(asked.values()) <= 7
    assert max(sizes) <= count // 11 + 1


def test_one_pass_asks_about_so_many_at_most() -> None:
    assert len(in_turn(map(box, range(11 * MOST + 500)), NOW)) == MOST


@pytest.mark.parametrize(
    "change",
    [
        {"status": ConnectionStatus.RECONNECT_REQUIRED},
        {"failures": 1},
        {"members": ()},
        {"push": Push()},
    ],
    ids=["sign-in ended", "refused lately", "nobody's", "no subscription"],
)
def test_who_is_not_asked_about(change: dict) -> None:
    assert can_be_asked(box())
    assert not can_be_asked(replace(box(), **change))


def test_a_renewal_says_that_the_subscription_is_there() -> None:
    renewed = replace(box(), push=replace(PUSH, granted_at=NOW))
    assert in_turn([renewed], NOW + timedelta(minutes=50)) == []
    assert in_turn([renewed], NOW + timedelta(minutes=55)) == [renewed]


ENDED = {
    "ours, in the books": ("s", True, timedelta(days=2), False),
    "in the books, but telling another address": ("s", False, timedelta(days=2), True),
    "ours, of another member with the same account": ("theirs", True, timedelta(days=2), False),
    "ours, in nobody's books": ("stray", True, timedelta(days=2), True),
    "ours, so young that it may still be noted down": ("stray", True, timedelta(minutes=9), False),
    "somebody else's": ("foreign", False, timedelta(days=2), False),
}


@pytest.mark.parametrize(("name", "is_ours", "age", "expected"), ENDED.values(), ids=ENDED)
def test_which_subscriptions_are_ended(name: str, is_ours: bool, age: timedelta, expected: bool) -> None:
    listed = [Subscription(name, NOW - age + LIFETIME)]
    ours = {name} if is_ours else set()
    assert to_end(listed, ours, box(), {"s", "theirs"}, NOW) == ([name] if expected else [])
