"""Which tenants' notifications go where nobody else waits behind them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.lanes import MOST, WINDOW, Lanes
from tests.properties import given

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def test_a_tenant_within_its_share_is_in_a_hurry() -> None:
    lanes = Lanes()
    assert not any(lanes.is_crowded("t", 1, NOW) for _ in range(MOST))


def test_a_tenant_beyond_its_share_is_not_and_no_other_tenant_notices() -> None:
    lanes = Lanes()
    assert lanes.is_crowded("noisy", MOST + 1, NOW)
    assert lanes.is_crowded("noisy", 1, NOW)
    assert not lanes.is_crowded("quiet", 1, NOW)


def test_a_tenant_gone_quiet_is_in_a_hurry_again() -> None:
    lanes = Lanes()
    lanes.is_crowded("t", MOST + 1, NOW)
    assert lanes.is_crowded("t", 1, NOW + WINDOW - MOMENT)
    assert not lanes.is_crowded("t", 1, NOW + WINDOW)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 60), st.integers(0, 8)), max_size=40))
def test_what_counts_is_what_was_told_in_the_last_seconds(told: list[tuple[str, int, int]]) -> None:
    lanes, now, history = Lanes(), NOW, []
    for tenant, mailboxes, seconds in told:
        now += timedelta(seconds=seconds)
        history.append((now, tenant, mailboxes))
        recent = sum(count for at, whose, count in history if whose == tenant and at > now - WINDOW)
        assert lanes.is_crowded(tenant, mailboxes, now) is (recent > MOST)
