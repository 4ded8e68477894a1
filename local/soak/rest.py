"""Coming to rest: faults end, everything is delivered, and the timer runs until nothing is due for hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from local.soak.errors import Divergence
from local.soak.history import History

EVERY = timedelta(minutes=5)
"""The timer's schedule."""
LONG_ENOUGH = timedelta(hours=7)
"""More than the longest time between two reads of a calendar, and than the longest pause after failures."""
SOON = timedelta(minutes=30)
"""More than it takes to read a calendar whose owner has just signed in."""
RARELY = timedelta(hours=2)
"""The timer runs at least this often; where nothing is due, the runs between change nothing."""
MOST_PER_HOUR = 120
"""Messages an hour may bring."""
OVERTIME = timedelta(hours=3)


def come_to_rest(history: History) -> None:
    """Let hours pass without trouble."""
    history.host.interruptions.forget()
    history.host.failing_posts = 0
    history.platform.refusals = 0
    history.outlook.consent()
    history.outlook.simulator.call(history.outlook.world.faults.clear)
    for envelope in history.host.queue:
        envelope.let_go()
    history.outlook.await_delivery()
    pass_time(history, LONG_ENOUGH)
    if history.own.sign_in_again():
        pass_time(history, SOON)


def pass_time(history: History, span: timedelta) -> None:
    """Run the timer and the messages as they come due, until nothing is left."""
    end = history.outlook.now() + span
    tick_at = next_tick(history.outlook.now())
    while True:
        began, runs = history.outlook.now(), history.host.runs
        history.run_visible()
        if began >= end and (not history.host.queue or began >= end + OVERTIME):
            return
        tick_at = min(tick_at, next_tick(max(began, first_due(history) or end)))
        then = min([*(envelope.visible_at for envelope in history.host.queue), tick_at])
        history.outlook.advance(max(then - began, timedelta(seconds=1)))
        if history.outlook.now() >= tick_at:
            history.host.tick()
            tick_at = next_tick(history.outlook.now()) + RARELY
        _check_pace(history, history.outlook.now() - began, history.host.runs - runs)


def first_due(history: History) -> datetime | None:
    """When the first mailbox is due."""
    mailboxes = [
        *history.observer.tables.mailboxes.of_tenant(history.outlook.tenant.id),
        *history.own.mailboxes().values(),
    ]
    return min((m.due_at for m in mailboxes if m.due_at), default=None)


def next_tick(moment: datetime) -> datetime:
    """The timer's next time after the moment."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // EVERY * EVERY + EVERY


def _check_pace(history: History, took: timedelta, runs: int) -> None:
    if runs > MOST_PER_HOUR * max(1, took / timedelta(hours=1)):
        raise Divergence(f"{runs} messages in {took}: {[e.text for e in history.host.queue][:5]}")
