"""An organization's policy: read, tried out, changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from shared.callers import Caller
from shared.messages import DirectorySync
from shared.model import Policy, Scope
from shared.policy import Effect, effect
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.tables import Tables

Change = Callable[[Policy], Policy]


class Governance:
    """Reads and changes policies.

    The policy is written first, behind the audit trail; the next look at any of the organization's tenants makes
    connections follow.
    """

    def __init__(self, tables: Tables, queues: Queues, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._queues = queues
        self._now = now

    def policy(self, org: str) -> Policy:
        """What holds now."""
        return self._tables.policies.of(org)

    def preview(self, org: str, change: Change) -> tuple[Policy, Effect]:
        """The policy as it would be, and how many members that touches. Changes nothing."""
        before = self.policy(org)
        after = change(before)
        return after, self._effect(org, before, after)

    def change(self, caller: Caller, change: Change) -> tuple[Policy, Effect]:
        """The policy as it is now, and how many members that touches."""
        before = self.policy(caller.org)
        for name, detail in differences(before, change(before)):
            self._tables.audit.record(caller.org, Entry(self._now(), caller.subject, "policy.changed", name, detail))
        after = self._tables.policies.change(caller.org, change)
        for row in self._tables.tenants_of(caller.org) if after != before else ():
            self._queues.send(DirectorySync(caller.org, row.key, self._now()))
        return after, self._effect(caller.org, before, after)

    def _effect(self, org: str, before: Policy, after: Policy) -> Effect:
        members = [row.value for row in self._tables.members.rows(org)]
        connections = {row.key: row.value for row in self._tables.connections.rows(org)}
        choices = {row.key: row.value for row in self._tables.choices.rows(org)}
        own = {row.key for row in self._tables.own_connections.rows(org) if not row.value.is_over}
        return effect(before, after, members, connections, choices, own)


def differences(before: Policy, after: Policy) -> Iterator[tuple[str, str]]:
    """What changed, as the audit trail keeps it: the rule's name, what it was and what it is."""
    for rule in fields(Policy):
        was, is_now = getattr(before, rule.name), getattr(after, rule.name)
        if was != is_now:
            yield rule.name, f"{_said(was)} -> {_said(is_now)}"


MOST_LISTED = 20
"""Of a scope's names in the audit trail."""


def _listed(names: Collection[str]) -> str:
    some = ",".join(sorted(names)[:MOST_LISTED]) or "none"
    return some if len(names) <= MOST_LISTED else f"{some} and {len(names) - MOST_LISTED} more"


def _said(value: Any) -> str:
    match value:
        case None:
            return "everybody"
        case bool():
            return "yes" if value else "no"
        case Scope():
            return f"domains {_listed(value.domains)}; members {_listed(value.members)}"
        case tuple():
            return ",".join(value) or "nothing"
    return str(value)
