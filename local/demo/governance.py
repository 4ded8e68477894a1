"""Admins govern: what members and admins decide, and what becomes of it; at the end, the tenant is disconnected."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from local.client import Client, wait_for
from local.demo.outlook import SECRET, event, tomorrow
from local.demo.tables import contents
from local.microsoft.sample.organizations import ORGANIZATIONS

if TYPE_CHECKING:
    from local.demo.chapters import Demo

CONTOSO = ORGANIZATIONS[0]
PATIENCE = 40
"""Seconds after which something that should have happened by itself counts as not happening."""
COUNTED = ["busy", "oof"]

Json = dict[str, Any]


class Governance:
    """The last chapters: they end with nothing left."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.admin, self.check = demo.admin, demo.story.check
        self.member, self.user = demo.somebody()
        self.own = Client(demo.stack.url, demo.stack.platform.token(CONTOSO.id, "user", self.member.id))
        self.connected = sum(state == "connected" for state in self.states().values())

    def tell(self) -> None:
        """All of it."""
        self.disconnection()
        self.policy()
        self.one_member()
        self.teardown()

    def disconnection(self) -> None:
        """A member leaves, stays out, and comes back."""
        self.demo.story.chapter(f"Admins govern, members decide: {self.member.name} disconnects")
        answer = self.mine("DELETE", "")
        kept = sum(self.member.id in row for table, row in self.rows() if table == "Calendars")
        self.check(
            answer["state"] == "user_disconnected" and not kept, "done; what was read of their calendar is gone"
        )
        self.demo.stack.run_now("resync")
        self.demo.backend.put_roster(CONTOSO.members)
        stays = self.states()[self.member.id] == "user_disconnected"
        self.check(stays, "a resync and a new roster later they are still out")
        self.mine("POST", "/reconnect")
        waited = wait_for(lambda: self.demo.is_true(self.member.id), PATIENCE)
        self.check(waited is not None, f"they come back: connected and equal to Outlook {waited or 0:.1f} s later")

    def policy(self) -> None:
        """Tried out, then changed."""
        self.demo.story.chapter("An admin tries a policy, then sets it: only busy and out of office count")
        wish = {"busy_statuses": COUNTED}
        tried = self.call("POST", "/api/outlook/policy/preview", wish)
        self.check(tried["effect"]["busy_times"] == self.connected, f"preview: {tried['effect']['sentences'][0]}")
        before = self.call("GET", "/api/outlook/policy")["busy_statuses"]
        changed = self.call("PATCH", "/api/outlook/policy", wish)
        self.check(before != COUNTED and changed == tried, "nothing changed by that; the change then says the same")

    def one_member(self) -> None:
        """Checked, and a time explained."""
        self.demo.story.chapter(f"Somebody asks about {self.member.name}")
        steps: list[Json] = []

        def good() -> bool:
            """A calendar that is just being read is another one's; asked a moment later, it is good too."""
            steps[:] = self.call("POST", f"/api/outlook/members/{self.member.id}/check")["steps"]
            return len(steps) == 5 and all(step["ok"] for step in steps)

        checked = wait_for(good, PATIENCE, pause=1)
        self.check(checked is not None, f"check now: {', '.join(step['name'] for step in steps)}: all good")
        self.explanation()

    def explanation(self) -> None:
        """Why a time is open though something is in the calendar."""
        at = tomorrow(15) + timedelta(days=50)
        self.demo.microsoft.create_event(CONTOSO.tenant_id, self.user, event(at, 60, "tentative"))
        span = f"start={at:%FT%TZ}&end={at + timedelta(hours=1):%FT%TZ}"
        path = f"/api/members/{self.member.id}/explain?{span}"
        parts: list[Json] = []

        def explained() -> bool:
            parts[:] = self.call("GET", path)["parts"]
            return bool(parts[0]["reasons"])

        wait_for(explained, PATIENCE)
        said = " ".join(reason["text"] for part in parts for reason in part["reasons"])
        is_right = all(part["is_open"] for part in parts) and "does not count" in said and SECRET not in str(parts)
        self.check(is_right, f"explain {at:%a %H:%M}: open. {said} No title is in it.")

    def teardown(self) -> None:
        """Nothing is left but the audit trail."""
        self.demo.story.chapter("The admin disconnects the tenant")
        path = f"/api/outlook/tenants/{CONTOSO.tenant_id}"
        seen = self.call("GET", f"{path}/disconnect-preview")
        self.check(
            seen["connected"] == seen["without_calendar"] == self.connected,
            f"preview: {seen['connected']} calendars, {seen['without_calendar']} members are left without one",
        )
        self.call("DELETE", path)
        waited = wait_for(lambda: not self.admin.tenants(), PATIENCE)
        self.check(waited is not None, f"done by itself in {waited or PATIENCE:.1f} s")
        subscriptions = len(self.demo.microsoft.subscriptions(CONTOSO.tenant_id))
        tables = Counter(table for table, _ in self.rows())
        left = subscriptions + tables["Calendars"] + tables["Mailboxes"]
        self.check(
            not left,
            f"left: {subscriptions} subscriptions at Microsoft, {tables['Calendars']} calendars, "
            f"{tables['Mailboxes']} mailboxes",
        )
        told = wait_for(lambda: self.demo.stack.platform.events.states(CONTOSO.id)[-1:] == ["disconnected"], PATIENCE)
        self.check(told is not None, "the platform heard it")
        entries = self.call("GET", "/api/outlook/audit")["entries"]
        kept = {entry["action"] for entry in entries}
        whole = {"tenant.connected", "connection.disconnected", "policy.changed", "tenant.disconnected"} <= kept
        self.check(whole, f"kept: {tables['Audit']} entries of the audit trail, who did what from the first link on")

    def states(self) -> dict[str, str]:
        """Everybody's state."""
        return {member["id"]: member["state"] for member in self.admin.members()}

    def rows(self) -> list[tuple[str, str]]:
        """All rows of all tables."""
        return list(contents(self.demo.stack.azurite.connection_string))

    def call(self, method: str, path: str, body: Any = None) -> Json:
        """What the admin's call is answered."""
        answer = self.admin.call(method, path, body)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def mine(self, method: str, what: str) -> Json:
        """The member's own connection after their own call."""
        answer = self.own.call(method, f"/api/me/connections/managed{what}")
        answer.raise_for_status()
        found: Json = answer.json()["connections"][0]
        return found
