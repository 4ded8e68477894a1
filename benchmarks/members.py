"""Lists of members against reading the rows they need with nothing on top.

Why: an admin of 10,000 members opens the list, leafs through it, looks for somebody and takes it along as a file.
Members, connections and mailboxes are three tables, without an index beside them. Each answer stands beside the raw
read: the SDK's own queries for the same rows, unfiltered by us and not decoded into values. What the answer adds is
merging, filtering, searching and shaping; through HTTP, the host and the answer's JSON too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from azure.data.tables import TableClient

from benchmarks.busy import call
from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, in_turns
from benchmarks.world import NO_TIMER, Place, product
from shared.bootstrap import Services
from shared.functions.cursors import cursor_of
from shared.member_filter import Wanted
from shared.model import Connection, ConnectionStatus, Mailbox, MailboxKey, Member, MemberKey, Tenant, TenantStatus
from shared.settings import Settings
from shared.storage.service import table_service

MEMBERS = 10_000
RARE = 200
"""Every so manyth member is ambiguous."""
ROUNDS = 5
PAGE = 50
TENANT = "7f1c0f0e-0d6c-4b8c-9c61-0a6f2b7f2d11"
LOOK = "RowKey,json0"


def run() -> None:
    """Measure and print."""
    heading(f"Lists of {MEMBERS:,} members, pages of {PAGE}, {ROUNDS} each, in turns")
    progress("starting the product and writing the rows")
    with product(1, NO_TIMER) as place:
        services = Services(Settings.from_env(place.stack.settings))
        org = place.generated.organization.id
        fill(services, org)
        rows = [row for case in cases(services, org) for row in _measure(case, place)]
    table(("", "raw read", "in process", "ratio", "through HTTP", "ratio"), rows)
    note("Raw: query_entities and get_entity of the SDK for the same rows, one after the other.")


@dataclass(frozen=True)
class Case:
    """One question, the rows it needs, and how it is asked through the API."""

    name: str
    raw: Callable[[], object]
    ours: Callable[[], object]
    path: str
    accept: str = "application/json"


def _measure(case: Case, place: Place) -> Iterable[tuple[str, ...]]:
    progress(case.name)
    headers = {"Authorization": f"Bearer {place.token('admin')}", "Accept": case.accept}
    actions = {"raw": case.raw, "ours": case.ours, "http": call(f"{place.stack.url}{case.path}", 200, headers)}
    taken = in_turns(actions, ROUNDS)
    yield case.name, milliseconds(taken["raw"].median), *_beside(taken, "ours"), *_beside(taken, "http")


def _beside(taken: dict[str, Timings], name: str) -> tuple[str, str]:
    return milliseconds(taken[name].median), times(taken[name].median / taken["raw"].median)


def cases(services: Services, org: str) -> list[Case]:
    """What is compared."""
    raw, path = Raw(services, org), "/api/outlook/members"
    middle, end = _id(MEMBERS // 2), _id(MEMBERS - PAGE - 1)
    tenants = services.members.tenants(org)
    page = lambda wanted, after=None: services.member_list.page(org, wanted, tenants, after, PAGE)  # noqa: E731
    ambiguous = Wanted(state=ConnectionStatus.AMBIGUOUS)
    few, many = Wanted.of(None, None, "person 04711"), Wanted.of(None, None, "contoso")
    everybody = partial(services.member_list.everybody, org, Wanted(), tenants)
    return [
        Case("first page", partial(raw.page, ""), partial(page, Wanted()), path),
        Case(
            "page in the middle",
            partial(raw.page, middle),
            partial(page, Wanted(), middle),
            f"{path}?cursor={_cursor(middle)}",
        ),
        Case("last page", partial(raw.page, end), partial(page, Wanted(), end), f"{path}?cursor={_cursor(end)}"),
        Case("page of a rare state", raw.rare, partial(page, ambiguous), f"{path}?state=ambiguous"),
        Case("search that finds one", raw.all, partial(page, few), f"{path}?q=person+04711"),
        Case("search that finds all", partial(raw.page, ""), partial(page, many), f"{path}?q=contoso"),
        Case("overview", raw.keys, partial(services.member_list.counts, org, tenants), "/api/outlook"),
        Case("all as CSV", partial(raw.all, True), everybody, path, "text/csv"),
    ]


class Raw:
    """The rows as the SDK gives them, and nothing done with them."""

    def __init__(self, services: Services, org: str) -> None:
        service = table_service(services.settings.storage)
        self.members, self.connections, self.mailboxes = map(
            service.get_table_client, ("Members", "Connections", "Mailboxes")
        )
        self.org = org

    def page(self, after: str) -> None:
        """A page's range of two tables, and its mailboxes."""
        for client in (self.members, self.connections):
            found = query(client, "PartitionKey eq @p and RowKey gt @k", LOOK, PAGE + 1, p=self.org, k=after)
            keys = [entity["RowKey"] for entity in islice(found, PAGE)]
        for key in keys:
            self._mailbox(key)

    def rare(self) -> None:
        """Connections of a state, filtered by the service, and their members."""
        asked = "PartitionKey eq @p and status eq 'ambiguous'"
        found = query(self.connections, asked, LOOK, PAGE + 1, p=self.org)
        for entity in islice(found, PAGE + 1):
            self.members.get_entity(self.org, entity["RowKey"])

    def all(self, mailboxes: bool = False) -> None:
        """Both tables' partitions, and the tenant's mailboxes."""
        for client in (self.members, self.connections):
            exhaust(query(client, "PartitionKey eq @p", LOOK, None, p=self.org))
        if mailboxes:
            exhaust(query(self.mailboxes, "PartitionKey eq @p", LOOK, None, p=TENANT))

    def keys(self) -> None:
        """Both tables' keys, one with the state."""
        exhaust(query(self.members, "PartitionKey eq @p", "RowKey", None, p=self.org))
        exhaust(query(self.connections, "PartitionKey eq @p", "RowKey,status", None, p=self.org))

    def _mailbox(self, member: str) -> None:
        if int(member[1:]) % RARE:
            self.mailboxes.get_entity(TENANT, f"object-{member}")


def query(client: TableClient, asked: str, select: str, page: int | None, **parameters: str) -> Iterable[Any]:
    """The SDK's query."""
    return client.query_entities(asked, parameters=parameters, select=select, results_per_page=page)


def exhaust(items: Iterable[object]) -> None:
    """Read all, keep none."""
    deque(items, maxlen=0)


def fill(services: Services, org: str) -> None:
    """Write everybody straight into storage."""
    now, tables = services.now(), services.tables
    tables.tenants.put(org, TENANT, Tenant(TENANT, TenantStatus.CONNECTED, "boss", now, domains=("contoso.com",)))
    people = [_id(number) for number in range(MEMBERS)]
    tables.members.save_all(org, ((None, one, _member(one)) for one in people))
    connections = [_connection(one, services) for one in people]
    tables.connections.save_all(org, ((None, one.member, one) for one in connections))
    due = now + timedelta(hours=6)
    bound = [(key, MemberKey(org, one.member)) for one in connections if (key := one.active_mailbox)]
    tables.mailboxes.insert_all(TENANT, (Mailbox(key, (who,), read_at=now, due_at=due) for key, who in bound))


def _id(number: int) -> str:
    return f"m{number:05}"


def _cursor(key: str) -> str:
    return cursor_of(key) or ""


def _member(key: str) -> Member:
    return Member(key, f"Person {key[1:]}", (f"person.{key}@contoso.com",), "Europe/Berlin")


def _connection(key: str, services: Services) -> Connection:
    address = f"person.{key}@contoso.com"
    known: dict[str, Any] = {
        "member": key,
        "changed_at": services.now(),
        "considered": (address,),
        "considered_in": (TENANT,),
    }
    if int(key[1:]) % RARE == 0:
        return Connection(status=ConnectionStatus.AMBIGUOUS, detail="several_users", **known)
    mailbox = MailboxKey(TENANT, f"object-{key}")
    return Connection(
        status=ConnectionStatus.CONNECTED,
        tenant_id=mailbox.tenant_id,
        object_id=mailbox.object_id,
        mailbox_address=address,
        matched_address=address,
        **known,
    )
