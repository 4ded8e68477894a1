"""The story of the product, chapter by chapter; later chapters build on earlier ones."""

from __future__ import annotations

import signal
import statistics
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

from local import truth
from local.client import Browser, Client, wait_for
from local.demo.governance import Governance
from local.demo.outlook import SECRET, event, times, tomorrow, weekly
from local.demo.story import Story
from local.demo.tables import contents
from local.demo.visitor import Visitor
from local.microsoft.organization import Member
from local.microsoft.remote import Microsoft
from local.microsoft.sample.organizations import ORGANIZATIONS
from local.stack import Stack

CONTOSO, FABRIKAM = ORGANIZATIONS
ADMIN = "alice.admin@contoso.com"
NO_ADMIN = "apple.apps@contoso.com"
SPREADING_SECONDS = 3
BURST = 200
STORM = 300
MOST_STORM_READS = 2
"""One at once, and one for what came meanwhile."""
PRIVATE = {"subject", "body", "bodyPreview", "attendees", "location", "locations", "organizer"}


class Demo:
    """The story, chapter by chapter; later ones build on earlier ones."""

    def __init__(self, stack: Stack, story: Story, log: Path) -> None:
        self.stack = stack
        self.story = story
        self.microsoft = Microsoft(stack.microsoft.http_url)
        self.admin = Client(stack.url, stack.platform.token(CONTOSO.id, "admin", CONTOSO.members[1].id))
        self.backend = Client(stack.url, stack.platform.token(CONTOSO.id, "service"))
        self.people = {member.id: member for member in CONTOSO.members}
        self.log = log
        self.mailboxes: dict[str, str] = {}
        self.timings: list[float] = []

    def tell(self) -> None:
        """All of it."""
        self.rosters()
        link = self.link()
        self.wrong_people(link)
        self.forged_consent()
        self.consent(link)
        self.matches()
        self.changes()
        self.storm()
        self.silence()
        self.killed()
        self.walls()
        Visitor(self).tell()
        self.privacy()
        Governance(self).tell()

    def rosters(self) -> None:
        self.story.chapter("The platform sends its rosters")
        for organization in ORGANIZATIONS:
            backend = Client(self.stack.url, self.stack.platform.token(organization.id, "service"))
            done = backend.put_roster(organization.members)
            self.story.check(
                done["added"] == len(organization.members), f"{organization.name}: {done['added']} members"
            )

    def link(self) -> str:
        self.story.chapter("An admin of Contoso makes an activation link and mails it to the Microsoft admin")
        made = self.admin.make_link(expires_in_days=7, expected_domains=["contoso.com"])
        url: str = made["url"]
        self.story.check(
            "/activate/" in url, f"{url.split('~', maxsplit=1)[0]}~…  good until {made['expires_at'][:10]}"
        )
        scanner = Browser()
        answers = [scanner.open(url).status_code for _ in range(3)]
        unchanged = self.admin.link(made["id"])["step"] == "opened"
        self.story.check(answers == [200] * 3 and unchanged, "a mail scanner opens it three times: nothing happens")
        return url

    def wrong_people(self, link: str) -> None:
        self.story.chapter("Somebody without the right role signs in")
        answer = Browser().sign_in(link, NO_ADMIN)
        refused = answer.status_code == 403 and "Global Administrator" in answer.text
        self.story.check(refused, f"{NO_ADMIN} is refused, and told who can approve")
        self.story.check(not self.admin.tenants(), "nothing is connected")

    def forged_consent(self) -> None:
        self.story.chapter("Somebody forges the answer of Microsoft's consent page")
        made = self.admin.make_link()
        browser = Browser()
        to_consent = browser.sign_in(made["url"], ADMIN).headers["Location"]
        state = to_consent.partition("state=")[2].partition("&")[0]
        callback = f"{self.stack.url}/callback/consent?admin_consent=True&tenant={FABRIKAM.tenant_id}&state={state}"
        other = Browser().open(callback)
        self.story.check(other.status_code == 409, "in another browser: refused")
        answer = browser.open(callback)
        self.story.check(answer.status_code == 400, "for a tenant that was not proven (Fabrikam): refused")
        self.story.check(not self.admin.tenants(), "nothing is connected")

    def consent(self, link: str) -> None:
        self.story.chapter(
            f"The Microsoft admin signs in and approves; Microsoft takes {SPREADING_SECONDS} s to spread it"
        )
        self.microsoft.set_consent_delay(SPREADING_SECONDS)
        began = time.monotonic()
        answer = Browser().activate(link, ADMIN)
        self.story.check(answer.headers.get("Location", "").endswith("/activated"), f"{ADMIN} approved")
        statuses: list[str] = []

        def connected() -> bool:
            statuses.append(str(self.admin.tenants()[0]["status"]))
            return statuses[-1] == "connected"

        waited = wait_for(connected, 20)
        steady = statuses == sorted(statuses, reverse=True) or set(statuses) <= {"connecting", "connected"}
        self.story.check(waited is not None and steady, "the tenant went from connecting to connected by itself")
        settled = wait_for(lambda: not any(m["state"] == "connecting" for m in self.admin.members()), 20)
        self.story.check(
            settled is not None, f"everybody's state is known {time.monotonic() - began:.1f} s after the approval"
        )

    def matches(self) -> None:
        self.story.chapter("Directory users matched to members")
        listed = self.admin.members()
        self.mailboxes = {m["id"]: m["mailbox"] for m in listed}
        counts = Counter(member["state"] for member in listed)
        self.story.say(", ".join(f"{count} {state}" for state, count in counts.most_common()))
        for member in listed:
            expected = self.people[member["id"]]
            if expected.because or member["state"] != expected.expected:
                why = f"  {member['name']:<17} {member['state']:<22} {expected.because}"
                self.story.check(member["state"] == expected.expected, why.strip())
        believed = [m for m in listed if m["state"] == "connected" and self.is_true(m["id"])]
        self.story.check(
            len(believed) == counts["connected"], f"{len(believed)} calendars read, each equal to Outlook"
        )
        subscriptions = Counter(s["resource"] for s in self.microsoft.subscriptions())
        one_each = len(subscriptions) == counts["connected"] and set(subscriptions.values()) == {1}
        self.story.check(one_each, f"{len(subscriptions)} subscriptions, one for each")
        events = self.stack.platform.events
        told = wait_for(lambda: events.know(CONTOSO.id, self.admin.members()), 20) is not None
        self.story.check(
            told, f"the platform heard everybody's state: {len(events.of(CONTOSO.id))} events, each signed"
        )

    def changes(self) -> None:
        self.story.chapter("People use Outlook; milliseconds until busy times say so")
        member, user = self.somebody()
        at = tomorrow(10)
        created = self.microsoft.create_event(CONTOSO.tenant_id, user, event(at, 60))
        self.seen(member, "an event is added")
        self.microsoft.update_event(CONTOSO.tenant_id, user, created["id"], times(at + timedelta(hours=3), 30))
        self.seen(member, "it is moved and shortened")
        self.microsoft.delete_event(CONTOSO.tenant_id, user, created["id"])
        self.seen(member, "it is deleted")
        series = self.microsoft.create_event(CONTOSO.tenant_id, user, event(at, 45) | weekly(at))
        self.seen(member, "a weekly series without an end is made")
        days = [(at + timedelta(weeks=week)).date().isoformat() for week in (1, 2)]
        moved = times(at + timedelta(weeks=1, hours=5), 45)
        self.microsoft.change_occurrence(CONTOSO.tenant_id, user, series["id"], days[0], moved)
        self.seen(member, "one of its occurrences is moved")
        self.microsoft.cancel_occurrence(CONTOSO.tenant_id, user, series["id"], days[1])
        self.seen(member, "another one is cancelled")
        self.microsoft.delete_event(CONTOSO.tenant_id, user, series["id"])
        self.seen(member, "the whole series is deleted")
        self.story.say(f"median {statistics.median(self.timings):.0f} ms")

    def storm(self) -> None:
        self.story.chapter(
            f"A calendar program goes wild: {STORM} changes of one calendar as fast as Outlook takes them"
        )
        member, user = self.somebody()
        before = self.calendar_reads(user)
        for number in range(STORM):
            at = tomorrow(8) + timedelta(minutes=2 * number)
            self.microsoft.create_event(CONTOSO.tenant_id, user, event(at, 1))
        waited = wait_for(lambda: self.is_true(member.id), 20, pause=0.2)
        reads = self.calendar_reads(user) - before
        self.story.check(waited is not None, f"busy times equal Outlook {waited or 20:.1f} s after the last change")
        self.story.check(reads <= MOST_STORM_READS, f"read {reads} times for {STORM} notifications")

    def silence(self) -> None:
        self.story.chapter("Microsoft ends a subscription without a word, and somebody's calendar changes")
        member, user = self.somebody()
        owner = self.microsoft.user(CONTOSO.tenant_id, user)["id"]
        for subscription in self.subscriptions_of(owner):
            self.microsoft.remove_subscription(subscription)
        self.microsoft.create_event(CONTOSO.tenant_id, user, event(tomorrow(20), 30))
        self.stack.run_now("resync")
        self.seen(member, "the next pass of the timer finds out")
        count = len(self.subscriptions_of(owner))
        self.story.check(count == 1, f"{count} live subscription on the mailbox again")

    def calendar_reads(self, user: str) -> int:
        """How often somebody's calendar was asked for so far."""
        path = f"/users/{self.microsoft.user(CONTOSO.tenant_id, user)['id']}/calendarView"
        return len(self.microsoft.requests(path))

    def subscriptions_of(self, object_id: str) -> list[str]:
        """Ids of the live subscriptions on a mailbox."""
        found = self.microsoft.subscriptions(CONTOSO.tenant_id)
        return [one["id"] for one in found if one["user_id"] == object_id and one["active"]]

    def killed(self) -> None:
        self.story.chapter(f"The service is killed in the middle of {BURST} changes, and started again")
        connected = [m for m in self.admin.members() if m["state"] == "connected"]
        for number in range(BURST):
            owner = connected[number % len(connected)]
            at = tomorrow(8) + timedelta(days=number % 40, minutes=number)
            self.microsoft.create_event(CONTOSO.tenant_id, owner["mailbox"], event(at, 20))
            if number == BURST // 2:
                self.stack.stop_service(signal.SIGKILL)
                self.story.say(f"SIGKILL after {number} changes; {BURST - number} more follow while it is down")
        self.stack.start_service()
        waited = wait_for(lambda: all(self.is_true(m["id"]) for m in connected), 40, pause=0.3)
        took = f"{waited:.1f} s after the restart" if waited is not None else "not within 40 s"
        self.story.check(
            waited is not None, f"all {len(connected)} calendars equal Outlook again {took}: nothing lost"
        )

    def walls(self) -> None:
        self.story.chapter("Another organization tries its own valid token")
        member, _ = self.somebody()
        stranger = Client(self.stack.url, self.stack.platform.token(FABRIKAM.id, "service"))
        now = datetime.now(UTC)
        path = f"/api/members/{member.id}/busy"
        status = stranger.call("GET", path, start=now.isoformat(), end=tomorrow(9).isoformat()).status_code
        self.story.check(status == 404, "asks for a Contoso member's time: there is no such member")

    def privacy(self) -> None:
        self.story.chapter("What was asked of Microsoft, and what was kept")
        requests = self.microsoft.requests()
        calendars = [r for r in requests if "/users/" in r["path"] and "calendar" in r["path"].lower()]
        named = {u["user_principal_name"]: u["id"] for u in self.microsoft.users(CONTOSO.tenant_id)}
        members = {named[m["mailbox"]] for m in self.admin.members() if m["mailbox"]}
        strangers = {owner for r in calendars if (owner := _owner(r["path"])) not in members}
        self.story.check(not strangers, f"{len(calendars)} calendar requests, none to a mailbox that is nobody's")
        nosy = [r for r in calendars if PRIVATE & selected(r["query"]) or not selected(r["query"])]
        self.story.check(not nosy, "each asked for times and status only: no titles, texts, people or places")
        kept = [table for table, text in contents(self.stack.azurite.connection_string) if SECRET in text]
        self.story.check(not kept, "no private text of any event in the tables")
        self.story.check(SECRET not in self.log.read_text(), "nor in the service's log")

    def somebody(self) -> tuple[Member, str]:
        """A member with an ordinary connected calendar, and their user name."""
        listed = next(m for m in self.admin.members() if m["name"] == CONTOSO.members[2].name)
        return self.people[listed["id"]], listed["mailbox"]

    def is_true(self, member_id: str) -> bool:
        """Whether the service's answer equals what Outlook says, for the next sixty days."""
        start = datetime.now(UTC).replace(microsecond=0)
        end = start + timedelta(days=60)
        member = self.people[member_id]
        listed = self.mailboxes[member_id]
        events = self.microsoft.events(CONTOSO.tenant_id, listed, start - timedelta(days=2), end + timedelta(days=2))
        busy = self.backend.busy(member_id, start, end)
        outlook = truth.taken(events, start, end, member.time_zone)
        return busy["freshness"] == "fresh" and truth.answered(busy) == outlook

    def seen(self, member: Member, what: str) -> None:
        """Wait until busy times equal Outlook, and say how long that took."""
        waited = wait_for(lambda: self.is_true(member.id), 10)
        milliseconds = (waited or 10) * 1000
        self.timings.append(milliseconds)
        self.story.check(waited is not None, f"{what:<40} {milliseconds:6.0f} ms")


def selected(query: str) -> set[str]:
    """The properties a request asked for; nothing where it did not say."""
    return {name for names in parse_qs(query).get("$select", []) for name in names.split(",")}


def _owner(path: str) -> str:
    return path.partition("/users/")[2].partition("/")[0]
