"""What people do in Outlook."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from local.microsoft.graph import events
from local.microsoft.graph.errors import GraphError
from local.microsoft.world import Event, Json, Tenant, User, World
from local.soak.base import NAMES, Base, times, whole_days

WHO = st.sampled_from(NAMES)
DAY, HOUR = st.integers(-1, 20), st.integers(0, 23)
MINUTES = st.sampled_from([30, 0, 90, 1500])
SHOW_AS = st.sampled_from(["busy", "free", "tentative", "oof", "workingElsewhere"])
EDITS = st.sampled_from(["move", "show as", "delete", "file away"])
WHICH = st.integers(0, 3)


class CalendarRules(Base):
    """Events and series come, change and go."""

    @rule(who=WHO, day=DAY, hour=HOUR, minutes=MINUTES, show=SHOW_AS)
    def meet(self, who: str, day: int, hour: int, minutes: int, show: str) -> None:
        """A new event."""
        self._create(who, {"showAs": show, **times(self.at(day, hour), minutes)})

    @rule(who=WHO, day=DAY, count=st.integers(3, 12))
    def meet_often(self, who: str, day: int, count: int) -> None:
        """Many events at once: a storm of notifications."""
        for hour in range(count):
            self._create(who, times(self.at(day, hour), 20))

    @rule(who=WHO, day=DAY, days=st.integers(1, 3), show=SHOW_AS)
    def take_days(self, who: str, day: int, days: int, show: str) -> None:
        """A new all-day event."""
        self._create(who, {"showAs": show, **whole_days(self.at(day, 0), days)})

    @rule(who=WHO, day=DAY, hour=HOUR, count=st.integers(2, 8))
    def repeat(self, who: str, day: int, hour: int, count: int) -> None:
        """A new daily series."""
        start = self.at(day, hour)
        span = {"type": "numbered", "startDate": start.date().isoformat(), "numberOfOccurrences": count}
        recurrence = {"pattern": {"type": "daily", "interval": 1}, "range": span}
        self._create(who, {"recurrence": recurrence, **times(start, 45)})

    @rule(who=WHO, which=WHICH, what=EDITS, day=DAY, hour=HOUR, show=SHOW_AS)
    def edit(self, who: str, which: int, what: str, day: int, hour: int, show: str) -> None:
        """An event gets another time or status, goes to another calendar of the mailbox, or is deleted."""
        if what == "move":
            self._on_event(who, which, {**times(self.at(day, hour), 60), "isAllDay": False}, series=False)
        elif what == "file away":
            self._file_away(who, which)
        else:
            self._on_event(who, which, {"showAs": show} if what == "show as" else None)

    @rule(who=WHO, which=WHICH, day=st.integers(0, 7), to=st.none() | HOUR)
    def change_occurrence(self, who: str, which: int, day: int, to: int | None) -> None:
        """One occurrence of a series is moved to another hour, or cancelled."""

        def change(user: User) -> None:
            found = _event(user, which, series=True)
            if found is None:
                return
            first = date.fromisoformat(found.fields["start"]["dateTime"][:10])
            original = (first + timedelta(days=day)).isoformat()
            try:
                if to is None:
                    events.cancel_occurrence(*self._place(user), found.id, original)
                else:
                    sides = {s: moment_on(original, to, m) for s, m in (("start", 0), ("end", 20))}
                    events.change_occurrence(*self._place(user), found.id, original, sides)
            except GraphError:
                pass  # no such occurrence

        self.on_calendar(who, change)

    def _file_away(self, who: str, which: int) -> None:
        def away(user: User) -> None:
            found = _event(user, which)
            if found is not None and user.mailbox is not None:
                user.mailbox.calendars.setdefault("Second", "Second")
                events.move_event(*self._place(user), found.id, "Second")

        self.on_calendar(who, away)

    def _create(self, who: str, fields: Json) -> None:
        self.on_calendar(who, lambda user: events.create_event(*self._place(user), fields))

    def _on_event(self, who: str, which: int, fields: Json | None, *, series: bool | None = None) -> None:
        def change(user: User) -> None:
            found = _event(user, which, series=series)
            if found is not None and fields is None:
                events.delete_event(*self._place(user), found.id)
            elif found is not None:
                events.update_event(*self._place(user), found.id, dict(fields or {}))

        self.on_calendar(who, change)

    def _place(self, user: User) -> tuple[World, Tenant, User]:
        return self.history.outlook.world, self.history.outlook.tenant, user


def _event(user: User, which: int, *, series: bool | None = None) -> Event | None:
    everything = list(user.mailbox.events.values()) if user.mailbox else []
    found = [e for e in everything if series is None or bool(e.fields.get("recurrence")) is series]
    return found[which % len(found)] if found else None


def moment_on(day: str, hour: int, minute: int) -> Json:
    """An hour of a day, in UTC."""
    return {"dateTime": f"{day}T{hour:02}:{minute:02}:00", "timeZone": "UTC"}
