"""One member's connection gone through step by step, now, with what came of each step; and an account of their own.

The same code as always does the work: what a check mends is mended, and what it says is what would happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from shared.calendar_sync import CalendarSyncs
from shared.check_steps import Step, account_of, decision, match_of, push_of, reading_of
from shared.choices import Choices, Standing
from shared.directory_sync import is_held
from shared.errors import AccessLost, EntityChanged, MicrosoftError
from shared.messages import CalendarSync, DirectorySync, Reason
from shared.model import ConnectionStatus, MailboxKey, MemberKey, Tenant
from shared.policy import kept_out
from shared.rematch import Rematch
from shared.states import TENANTS
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.tables import Tables

AFTERWARDS = timedelta(minutes=5)
"""When what a check did to a tenant that went meanwhile is cleared up."""
TRIES = 3
"""How often a look at the directory is repeated when somebody else writes the same connection."""


class Checks:
    """Checks single members."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        choices: Choices,
        rematch: Rematch,
        calendar_syncs: CalendarSyncs,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._choices = choices
        self._rematch = rematch
        self._calendar_syncs = calendar_syncs
        self._now = now

    def run(self, org: str, actor: str, member_id: str) -> tuple[Standing, list[Step]]:
        """Go through everything; how the member stands afterwards. Raises `NotFound`."""
        self._choices.standing(org, member_id)
        self._tables.audit.record(org, Entry(self._now(), actor, "member.checked", member_id))
        steps = [*self._managed(org, member_id), *self._own(MemberKey(org, member_id))]
        return self._choices.standing(org, member_id), steps

    def _managed(self, org: str, member_id: str) -> Iterator[Step]:
        standing = self._choices.standing(org, member_id)
        yield decision(standing)
        if kept_out(standing.member, standing.choice, standing.policy) is not None:
            return
        tenants = [row.value for row in self._tables.tenants_of(org)]
        if not tenants:
            yield Step("tenant", False, "No tenant is connected.", "Make an activation link for the Microsoft admin.")
        for tenant in tenants:
            yield self._directory(org, tenant, member_id)
        standing = self._choices.standing(org, member_id)
        yield match_of(standing)
        key = standing.connection.active_mailbox if standing.connection else None
        if key is not None:
            yield from self._mailbox(key)

    def _own(self, owner: MemberKey) -> Iterator[Step]:
        """How the account that the member connected stands once its calendar was read, and what the read came to.

        Where the sign-in has ended, nobody is asked: only the member can mend that.
        """
        own = self._tables.own_connection(owner)
        if own is None:
            return
        is_open = own.status is not ConnectionStatus.RECONNECT_REQUIRED
        read = list(self._mailbox(own.mailbox)) if is_open else []
        row = self._tables.connections.get(*owner)
        yield account_of(self._tables.own_connection(owner) or own, row.value if row else None)
        yield from (step._replace(name=f"own {step.name}") for step in read)

    def _directory(self, org: str, tenant: Tenant, member_id: str) -> Step:
        name = f"directory of {tenant.domains[0] if tenant.domains else tenant.id}"
        if tenant.status.is_lost:
            return Step(name, False, *TENANTS[tenant.status])
        if not tenant.may_be_searched:
            return Step(name, False, "The directory has not been read yet.", "Wait a minute.")
        if is_held(tenant, self._now()):
            return Step(name, False, "Microsoft asked to leave the directory alone.", "Try again in a minute.")
        try:
            self._match(org, tenant, member_id)
        except AccessLost as lost:
            return Step(name, False, *TENANTS[lost.status])
        except MicrosoftError as problem:
            return Step(name, False, f"Microsoft did not answer ({problem.code}).", "Try again in a minute.")
        return Step(name, True, "The directory was asked for the member.")

    def _match(self, org: str, tenant: Tenant, member_id: str) -> None:
        """Look the member up. The tenant may go meanwhile: a message comes that clears up behind us then."""
        self._queues.send(DirectorySync(org, tenant.id, self._now()), AFTERWARDS)
        for attempt in range(1, TRIES + 1):
            row = self._tables.tenants.get(org, tenant.id)
            if row is None or not row.value.may_be_searched:
                return
            try:
                self._rematch.one(org, row.value, member_id)
            except EntityChanged:
                if attempt == TRIES:
                    raise
            else:
                return

    def _mailbox(self, key: MailboxKey) -> Iterator[Step]:
        began = self._now()
        before = self._tables.mailboxes.row(key)
        self._calendar_syncs.run(CalendarSync(key.tenant_id, (key.object_id,), began, Reason.CHANGED))
        row = self._tables.mailboxes.row(key)
        if row is None:
            yield Step("calendar", False, "Somebody else is changing the connection.", "Try again in a moment.")
            return
        yield reading_of(row.value, before.value if before else None, began)
        yield push_of(row.value, began)
