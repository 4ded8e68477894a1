"""What must hold for every mailbox once all is at rest; each finding says what is wrong, with the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from local import truth
from local.kills.customer import ZONE, Customer
from local.kills.rest import work_left
from local.microsoft.organization import Member
from local.stack import Stack
from shared.bootstrap import Services
from shared.model import Mailbox
from shared.settings import Settings

DAYS = 60


def wrong_calendars(customer: Customer, now: datetime | None = None) -> list[str]:
    """Members whose answer is not fresh, or not what Outlook says of the next days."""
    rows, start = stored_mailboxes(customer), (now or datetime.now(UTC)).replace(microsecond=0)
    return [finding for member in customer.members for finding in _calendar(customer, member, start, rows)]


def wrong_subscriptions(customer: Customer) -> list[str]:
    """Mailboxes that do not have exactly one live subscription, the one in the books."""
    live = defaultdict(list)
    for subscription in customer.microsoft.subscriptions(customer.tenant):
        if subscription["active"]:
            live[subscription["user_id"]].append(subscription["id"])
    rows = stored_mailboxes(customer)
    booked = {object_id: row.push.subscription_id for object_id, row in rows.items()}
    return [
        f"{address}: live subscriptions {live[object_id]}, in the books {booked.get(object_id)}"
        for address, object_id in customer.object_ids.items()
        if live[object_id] != [booked.get(object_id)]
    ]


def wrong_members(customer: Customer) -> list[str]:
    """Members who are not connected."""
    return [f"{member} is {state}" for member, state in customer.unconnected().items()]


def messages_left(stack: Stack) -> list[str]:
    """Queues that are not empty, poison queues included, and dead letters."""
    letters = _services(stack).tables.dead_letters.everything()
    waiting = [f"{count} left in {name}" for name, count in work_left(stack).items()]
    return waiting + [f"dead letter: {row.value}" for row in letters]


def stored_mailboxes(customer: Customer) -> dict[str, Mailbox]:
    """The product's rows, by object id."""
    mailboxes = _services(customer.stack).tables.mailboxes.of_tenant(customer.tenant)
    return {mailbox.key.object_id: mailbox for mailbox in mailboxes}


def _services(stack: Stack) -> Services:
    """The product's own parts, as the running service has them."""
    return Services(Settings.from_env(stack.settings))


def _calendar(customer: Customer, member: Member, start: datetime, rows: dict[str, Mailbox]) -> Iterator[str]:
    end = start + timedelta(days=DAYS)
    [address] = member.addresses
    events = customer.microsoft.events(customer.tenant, address, start - timedelta(days=2), end + timedelta(days=2))
    answer = customer.backend.busy(member.id, start, end)
    said, outlook = truth.answered(answer), truth.taken(events, start, end, ZONE)
    if answer["freshness"] != "fresh" or said != outlook:
        missing, extra = sorted(set(outlook) - set(said)), sorted(set(said) - set(outlook))
        yield (
            f"{address}: {answer['freshness']}, read at {answer.get('read_at')}; missing {_shown(missing)}; "
            f"too much {_shown(extra)}; row {rows.get(customer.object_ids[address])}"
        )


def _shown(blocks: list[truth.Block]) -> str:
    listed = [f"{start:%m-%d %H:%M}-{end:%H:%M} {status}" for start, end, status in blocks]
    return ", ".join(listed) or "nothing"
