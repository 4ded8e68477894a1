"""When a directory pass is worth making, and how long to wait before the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.directory_sync import MOST_ATTEMPTS, is_redundant, patience
from shared.messages import DirectorySync
from shared.model import Tenant, TenantStatus

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
TENANT = Tenant("t-1", TenantStatus.CONNECTED, "o-1", NOW, synced_at=NOW)

PASSES = {
    # tenant, since when there is a reason, whether it is redundant
    "a reason from before the last pass": (TENANT, NOW - MOMENT, True),
    "a reason of the moment the last pass began": (TENANT, NOW, False),
    "a reason since the last pass": (TENANT, NOW + MOMENT, False),
    "never passed": (replace(TENANT, synced_at=None), NOW - MOMENT, False),
    "still connecting": (replace(TENANT, status=TenantStatus.CONNECTING), NOW - MOMENT, False),
    **{
        f"{status}, which may be over": (replace(TENANT, status=status), NOW - MOMENT, False)
        for status in (TenantStatus.CONSENT_MISSING, TenantStatus.APP_DISABLED, TenantStatus.PERMISSION_MISSING)
    },
    "the wrong tenant, which only a new consent changes": (
        replace(TENANT, status=TenantStatus.WRONG_TENANT), NOW + MOMENT, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tenant", "since", "expected"), PASSES.values(), ids=PASSES.keys())
def test_when_a_pass_changes_nothing(tenant: Tenant, since: datetime, expected: bool) -> None:
    assert is_redundant(tenant, DirectorySync("acme", "t-1", since)) is expected


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2), (1, 4), (2, 8), (4, 32), (5, 60), (6, 60), (10**6, 60)])
def test_how_long_is_waited_before_the_next_try(attempts: int, seconds: int) -> None:
    assert patience(attempts) == timedelta(seconds=seconds)


def test_a_message_is_put_back_for_about_an_hour() -> None:
    waited = sum((patience(attempt) for attempt in range(MOST_ATTEMPTS)), timedelta())
    assert timedelta(minutes=50) < waited < timedelta(minutes=70)
