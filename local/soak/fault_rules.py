"""What goes wrong at Microsoft, on the way from there, and with our own process."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from local.microsoft.faults import Fault, NotificationFault
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.graph.subscriptions import forget, remove_subscription
from local.microsoft.world import Subscription
from local.soak.base import Base
from local.soak.platform import SILENCE

PLACES = [
    "/users/*/calendarView",
    "/me/calendarView",
    "/$batch",
    "/subscriptions",
    "/subscriptions/*",
    "/users/delta",
    "/users",
    "/users/*",
]
ANSWERS: dict[str, dict[str, Any]] = {
    "401": {"status": 401, "code": "InvalidAuthenticationToken"},
    "403": {"status": 403},
    "404 user": {"status": 404, "code": "ErrorInvalidUser"},
    "404 item": {"status": 404, "code": "ErrorItemNotFound"},
    "404 mailbox": {"status": 404, "code": "MailboxNotEnabledForRESTAPI"},
    "429": {"status": 429},
    "429 soon": {"status": 429, "retry_after": 5},
    "429 later": {"status": 429, "retry_after": 300},
    "500": {"status": 500},
    "503": {"status": 503, "retry_after": 10},
    "504": {"status": 504},
    "504 done": {"status": 504, "after_write": True},
    "html": {"status": 502, "html": True},
    "html as 200": {"status": 200, "html": True},
    "empty as 200": {"status": 200, "body": "{}"},
    "reset": {"reset": True},
}
SIGN_IN: dict[str, dict[str, Any]] = {
    "token 500": {"status": 500},
    "token 429": {"status": 429, "retry_after": 7},
    "token reset": {"reset": True},
    "token html": {"status": 502, "html": True},
}
REFUSALS: dict[str, tuple[int, dict[str, str]]] = {
    "500": (500, {}),
    "302": (302, {"Location": "/elsewhere"}),
    "410": (410, {}),
    "429 later": (429, {"Retry-After": "900"}),
    "no answer": (SILENCE, {}),
}
TIMES = st.sampled_from([1, 1, 2, 5, 20])


class FaultRules(Base):
    """Faults."""

    @rule(place=st.sampled_from(PLACES), kind=st.sampled_from(sorted(ANSWERS)), skip=st.integers(0, 2), times=TIMES)
    def spoil_answers(self, place: str, kind: str, skip: int, times: int) -> None:
        """Graph answers some requests wrongly."""
        self.history.own.refused |= kind == "401"
        self._raise(f"{place} {kind}", Fault(place, skip=skip, times=times, **ANSWERS[kind]))

    @rule(place=st.sampled_from(["token", "discovery"]), kind=st.sampled_from(sorted(SIGN_IN)), times=TIMES)
    def spoil_sign_in(self, place: str, kind: str, times: int) -> None:
        """Entra answers some requests wrongly."""
        self._raise(kind, Fault(place, times=times, **SIGN_IN[kind]))

    @rule(twist=st.sampled_from(["empty_page", "duplicates", "replay", "late", "expired"]))
    def twist_directory(self, twist: Any) -> None:
        """A directory round is odd."""
        self._raise(f"delta {twist}", Fault("/users/delta", twist=twist))

    @rule(
        kind=st.sampled_from(
            ["drop", "duplicate", "reorder", "delay", "wrong_client_state", "no_client_state", "unknown_subscription"]
        ),
        seconds=st.sampled_from([30, 900, 10_000]),
        times=TIMES,
    )
    def spoil_notifications(self, kind: Any, seconds: int, times: int) -> None:
        """Notifications get lost, doubled, reordered, late or forged."""
        self._raise(f"notification {kind}", NotificationFault(kind, delay_seconds=seconds, times=times))

    @rule(posts=st.integers(1, 4))
    def fail_posts(self, posts: int) -> None:
        """Our queue is down for some posts."""
        self.history.census.faults["queue down"] += 1
        self.history.host.failing_posts = posts

    @rule(kind=st.sampled_from(sorted(REFUSALS)), times=st.sampled_from([1, 2, 5, 1000]), deaf=st.booleans())
    def refuse_events(self, kind: str, times: int, deaf: bool) -> None:
        """The platform does not take events, or takes them and does not say so."""
        self.history.census.faults[f"event {kind}"] += 1
        status, headers = REFUSALS[kind]
        self.history.platform.refuse(status, times, deaf=deaf, **headers)

    @rule()
    def lift(self) -> None:
        """Everything works again."""
        self.history.outlook.do(self.history.outlook.world.faults.clear)
        self.history.host.failing_posts = 0
        self.history.platform.refusals = 0

    @precondition(lambda self: self.history.outlook.world.subscriptions)
    @rule(
        which=st.integers(0, 3),
        how=st.sampled_from(["expired", "forgotten", "removed", "missed", "reauthorizationRequired"]),
    )
    def disturb_subscription(self, which: int, how: Any) -> None:
        """A subscription ends, silently or not, or Graph has something to say about it."""
        world = self.history.outlook.world
        known = list(world.subscriptions.values())
        self.history.census.faults[f"subscription {how}"] += 1
        self.history.outlook.do(lambda: self._disturb(known[which % len(known)], how))

    def _disturb(self, subscription: Subscription, how: Any) -> None:
        world = self.history.outlook.world
        if how == "expired":
            subscription.expires_at = world.clock.now()
        elif how == "forgotten":
            forget(world, subscription)
        elif how == "removed":
            remove_subscription(world, subscription.id)
        else:
            delivery_of(world).lifecycle(subscription, how)

    def _raise(self, kind: str, fault: Fault | NotificationFault) -> None:
        self.history.census.faults[kind] += 1
        self.history.outlook.do(lambda: self.history.outlook.world.faults.add(fault))
