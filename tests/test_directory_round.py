"""What a round of directory changes means: what is remembered of it, and who must be matched again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

from shared.directory_round import Roster, Round, concerns
from shared.graph.users import DirectoryPage
from shared.matching import SEVERAL_MEMBERS, SEVERAL_USERS, normalise
from shared.model import (
    Choice,
    Connection,
    ConnectionStatus,
    Decided,
    DirectoryUser,
    MailboxKey,
    Member,
    Policy,
    Scope,
)
from shared.storage.table import Row
from tests.properties import given

S = ConnectionStatus
NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
ANYBODY = Policy()
HERE, ELSEWHERE = "tenant-1", "tenant-2"
ADA = DirectoryUser("u-ada", "Ada", "ada@contoso.com", smtp_addresses=("ada@contoso.com",))
BOB = DirectoryUser("u-bob", "Bob", "bob@contoso.com", smtp_addresses=("bob@contoso.com",))


def page(*users: DirectoryUser, removed: tuple[str, ...] = (), delta_link: str | None = None) -> DirectoryPage:
    return DirectoryPage(users, removed, delta_link)


def read(*pages: DirectoryPage, everybody: bool = True) -> Round:
    found = Round(complete=False)
    for one in pages:
        found.add(one, lambda _: everybody)
    return found


RENAMED = replace(ADA, user_principal_name="ada.l@contoso.com")
ROUNDS = {
    "nothing": ([page()], [], set()),
    "two people": ([page(ADA, BOB)], [ADA, BOB], set()),
    "over two pages": ([page(ADA), page(BOB)], [ADA, BOB], set()),
    "twice on a page, the last word counts": ([page(ADA, RENAMED)], [RENAMED], set()),
    "on two pages, the last word counts": ([page(RENAMED), page(ADA)], [ADA], set()),
    "removed": ([page(removed=("u-ada",))], [], {"u-ada"}),
    "removed after a change": ([page(ADA), page(removed=("u-ada",))], [], {"u-ada"}),
    "removed and back": ([page(removed=("u-ada",)), page(ADA)], [ADA], set()),
    "removed, back and removed": (
        [page(removed=("u-ada",)), page(ADA), page(removed=("u-ada",))], [], {"u-ada"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("pages", "users", "removed"), ROUNDS.values(), ids=ROUNDS.keys())
def test_what_a_round_says(pages: list[DirectoryPage], users: list[DirectoryUser], removed: set[str]) -> None:
    found = read(*pages)
    assert list(found.users.values()) == users
    assert found.removed == removed


def test_nothing_is_remembered_of_users_that_concern_nobody() -> None:
    found = read(page(ADA, BOB), everybody=False)
    assert (found.users, found.seen) == ({}, 2)


def test_a_user_who_no_longer_concerns_anybody_is_forgotten() -> None:
    found = Round(complete=True)
    found.add(page(ADA, RENAMED), lambda user: user == ADA)
    assert found.users == {}


def test_domains_are_those_of_everybody_seen_but_guests() -> None:
    guest = DirectoryUser("u-g", "G", "g@fabrikam.com", is_guest=True)
    alias = DirectoryUser("u-x", "X", "x@contoso.de", smtp_addresses=("x@mail.example",))
    assert read(page(ADA, guest), page(alias), everybody=False).domains == {"contoso.com", "contoso.de"}


def test_the_link_on_is_kept_whatever_page_it_is_on() -> None:
    assert read(page(ADA), page(delta_link="on")).delta_link == "on"
    assert read(page(delta_link="on"), page(ADA)).delta_link == "on"
    assert read(page(ADA)).delta_link is None


words = st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9)), max_size=12)


@given(words, st.lists(st.integers(0, 12), max_size=3))
def test_the_last_word_about_each_user_counts_however_it_is_cut_into_pages(
    said: list[tuple[str, bool, int]], cuts: list[int]
) -> None:
    """A user's removal and return come on different pages; within a page Graph says each only once or alike."""
    pages = [
        page(removed=(name,)) if gone else page(DirectoryUser(name, str(number), f"{name}@x.com"))
        for name, gone, number in said
    ]
    found = read(*pages)
    last = {name: (gone, number) for name, gone, number in said}
    assert {key: user.display_name for key, user in found.users.items()} == {
        name: str(number) for name, (gone, number) in last.items() if not gone
    }
    assert found.removed == {name for name, (gone, _) in last.items() if gone}


def person(name: str, *addresses: str) -> Member:
    return Member(name, name.title(), addresses or (f"{name}@contoso.com",))


def connection(member: Member, status: S = S.NOT_MATCHED, **more: object) -> Connection:
    """As it stands after somebody looked for the member in this tenant."""
    looked = Connection(member.id, status, NOW, considered=member.addresses, considered_in=(HERE,))
    return replace(looked, **more)  # type: ignore[arg-type]


def roster(
    *people: Member | tuple[Member, Connection], choices: tuple[Choice, ...] = (), policy: Policy = ANYBODY
) -> Roster:
    """Members without a connection, or with one."""
    pairs = [(entry, None) if isinstance(entry, Member) else entry for entry in people]
    rows = {m.id: Row("acme", m.id, found, "etag") for m, found in pairs if found is not None}
    return Roster({m.id: m for m, _ in pairs}, rows, HERE, {choice.member: choice for choice in choices}, policy)


def matchable(people: Roster) -> set[str]:
    """Whom this tenant may connect: all who are not another one's or kept out by a person."""
    return {member_id for member_id in people.wanted() if not people.is_elsewhere(member_id)}


ANN = person("ann")
BOUND = connection(ANN, S.CONNECTED, tenant_id=HERE, object_id="u-ann")
DECIDED = Decided("boss", NOW)
OUT, GONE = Choice("ann", excluded=DECIDED), Choice("ann", disconnected=DECIDED)
NAMED_HERE = Choice("ann", mailbox=MailboxKey(HERE, "u-ann"))
NAMED_ELSEWHERE = Choice("ann", mailbox=MailboxKey(ELSEWHERE, "u-ann"))
MATCHABLE = {
    "new": (None, None, True),
    "not matched": (connection(ANN), None, True),
    "bound here": (BOUND, None, True),
    "bound elsewhere": (replace(BOUND, tenant_id=ELSEWHERE), None, False),
    "disabled here": (replace(BOUND, status=S.DISABLED_IN_DIRECTORY), None, True),
    "excluded": (connection(ANN, S.EXCLUDED), OUT, False),
    "excluded, and the connection does not say so yet": (BOUND, OUT, False),
    "excluded once, included again": (replace(BOUND, status=S.EXCLUDED), Choice("ann"), True),
    "disconnected by themselves": (replace(BOUND, status=S.USER_DISCONNECTED), GONE, False),
    "disconnected, never looked for": (None, GONE, False),
    "bound elsewhere, named here": (replace(BOUND, tenant_id=ELSEWHERE), NAMED_HERE, True),
    "bound here, named elsewhere": (BOUND, NAMED_ELSEWHERE, False),
}


@pytest.mark.parametrize(("found", "choice", "expected"), MATCHABLE.values(), ids=MATCHABLE.keys())
def test_whom_this_tenant_may_connect(found: Connection | None, choice: Choice | None, expected: bool) -> None:
    people = roster((ANN, found) if found else ANN, choices=(choice,) if choice else ())
    assert (matchable(people) == {"ann"}) is expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), False), (Scope(("contoso.com",)), True), (Scope(("toso.com",), ("ben",)), False),
        (Scope((), ("ann",)), True),
    ],
)  # fmt: skip
def test_only_who_is_in_the_scope_of_the_roll_out_is_matched(scope: Scope, expected: bool) -> None:
    people = roster((ANN, BOUND), policy=Policy(scope=scope))
    assert (matchable(people) == {"ann"}) is expected
    assert (people.kept_out("ann") is None) is expected


def test_a_connection_of_somebody_who_left_the_roster_is_nobodys() -> None:
    left = Roster({}, roster((ANN, BOUND)).connections, HERE)
    assert (matchable(left), left.unconsidered()) == (set(), set())


def test_what_somebody_is_bound_to_is_seen_from_this_tenant() -> None:
    assert roster(ANN).bound("ann") is None
    assert roster((ANN, BOUND)).bound("ann") == BOUND
    assert roster((ANN, connection(ANN))).bound("ann") == connection(ANN)
    assert roster((ANN, replace(BOUND, tenant_id=ELSEWHERE))).bound("ann") is None


BOTH = person("ann", "ann@contoso.com", "team@contoso.com")
UNCONSIDERED = {
    "new": (roster(ANN), True),
    "looked for": (roster((ANN, connection(ANN))), False),
    "bound": (roster((ANN, BOUND)), False),
    "looked for under another address": (roster((ANN, connection(person("ann", "a@contoso.com")))), True),
    "looked for under fewer addresses": (
        roster((person("ann", "ann@contoso.com", "a@contoso.com"), connection(ANN))), True,
    ),
    "looked for elsewhere only": (roster((ANN, connection(ANN, considered_in=(ELSEWHERE,)))), True),
    "looked for here and elsewhere": (roster((ANN, connection(ANN, considered_in=(HERE, ELSEWHERE)))), False),
    "excluded, under an address nobody looked for": (
        roster((ANN, connection(person("ann", "a@contoso.com"), S.EXCLUDED)), choices=(OUT,)), False,
    ),
    "excluded once, included again": (roster((ANN, connection(ANN, S.EXCLUDED))), True),
    "came back": (roster((ANN, replace(BOUND, status=S.USER_DISCONNECTED)), choices=(Choice("ann"),)), True),
    "named here since": (roster((ANN, connection(ANN)), choices=(NAMED_HERE,)), True),
    "named here, as was known": (
        roster((ANN, replace(BOUND, chosen=NAMED_HERE.mailbox)), choices=(NAMED_HERE,)), False,
    ),
    "named elsewhere": (roster((ANN, connection(ANN)), choices=(NAMED_ELSEWHERE,)), False),
    "left to the addresses again": (roster((ANN, replace(BOUND, chosen=NAMED_HERE.mailbox))), True),
    "bound elsewhere, never looked for here": (
        roster((ANN, replace(BOUND, tenant_id=ELSEWHERE, considered_in=(ELSEWHERE,)))), True,
    ),
    "contested still": (
        roster(
            (ANN, connection(ANN, S.AMBIGUOUS, detail=SEVERAL_MEMBERS)),
            (person("twin", "ann@contoso.com"), connection(person("twin", "ann@contoso.com"))),
        ), False,
    ),
    "contested once, free again": (roster((ANN, connection(ANN, S.AMBIGUOUS, detail=SEVERAL_MEMBERS))), True),
    "one of two addresses free again": (
        roster(
            (BOTH, connection(BOTH, S.AMBIGUOUS, detail=SEVERAL_MEMBERS)),
            (person("ben", "team@contoso.com"), connection(person("ben", "team@contoso.com"))),
        ), True,
    ),
    "both addresses contested still": (
        roster(
            (BOTH, connection(BOTH, S.AMBIGUOUS, detail=SEVERAL_MEMBERS)),
            (person("ben", "team@contoso.com"), connection(person("ben", "team@contoso.com"))),
            (person("twin", "ann@contoso.com"), connection(person("twin", "ann@contoso.com"))),
        ), False,
    ),
    "ambiguous among several users": (roster((ANN, connection(ANN, S.AMBIGUOUS, detail=SEVERAL_USERS))), False),
}  # fmt: skip


@pytest.mark.parametrize(("people", "expected"), UNCONSIDERED.values(), ids=UNCONSIDERED.keys())
def test_who_is_looked_for_though_no_user_changed(people: Roster, expected: bool) -> None:
    assert ("ann" in people.unconsidered()) is expected


def test_a_domain_seen_to_be_owned_now_makes_its_addresses_worth_another_look() -> None:
    ben = person("ben", "ben@fabrikam.com")
    people = roster((ANN, connection(ANN)), (ben, connection(ben)))
    assert people.unconsidered({"contoso.com"}) == {"ann"}
    assert people.unconsidered({"contoso.co", "toso.com"}) == set()


def round_of(*users: DirectoryUser, removed: tuple[str, ...] = ()) -> Round:
    return read(page(*users, removed=removed))


ANN_USER = DirectoryUser("u-ann", "Ann", "ann@contoso.com")
UNSURE = connection(ANN, S.AMBIGUOUS, detail=SEVERAL_USERS, candidates=("u-1", "u-2"))
AFFECTED = {
    "by a principal name": (roster(ANN), round_of(ANN_USER), True),
    "by a principal name in capitals": (
        roster(ANN), round_of(replace(ANN_USER, user_principal_name="Ann@Contoso.COM")), True,
    ),
    "by mail": (roster(ANN), round_of(DirectoryUser("u-x", "X", "x@contoso.com", mail="ANN@contoso.com")), True),
    "by an alias": (
        roster(ANN), round_of(DirectoryUser("u-x", "X", "x@contoso.com", smtp_addresses=("ann@contoso.com",))), True,
    ),
    "not by somebody else": (roster(ANN), round_of(ADA), False),
    "by a change of the user they are bound to": (
        roster((ANN, BOUND)), round_of(replace(ANN_USER, user_principal_name="married@contoso.com")), True,
    ),
    "by the removal of the user they are bound to": (roster((ANN, BOUND)), round_of(removed=("u-ann",)), True),
    "not by the removal of somebody else": (roster((ANN, BOUND)), round_of(removed=("u-x",)), False),
    "by a change of somebody they could be": (
        roster((ANN, UNSURE)), round_of(DirectoryUser("u-2", "X", "x@contoso.com")), True,
    ),
    "by the removal of somebody they could be": (roster((ANN, UNSURE)), round_of(removed=("u-1",)), True),
    "not if they are excluded": (
        roster((ANN, connection(ANN, S.EXCLUDED)), choices=(OUT,)), round_of(ANN_USER), False,
    ),
    "seen here too if they are bound elsewhere": (
        roster((ANN, replace(BOUND, tenant_id=ELSEWHERE))), round_of(ANN_USER), True,
    ),
    "by the removal of a user who could have been them": (
        roster((ANN, replace(BOUND, tenant_id=ELSEWHERE, also_found=(MailboxKey(HERE, "u-x"),)))),
        round_of(removed=("u-x",)), True,
    ),
    "by a change of the user an admin chose": (
        roster((ANN, connection(ANN)), choices=(NAMED_HERE,)),
        round_of(replace(ANN_USER, user_principal_name="x@contoso.com")), True,
    ),
    "not if nothing changed": (roster((ANN, BOUND)), round_of(), False),
}  # fmt: skip


@pytest.mark.parametrize(("people", "found", "expected"), AFFECTED.values(), ids=AFFECTED.keys())
def test_whose_match_may_change(people: Roster, found: Round, expected: bool) -> None:
    assert people.affected(found) == ({"ann"} if expected else set())


def test_what_concerns_somebody_is_an_address_of_theirs_or_a_user_they_are_or_could_be() -> None:
    ben = person("ben")
    decide = concerns(roster((ANN, BOUND), (ben, connection(ben, S.AMBIGUOUS, candidates=("u-1",)))))
    named = lambda user_id, name: DirectoryUser(user_id, "", name)  # noqa: E731 - short where it is used
    assert decide(named("u-x", "BEN@contoso.com"))
    assert decide(named("u-ann", "married@contoso.com"))
    assert decide(named("u-1", "x@contoso.com"))
    assert decide(DirectoryUser("u-x", "", "x@contoso.com", mail="ben@contoso.com"))
    assert not decide(named("u-x", "x@contoso.com"))


names = st.sampled_from(["a@x.com", "A@x.com", "b@x.com", "c@y.com"])
found_users = st.lists(
    st.builds(
        DirectoryUser,
        id=st.sampled_from(["u1", "u2", "u3"]),
        display_name=st.just(""),
        user_principal_name=names,
        mail=st.none() | names,
        smtp_addresses=st.lists(names, max_size=2).map(tuple),
    ),
    max_size=5,
)


@given(found_users, st.sampled_from(["a@x.com", "b@x.com"]), st.none() | st.sampled_from(["u1", "u2"]))
def test_nobody_affected_is_missed_because_too_little_was_remembered(
    users: list[DirectoryUser], address: str, bound_to: str | None
) -> None:
    member = person("m", address)
    bound = connection(member, S.CONNECTED, tenant_id=HERE, object_id=bound_to) if bound_to else connection(member)
    people = roster((member, bound))
    little = Round(complete=False)
    little.add(page(*users), concerns(people))
    last = {user.id: user for user in users}.values()
    touched = [
        u for u in last
        if u.id == bound_to or address in map(normalise, (u.user_principal_name, u.mail or "", *u.smtp_addresses))
    ]  # fmt: skip
    assert people.affected(little) == ({"m"} if touched else set())
