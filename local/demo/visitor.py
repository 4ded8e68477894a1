"""A visitor books a time: what happens in Outlook, and what people there do to the meeting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from local.client import wait_for
from local.demo.outlook import SECRET, tomorrow
from local.microsoft.sample.organizations import ORGANIZATIONS

if TYPE_CHECKING:
    from local.demo.chapters import Demo

CONTOSO = ORGANIZATIONS[0]
PATIENCE = 20
"""Seconds after which something that should have happened by itself counts as not happening."""
VISITOR = "vera@visitor.example"
LOST = 2
"""Answers of Microsoft that get lost on their way."""

Json = dict[str, Any]


class Visitor:
    """Chapters about one booking, from the times that are offered to the day its owner deletes it."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.check = demo.story.check
        self.member, self.user = demo.somebody()
        self.path = f"/api/members/{self.member.id}/bookings/demo"

    def tell(self) -> None:
        """All of it."""
        slot = self.offered()
        self.booked(slot)
        self.too_late(slot)
        self.answered()
        self.deleted()

    def offered(self) -> datetime:
        """The last time tomorrow that can be offered."""
        self.demo.story.chapter(f"A visitor looks for half an hour with {self.member.name}")
        asked = {
            "members": [{"id": self.member.id}],
            "start": tomorrow(0).isoformat(),
            "end": (tomorrow(0) + timedelta(days=2)).isoformat(),
            "duration_minutes": 30,
            "step_minutes": 30,
        }
        answer = self.demo.backend.call("POST", "/api/available-times", asked).json()
        slots, (believed,) = answer["slots"], answer["members"]
        self.check(bool(slots), f"{len(slots)} times offered, from a calendar that is {believed['freshness']}")
        return datetime.fromisoformat(slots[-1]["start"])

    def booked(self, start: datetime) -> None:
        """Booked, though answers get lost, and once."""
        self.demo.story.chapter(f"They book one; Microsoft's first {LOST} answers get lost")
        self.demo.microsoft.add_fault("/users/*/events", method="POST", after_write=True, reset=True, times=LOST)
        body = self.body(start)
        answers = [self.demo.backend.call("PUT", self.path, body) for _ in range(2)]
        statuses = [answer.status_code for answer in answers]
        self.check(statuses == [201, 200], f"booked, and sent again: answers {statuses[0]} and {statuses[1]}")
        events = self.events()
        self.check(
            len(events) == 1, f"{len(events)} event in Outlook: {SECRET}… with {len(events[0]['attendees'])} guest"
        )
        link = answers[0].json()["join_url"]
        self.check(str(link).startswith("https://teams."), "a Teams meeting; the platform has its link")
        busy = self.demo.backend.busy(self.member.id, start, start + timedelta(minutes=30))["busy"]
        self.check(len(busy) == 1, "the time is busy in the very next answer")

    def too_late(self, start: datetime) -> None:
        """Somebody else wants it too."""
        late = self.demo.backend.call("PUT", f"{self.path}-2", self.body(start + timedelta(minutes=15)))
        taken = late.json().get("conflict", {})
        self.check(
            late.status_code == 409 and bool(taken), "a second visitor, a quarter of an hour later: 409, and why"
        )

    def answered(self) -> None:
        """The visitor declines, as people do."""
        self.demo.story.chapter("The visitor answers; the owner moves the meeting, then deletes it in Outlook")
        (event,) = self.events()
        self.demo.microsoft.answer_event(CONTOSO.tenant_id, self.user, event["id"], VISITOR, "accepted")
        self.told("responded", "the visitor accepted: the platform is told")
        start = datetime.fromisoformat(event["start"]["dateTime"][:19] + "+00:00") - timedelta(hours=1)
        end = start + timedelta(minutes=30)
        self.demo.microsoft.reschedule_event(CONTOSO.tenant_id, self.user, event["id"], start, end)
        self.told("moved", "the owner moved it an hour ahead: the platform is told")
        moved = datetime.fromisoformat(self.state()["start"]) == start
        self.check(moved, "the booking is where the event is")

    def deleted(self) -> None:
        """And the end of it."""
        (event,) = self.events()
        self.demo.microsoft.delete_event(CONTOSO.tenant_id, self.user, event["id"])
        self.told("deleted", "the owner deleted it: the platform is told")
        state = self.state()
        self.check((state["state"], state["cancelled_by"]) == ("cancelled", "outlook"), "the booking is cancelled")
        again = self.demo.backend.call("PUT", self.path, self.body(tomorrow(9))).status_code
        self.check(again == 409, "a late copy of the first request does not bring it back: 409")

    def body(self, start: datetime) -> Json:
        """A meeting with the visitor."""
        return {
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=30)).isoformat(),
            "subject": f"{SECRET}Intro call",
            "description": f"{SECRET}Questions",
            "attendees": [{"email": VISITOR, "name": "Vera Visitor"}],
            "teams_meeting": True,
        }

    def told(self, change: str, what: str) -> None:
        """Wait until the platform heard of it."""
        heard = lambda: change in self.changes()  # noqa: E731 - reads best here
        waited = wait_for(heard, PATIENCE)
        self.check(waited is not None, f"{what}, {waited or PATIENCE:.1f} s later")

    def changes(self) -> list[str]:
        """What the platform heard of the booking."""
        heard = self.demo.stack.platform.events.of(CONTOSO.id)
        return [event["data"]["change"] for event in heard if event["type"] == "booking.changed"]

    def state(self) -> Json:
        """The booking as the service tells it."""
        found: Json = self.demo.backend.call("GET", self.path).json()
        return found

    def events(self) -> list[Json]:
        """What is in Outlook of it."""
        start = tomorrow(0)
        found = self.demo.microsoft.events(CONTOSO.tenant_id, self.user, start, start + timedelta(days=3))
        return [event for event in found if event["subject"] == f"{SECRET}Intro call"]
