from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import azure.functions as func
import pytest
import requests

from local.host import Host, HostError
from local.host.timers import Timer, parse_schedule
from tests.local.host.conftest import eventually

RunHost = Callable[..., Host]


def occurrences(schedule: str, start: str, count: int) -> list[str]:
    following, moment, found = parse_schedule(schedule), datetime.fromisoformat(f"{start}+00:00"), []
    for _ in range(count):
        moment = following(moment)
        assert moment.tzinfo is UTC
        found.append(moment.strftime("%Y-%m-%d %H:%M:%S"))
    return found


@pytest.mark.parametrize(
    ("schedule", "start", "expected"),
    [
        ("0 */5 * * * *", "2026-11-22 10:02:30", ["2026-11-22 10:05:00", "2026-11-22 10:10:00"]),
        ("*/15 * * * * *", "2026-11-22 10:00:50", ["2026-11-22 10:01:00", "2026-11-22 10:01:15"]),
        ("30 0 0 * * *", "2026-12-31 12:00:00", ["2027-01-01 00:00:30", "2027-01-02 00:00:30"]),
        ("0 30 9 * * Mon-Fri", "2026-11-20 10:00:00", ["2026-11-23 09:30:00", "2026-11-24 09:30:00"]),
        ("0 0 9 * * monday,WED", "2026-11-22 00:00:00", ["2026-11-23 09:00:00", "2026-11-25 09:00:00"]),
        ("0 0 0 * * 0", "2026-11-16 00:00:00", ["2026-11-22 00:00:00", "2026-11-29 00:00:00"]),
        ("0 0 0 1 Jan,jul *", "2026-02-01 00:00:00", ["2026-07-01 00:00:00", "2027-01-01 00:00:00"]),
        ("0 0 0 29 2 *", "2026-01-01 00:00:00", ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
        ("0 0 0 31 * *", "2026-01-31 00:00:00", ["2026-03-31 00:00:00", "2026-05-31 00:00:00"]),
        ("0 0 9-17/4 * * *", "2026-11-22 10:00:00", ["2026-11-22 13:00:00", "2026-11-22 17:00:00"]),
        ("0 50/5 * * * *", "2026-11-22 10:00:00", ["2026-11-22 10:50:00", "2026-11-22 10:55:00"]),
        ("0 0 0 13 * Fri", "2026-01-01 00:00:00", ["2026-02-13 00:00:00", "2026-03-13 00:00:00"]),
        ("0 30 2 * * *", "2026-03-28 12:00:00", ["2026-03-29 02:30:00", "2026-03-30 02:30:00"]),
        ("*/5 * * * *", "2026-11-22 10:02:30", ["2026-11-22 10:05:00", "2026-11-22 10:10:00"]),
        ("01:30:00", "2026-11-22 10:00:00", ["2026-11-22 11:30:00", "2026-11-22 13:00:00"]),
        ("24:00:00", "2026-11-01 00:00:00", ["2026-11-25 00:00:00"]),
        ("1.00:00:00", "2026-11-01 00:00:00", ["2026-11-02 00:00:00"]),
    ],
)
def test_schedules_mean_what_ncrontab_says(schedule: str, start: str, expected: list[str]) -> None:
    assert occurrences(schedule, start, len(expected)) == expected


@pytest.mark.parametrize(
    "schedule",
    ["", "* * *", "61 * * * * *", "0 0 0 * * 7", "0 0 0 30 2 *", "0 0 0 L * *", "0 0 0 ? * *", "@daily",
     "0 0 0 * * Fri#2", "0 0 0 * Foo *", "00:00:00", "* * * * * * *"],
)  # fmt: skip
def test_what_the_real_host_would_refuse_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match="schedule"):
        parse_schedule(schedule)


def ticking(schedule: str, seen: list[func.TimerRequest], *, run_on_startup: bool = False) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule=schedule, run_on_startup=run_on_startup)
    def tick(timer: func.TimerRequest) -> None:
        seen.append(timer)

    return app


def test_a_timer_fires_when_its_schedule_says(run_host: RunHost) -> None:
    seen: list[func.TimerRequest] = []
    run_host(ticking("%EVERY%", seen), {"EVERY": "* * * * * *"})
    eventually(lambda: len(seen) >= 2)
    assert not seen[0].past_due
    assert datetime.fromisoformat(seen[1].schedule_status["Last"]).microsecond == 0


def test_an_interval_begins_when_the_host_starts(run_host: RunHost) -> None:
    seen: list[func.TimerRequest] = []
    run_host(ticking("00:00:00.3", seen))
    assert not seen
    eventually(lambda: len(seen) >= 2)


def test_run_on_startup_does_not_wait_for_the_schedule(run_host: RunHost) -> None:
    seen: list[func.TimerRequest] = []
    run_host(ticking("0 0 0 29 2 *", seen, run_on_startup=True))
    eventually(lambda: len(seen) == 1)


def test_runs_of_a_timer_never_overlap_and_a_failure_does_not_stop_it(run_host: RunHost) -> None:
    app, running, most = func.FunctionApp(), [0], []

    @app.timer_trigger(arg_name="timer", schedule="00:00:00.05")
    def slow(timer: func.TimerRequest) -> None:
        running[0] += 1
        most.append(running[0])
        time.sleep(0.15)
        running[0] -= 1
        raise RuntimeError("every time")

    run_host(app)
    eventually(lambda: len(most) >= 3)
    assert set(most) == {1}


def test_a_run_that_begins_late_is_past_due() -> None:
    timer = Timer(None, parse_schedule("0 0 * * * *"))  # type: ignore[arg-type]
    due = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert timer.request(due, due + timedelta(minutes=3)).past_due
    assert not timer.request(due, due + timedelta(seconds=1)).past_due
    assert timer.request(due, due).schedule_status["Next"] == "2026-11-22T11:00:00+00:00"


def test_a_timer_can_be_run_now(run_host: RunHost) -> None:
    seen: list[func.TimerRequest] = []
    host = run_host(ticking("0 0 0 29 2 *", seen))
    assert requests.post(f"{host.url}/admin/functions/tick", json={"input": ""}, timeout=5).status_code == 202
    eventually(lambda: len(seen) == 1)


def test_stopping_the_host_waits_for_a_timer_that_runs(run_host: RunHost) -> None:
    app, began, ended = func.FunctionApp(), threading.Event(), threading.Event()

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 29 2 *", run_on_startup=True)
    def slow(timer: func.TimerRequest) -> None:
        began.set()
        time.sleep(0.3)
        ended.set()

    host = run_host(app)
    began.wait(5)
    host.__exit__(None, None, None)
    assert ended.is_set()


def test_a_schedule_setting_that_is_missing_is_named(run_host: RunHost) -> None:
    with pytest.raises(HostError, match="EVERY"):
        run_host(ticking("%EVERY%", []))
