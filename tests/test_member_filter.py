"""Filtering and merging members, against the plainest way to say who is wanted."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

import msgspec
import pytest
from hypothesis import example
from hypothesis import strategies as st

from shared.member_filter import Listed, Wanted, chosen, counted, folded, merged, unlooked
from shared.model import Connection, ConnectionStatus, Member, Tenant, TenantStatus
from tests.properties import given

V = TypeVar("V")
NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
CONNECTED, NOT_MATCHED = ConnectionStatus.CONNECTED, ConnectionStatus.NOT_MATCHED
CONNECTING = ConnectionStatus.CONNECTING


@dataclass(frozen=True)
class Stored(Generic[V]):
    """A row as storage has it."""

    key: str
    value: V

    @property
    def text(self) -> str:
        return msgspec.json.encode(self.value).decode()


LETTERS = st.text(st.sampled_from("aAbBéÉßſİıΣσς\u0301\u0338\u0130ﬁ\"\\\n\t/:,{}<' "), max_size=5)  # noqa: RUF001
IDS = st.text(st.sampled_from("aB0_.@:-"), min_size=1, max_size=3)
MEMBERS = st.builds(Member, IDS, LETTERS, st.tuples(LETTERS))
CONNECTIONS = st.builds(
    Connection,
    IDS,
    st.sampled_from([CONNECTED, CONNECTING, NOT_MATCHED]),
    st.just(NOON),
    tenant_id=st.sampled_from([None, "t1", "t2"]),
    mailbox_address=st.none() | LETTERS,
    considered=st.tuples(LETTERS),
)
WANTED = st.tuples(
    st.sampled_from([None, CONNECTED, CONNECTING, NOT_MATCHED]), st.sampled_from([None, "t1"]), st.none() | LETTERS
)


def plainly(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def is_wanted(member: Member, connection: Connection | None, asked: tuple, otherwise: ConnectionStatus) -> bool:
    state, tenant, text = asked
    mailbox = connection.mailbox_address if connection else None
    readable = [member.id, member.name, *member.addresses, *([mailbox] if mailbox else [])]
    return (
        state in (None, connection.status if connection else otherwise)
        and tenant in (None, connection.tenant_id if connection else None)
        and any(plainly(text or "").strip() in plainly(one) for one in readable)
    )


@given(
    st.lists(MEMBERS, unique_by=lambda one: one.id),
    st.lists(CONNECTIONS, unique_by=lambda one: one.member),
    WANTED,
    st.sampled_from([CONNECTING, NOT_MATCHED]),
)
@example([Member("a", "\n\u0301", ())], [], (None, None, "\u0301"), CONNECTING)
@example([Member("a", "E\u0301", ())], [], (None, None, "é"), CONNECTING)
def test_exactly_the_wanted_members_are_listed_in_order(
    members: list[Member], connections: list[Connection], asked: tuple, otherwise: ConnectionStatus
) -> None:
    members.sort(key=lambda one: one.id)
    connections.sort(key=lambda one: one.member)
    of_member = {one.member: one for one in connections}
    pairs = merged([Stored(one.id, one) for one in members], [Stored(one.member, one) for one in connections])
    found = list(chosen(pairs, Wanted.of(*asked), otherwise))
    everybody = [(one, of_member.get(one.id)) for one in members]
    assert found == [Listed(*pair) for pair in everybody if is_wanted(*pair, asked, otherwise)]


@given(LETTERS, LETTERS, LETTERS)
def test_any_part_of_a_name_finds_its_member(before: str, part: str, after: str) -> None:
    name = plainly(before + part + after)
    wanted = Wanted.of(None, None, part)
    if plainly(part).strip() in name:
        assert list(chosen([(Stored("m", Member("m", name, ())), None)], wanted, CONNECTING))


SAME = {
    "capitals": ("STRASSE", "straße"),
    "a composed and a decomposed accent": ("Zoe\u0308", "ZOË"),
    "two Greek sigmas": ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
    "other scripts": ("会社", "会社"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_to_a_reader_is_the_same_when_sought(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_what_only_storage_knows_is_not_sought() -> None:
    connection = Connection("m", CONNECTED, NOON, None, "tenant-id", "object-id", "m@x.example")
    pair = (Stored("m", Member("m", "Name", ("m@x.example",), "Europe/Berlin")), Stored("m", connection))
    for hidden in ("tenant-id", "object-id", "europe", "addresses", "connected", '":"', "2026"):
        assert list(chosen([pair], Wanted.of(None, None, hidden), CONNECTING)) == []


def test_rows_are_decoded_only_where_they_may_be_sought() -> None:
    class Sealed(Stored[Member]):
        text = "nothing of the kind"  # type: ignore[assignment]
        value = property(lambda _: pytest.fail("was decoded"))  # type: ignore[assignment]

    sealed = object.__new__(Sealed)
    assert list(chosen([(sealed, None)], Wanted.of(None, None, "ann"), CONNECTING)) == []


TENANT = Tenant("t", TenantStatus.CONNECTED, "boss", NOON)


def test_who_was_not_looked_for_waits_for_a_tenant_that_can_be_read() -> None:
    lost = replace(TENANT, id="lost", status=TenantStatus.CONSENT_MISSING)
    assert unlooked({}) is NOT_MATCHED
    assert unlooked({"lost": lost}) is NOT_MATCHED
    assert unlooked({"lost": lost, "t": TENANT}) is CONNECTING


def test_only_members_are_counted_and_all_of_them() -> None:
    own = {"a": "stale", "b": "user_disconnected", "gone": "connected"}
    counts = counted(["a", "b", "c"], {"a": "connected", "b": "connected", "gone": "stale"}, own, NOT_MATCHED)
    assert counts == ({"connected": 2, "not_matched": 1}, {"stale": 1})
