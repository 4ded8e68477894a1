"""What a kill run makes of its counts; the run itself is in `tests/scenarios/test_restart.py`."""

from collections import Counter

import pytest

from local.kills.__main__ import report
from local.kills.interruptions import LONGEST_WAIT, Kind, plan
from local.kills.run import Outcome, Scale

SCALE = Scale(changes=10, kills=2, restarts=1, mailboxes=3)


def outcome(*, acknowledged: int = 10, rest: float | None = 1.0) -> Outcome:
    return Outcome(SCALE, changes=10, delivery=Counter(acknowledged=acknowledged), rest_seconds=rest)


def test_a_plan_has_everything_asked_for_in_order_and_is_the_same_for_the_same_seed() -> None:
    planned = plan(2000, 50, 2, seed=7)
    assert planned == plan(2000, 50, 2, seed=7) != plan(2000, 50, 2, seed=8)
    assert Counter(one.kind for one in planned) == {Kind.KILL: 50, Kind.STORAGE: 2}
    assert [one.after for one in planned] == sorted(one.after for one in planned)
    assert all(0 < one.after < 2000 and 0 <= one.wait <= LONGEST_WAIT for one in planned)


def test_a_run_without_findings_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(outcome(), 5) == 0
    assert "Nothing lost, nothing wrong" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["calendars", "subscriptions", "members", "messages"])
def test_any_finding_is_shown_and_ends_with_1(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = outcome()
    getattr(found, kind).append("person1 is wrong")
    assert report(found, 5) == 1
    assert "person1 is wrong" in capsys.readouterr().out


def test_a_notification_never_acknowledged_and_work_without_end_are_findings() -> None:
    assert outcome(acknowledged=9).findings == ["1 notifications never acknowledged"]
    assert outcome(rest=None).findings == ["it did not come to rest"]
