"""P3 on the running service: killed and lied to, each booking is there exactly once or not at all."""

from __future__ import annotations

from pathlib import Path

from local.bookings.clock import project
from local.bookings.run import NO_EVENTS, Scale, run
from local.kills.run import NO_SCHEDULE
from local.stack import Stack

SHORT = Scale(bookings=30, kills=3)
LEASE_SECONDS = 3


def test_bookings_for_the_same_few_members_overlap_nowhere_though_the_service_is_killed(tmp_path: Path) -> None:
    settings = {**NO_SCHEDULE, **NO_EVENTS}
    code, data = project(tmp_path / "project"), tmp_path / "azurite"
    with Stack(lease_seconds=LEASE_SECONDS, settings=settings, data=data, project=code) as mortal:
        outcome = run(mortal, SHORT)
    assert outcome.findings == []
    assert outcome.events > 0
    assert outcome.kills >= SHORT.kills
