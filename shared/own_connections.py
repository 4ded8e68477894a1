"""Members connect, connect anew and disconnect an Outlook account of their own.

1. One own connection for each member. Its calendar counts beside the managed one's; the same one twice is refused.
2. Whoever connects their own while no managed calendar is connected keeps it that way: the managed one stays out
   until the own one is disconnected, and then connects by itself. Whoever has the managed one keeps both.
3. Where the policy allows no own connections there are no new ones. Those that are there stay, and may be signed in
   again with the same account.
4. A connection is one row, written when its tokens are there, which says too whether the managed one is to stay out;
   disconnecting, it says first that it is over. Whatever stops in between, the schedule finishes it or takes it back,
   and doing it again ends the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from shared.bookings.agenda import left_behind
from shared.callers import Caller
from shared.choices import Choices
from shared.connections import Connections
from shared.errors import EntityChanged, Forbidden, MemberRefusal, NotFound
from shared.freebusy import never_read
from shared.messages import CalendarSync, EventDelivery, Reason, Subject
from shared.model import (
    DEFAULT,
    PERSONAL,
    ConnectionKey,
    ConnectionStatus,
    Mailbox,
    MailboxKey,
    MemberKey,
    OwnConnection,
    Push,
    own_mailbox,
)
from shared.personal_attempts import Arrival, PersonalAttempts
from shared.platform_events import OVERDUE
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.tables import Tables
from shared.storage.token_vault import TokenVault
from shared.subscriptions import Pushes
from shared.tickets import Departure

NOT_ALLOWED = "Your organization's admins do not let members connect accounts of their own."


class OwnConnections:
    """Makes, renews and ends members' own connections."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        vault: TokenVault,
        attempts: Callable[[], PersonalAttempts],
        pushes: Callable[[], Pushes],
        choices: Choices,
        connections: Connections,
        now: Callable[[], datetime],
    ) -> None:
        """What speaks to Microsoft is made when it is needed."""
        self._tables = tables
        self._queues = queues
        self._vault = vault
        self._attempts = attempts
        self._pushes = pushes
        self._choices = choices
        self._connections = connections
        self._now = now

    def of(self, owner: MemberKey) -> OwnConnection | None:
        """The member's own connection."""
        return self._tables.own_connection(owner)

    def begin(self, caller: Caller) -> Departure:
        """Send the caller to Microsoft. Raises `NotFound`, `Forbidden` where the policy lets them not, `TryLater`."""
        owner = MemberKey(caller.org, caller.subject)
        if not self._choices.standing(*owner).policy.members_may_connect_personal and self.of(owner) is None:
            raise Forbidden(NOT_ALLOWED, "policy")
        return self._attempts().begin(owner)

    def finish(self, answer: Mapping[str, str], browser: str) -> None:
        """Connect the account that somebody came back with. Raises `Refusal`, `TryLater`, `CredentialRejected`."""
        arrival = self._attempts().finish(answer, browser)
        owner, person = arrival.member, arrival.account.person
        account, before = MailboxKey(person.tenant_id, person.object_id), self.of(owner)
        try:
            standing = self._choices.standing(*owner)
        except NotFound:
            raise MemberRefusal("not_a_member", owner) from None
        is_anew = before is not None and before.account == account
        if not standing.policy.members_may_connect_personal and not is_anew:
            raise MemberRefusal("not_allowed", owner)
        managed = standing.connection.active_mailbox if standing.connection else None
        if managed == account:
            raise MemberRefusal("already_connected", owner)
        keeps_out = managed is None or (before is not None and before.is_unsettled)
        self._connect(arrival, account, before, keeps_out=keeps_out)
        if keeps_out:
            self._choices.prefer_own(owner)
        self._read(own_mailbox(owner))

    def _connect(
        self, arrival: Arrival, account: MailboxKey, before: OwnConnection | None, *, keeps_out: bool
    ) -> None:
        """Mailbox, tokens, row, in this order; then the mailbox is due, whatever was found out before."""
        owner, key, person = arrival.member, own_mailbox(arrival.member), arrival.account.person
        generation, now = secrets.randbits(53), self._now()
        named = f"{account.tenant_id}/{account.object_id}"
        self._tables.audit.record(
            owner.org, Entry(now, owner.member, "connection.own_connected", owner.member, named)
        )
        is_same = before is not None and before.account == account
        if not is_same:
            self._end_subscription(key)
            # Bookings in the account before are in no calendar that is read: they are not taken for deleted.
            self._tables.calendars.change_agenda(owner, lambda agenda: left_behind(agenda, key))
            self._tables.calendars.begin_anew(owner, key, never_read(now))
        self._tables.mailboxes.change(key, lambda mailbox: due_anew(mailbox, key, owner, now, keep_push=is_same))
        self._tables.calendars.replace(owner, key, {DEFAULT: never_read(now)})
        self._vault.entry(ConnectionKey(*owner, PERSONAL), generation).put(arrival.account.cache)
        connected = OwnConnection(
            owner.member, key, account, person.username, generation, ConnectionStatus.CONNECTING, now,
            is_unsettled=keeps_out,
        )  # fmt: skip
        self._tables.own_connections.put(*owner, connected)
        self._tables.mailboxes.change(key, lambda mailbox: due_anew(mailbox, key, owner, now, keep_push=is_same))

    def disconnect(self, caller: Caller) -> None:
        """Forget the caller's own connection and all that was read by it. Raises `NotFound`."""
        owner = MemberKey(caller.org, caller.subject)
        self._choices.standing(*owner)
        if self._tables.own_connections.get(*owner) is None and not self._is_left_over(owner):
            raise NotFound("There is no such connection.")
        if self.of(owner) is not None:
            self._tables.audit.record(
                owner.org, Entry(self._now(), caller.subject, "connection.own_disconnected", owner.member)
            )
        self._end_subscription(own_mailbox(owner))
        self._retire(owner)
        self.clear_away(owner)

    def clear_away(self, owner: MemberKey) -> None:
        """Finish an end, or take back a beginning, of which a mailbox is left and no connection. Raises `NotFound`.

        The mailbox goes last: by it the schedule finds what a process did not come to.
        """
        if self.of(owner) is not None:
            return
        self._choices.leave_own(owner)
        self._vault.delete(ConnectionKey(*owner, PERSONAL))
        self._choices.let_in(*owner)
        self._let_go(owner)

    def forget(self, owner: MemberKey) -> None:
        """Remove what is kept of the own connection of somebody who left the roster; there may be none."""
        if self._tables.own_connections.get(*owner) is None and not self._is_left_over(owner):
            return
        self._end_subscription(own_mailbox(owner))
        self._choices.leave_own(owner)
        self._vault.delete(ConnectionKey(*owner, PERSONAL))
        self._tables.own_connections.delete(*owner)
        self._let_go(owner)

    def _is_left_over(self, owner: MemberKey) -> bool:
        """Whether an earlier call was cut short when the row was gone."""
        mailbox = self._mailbox(own_mailbox(owner))
        return mailbox is not None and owner in mailbox.members

    def _mailbox(self, key: MailboxKey) -> Mailbox | None:
        """The mailbox; one whose row is broken holds nobody up."""
        return self._tables.mailboxes.some([key]).get(key)

    def _retire(self, owner: MemberKey) -> None:
        """Have the row say that it is over, and go once the platform has heard that.

        The message that tells is sent before, so that it comes whatever becomes of this process.
        """
        if self.of(owner) is not None:
            self._queues.send(EventDelivery(owner.org, Subject.OWN_CONNECTION, (owner.member,)), OVERDUE)
        while (row := self._tables.own_connections.get(*owner)) is not None and not row.value.is_over:
            ended = ConnectionStatus.USER_DISCONNECTED
            with suppress(EntityChanged):
                over = replace(row.value, status=ended, detail=None, changed_at=self._now())
                self._tables.own_connections.retire(row, over)

    def _let_go(self, owner: MemberKey) -> None:
        """The mailbox is nobody's any more; a message comes that removes it, behind any read under way."""
        key = own_mailbox(owner)
        self._tables.calendars.forget(owner, key)
        if self._mailbox(key) is not None:
            self._connections.leave(key, owner)
            self._read(key)

    def _end_subscription(self, key: MailboxKey) -> None:
        """At Microsoft, if it can be asked; else it tells of a mailbox that is nobody's, until it ends by itself.

        The mailbox is due before that: should nothing more come of this, it gets another one.
        """
        mailbox, now = self._mailbox(key), self._now()
        if mailbox is not None and mailbox.push.subscription_id is not None:
            self._tables.mailboxes.change(key, lambda m: m and replace(m, push=Push(), due_at=now))
            self._pushes().stop(mailbox)

    def _read(self, key: MailboxKey) -> None:
        self._queues.send(CalendarSync(key.tenant_id, (key.object_id,), self._now(), Reason.CHANGED))


def due_anew(
    mailbox: Mailbox | None, key: MailboxKey, owner: MemberKey, now: datetime, *, keep_push: bool
) -> Mailbox:
    """A mailbox whose member has just signed in: nothing that was found out before counts.

    The subscription that the same account had is looked at first; it may have ended with the sign-in before.
    """
    known = mailbox.push if mailbox and keep_push else Push()
    push = replace(known, retry_at=now) if known.subscription_id else Push()
    return Mailbox(key, (owner,), push, due_at=now)
