"""What goes wrong on purpose: rules that a test or the control API raises, each used up as it strikes.

Two queues. A `Fault` spoils HTTP answers; its `twist` spoils only the content of a delta round. A
`NotificationFault` spoils the delivery of change notifications.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Literal
from uuid import uuid4

Twist = Literal["empty_page", "duplicates", "replay", "late", "expired"]
NotificationKind = Literal[
    "drop", "duplicate", "reorder", "delay", "wrong_client_state", "no_client_state", "unknown_subscription"
]


@dataclass
class Fault:
    """One rule about requests. Everything left at None matches, or changes nothing."""

    where: str
    """Path glob without `/v1.0`: `*` is one segment, `**` any number (`/users/*/calendarView`). Entra's places
    are words: `token`, `authorize`, `adminconsent`, `discovery`, `keys`, `identity`."""
    tenant: str | None = None
    user: str | None = None
    """User as in the path (object id or user principal name)."""
    method: str | None = None
    status: int | None = None
    """HTTP status of the spoilt answer; None with `delay_seconds` only slows the true answer down."""
    code: str | None = None
    """Graph's `error.code`, or at `token` the OAuth `error`."""
    message: str | None = None
    error_number: int | None = None
    """The AADSTS number, at `token`."""
    suberror: str | None = None
    claims: str | None = None
    """A Conditional Access challenge, at `token`."""
    retry_after: int | None = None
    body: str | None = None
    """The raw answer in place of an error object."""
    html: bool = False
    """Answer with an HTML page, as gateways in front of Graph do."""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0
    """Real seconds to wait before anything else."""
    reset: bool = False
    """Close the connection without an answer."""
    after_write: bool = False
    """Do the work first, then answer with the fault: the response got lost."""
    late_seconds: float | None = None
    """Answer with the fault at once (504 unless it says otherwise) and do the work only that many simulated seconds
    later: a time-out whose write does happen, after all. `POST /delivery/idle` waits for those that are due."""
    twist: Twist | None = None
    """Spoil the content of a delta round and leave status and headers alone."""
    skip: int = 0
    """Let this many matching requests pass first (a fault in the middle of a round)."""
    times: int | None = 1
    """How often the rule strikes; None is for ever."""
    id: str = field(default_factory=lambda: uuid4().hex)

    def matches(self, where: str, tenant: str | None, user: str | None, method: str | None) -> bool:
        """Whether the rule speaks about this request."""
        return (
            _pattern(self.where).fullmatch(where) is not None
            and _same(self.tenant, tenant)
            and _same(self.user, user)
            and _same(self.method, method)
        )


@dataclass
class NotificationFault:
    """One rule about change notifications on their way to the subscriber."""

    kind: NotificationKind
    tenant: str | None = None
    user: str | None = None
    delay_seconds: float = 0
    """For `delay`: simulated seconds."""
    times: int | None = 1
    id: str = field(default_factory=lambda: uuid4().hex)


@dataclass
class Faults:
    """All rules in force, oldest first; the first match of a queue strikes."""

    requests: list[Fault] = field(default_factory=list)
    notifications: list[NotificationFault] = field(default_factory=list)

    def add(self, fault: Fault | NotificationFault) -> str:
        """Put a rule in force; returns its id."""
        if isinstance(fault, Fault):
            self.requests.append(fault)
        else:
            self.notifications.append(fault)
        return fault.id

    def take(
        self, where: str, tenant: str | None = None, user: str | None = None, method: str | None = None
    ) -> Fault | None:
        """The rule that strikes this request, counted down; None when all is well."""
        for fault in self.requests:
            if fault.twist is None and fault.matches(where, tenant, user, method) and not _skipped(fault):
                self._count_down(fault)
                return fault
        return None

    def take_twist(self, twist: Twist, where: str, tenant: str | None = None, user: str | None = None) -> bool:
        """Whether this delta page must be spoilt in this way; counts the rule down."""
        for fault in self.requests:
            if fault.twist == twist and fault.matches(where, tenant, user, None) and not _skipped(fault):
                self._count_down(fault)
                return True
        return False

    def take_notification(self, tenant: str, user: str) -> list[NotificationFault]:
        """Every rule that strikes this notification, each counted down once."""
        struck = [f for f in self.notifications if _same(f.tenant, tenant) and _same(f.user, user)]
        for fault in struck:
            self._count_down(fault)
        return struck

    def clear(self, fault_id: str | None = None) -> int:
        """Lift one rule, or all; returns how many there were."""
        before = len(self.requests) + len(self.notifications)
        self.requests = [f for f in self.requests if fault_id is not None and f.id != fault_id]
        self.notifications = [f for f in self.notifications if fault_id is not None and f.id != fault_id]
        return before - len(self.requests) - len(self.notifications)

    def _count_down(self, fault: Fault | NotificationFault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times <= 0:
            self.clear(fault.id)


def _skipped(fault: Fault) -> bool:
    if fault.skip <= 0:
        return False
    fault.skip -= 1
    return True


def _same(wanted: str | None, given: str | None) -> bool:
    return wanted is None or (given is not None and wanted.lower() == given.lower())


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """The glob as a regular expression; paths are compared without regard to case, as Graph does."""
    pieces = re.split(r"(\*\*|\*)", glob)
    wild = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(wild.get(piece) or re.escape(piece) for piece in pieces), re.IGNORECASE)
