"""Promise P5, the right person: every rule of `shared.matching` as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from shared.matching import (
    GUEST_ONLY,
    REASSIGNED,
    REMOVED,
    SEVERAL_MEMBERS,
    SEVERAL_USERS,
    Directory,
    Match,
    connection_after,
    contested_addresses,
    domain_of,
    match,
    normalise,
    owned_domains,
    provable_addresses,
)
from shared.model import Connection, ConnectionStatus, DirectoryUser, Member
from tests.properties import given

S = ConnectionStatus
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
TENANT = "7c5f0000-0000-4000-8000-000000000001"
ADA = DirectoryUser("u-ada", "Ada", "ada@contoso.com", smtp_addresses=("ada@contoso.com",))
BOB = DirectoryUser("u-bob", "Bob", "bob@contoso.com", smtp_addresses=("bob@contoso.com",))


def directory(*users: DirectoryUser) -> Directory:
    return Directory(users, owned_domains(users))


def member(*addresses: str) -> Member:
    return Member("m1", "Ada", tuple(map(normalise, addresses)))


def bound(object_id: str = "u-ada", address: str = "ada@contoso.com", status: S = S.CONNECTED) -> Connection:
    return Connection(
        "m1",
        status,
        EARLIER,
        tenant_id=TENANT,
        object_id=object_id,
        mailbox_address=address,
        matched_address=address,
        considered=(address,),
    )


def outcome(found: Match) -> tuple[S, str | None, str | None, str | None]:
    return found.status, found.user and found.user.id, found.address, found.detail


def connects(address: str, user: str = "u-ada") -> tuple[S, str | None, str | None, str | None]:
    return S.CONNECTING, user, address, None


NOBODY = (S.NOT_MATCHED, None, None, None)
AMBIGUOUS = (S.AMBIGUOUS, None, None, SEVERAL_USERS)

UNBOUND = {
    "by principal name": ([ADA], ["ada@contoso.com"], connects("ada@contoso.com")),
    "by alias only": (
        [replace(ADA, smtp_addresses=("ada@contoso.com", "al@contoso.com"))],
        ["al@contoso.com"],
        connects("al@contoso.com"),
    ),
    "by primary address that is not the principal name": (
        [replace(ADA, user_principal_name="x1@contoso.onmicrosoft.com")],
        ["ada@contoso.com"],
        connects("ada@contoso.com"),
    ),
    "by mail in a domain a colleague's principal name proves": (
        [DirectoryUser("u-ada", "Ada", "x1@contoso.onmicrosoft.com", mail="ada@contoso.com"), BOB],
        ["ada@contoso.com"],
        connects("ada@contoso.com"),
    ),
    "not by mail in a foreign domain": (
        [DirectoryUser("u-ada", "Ada", "x1@contoso.onmicrosoft.com", mail="chief@fabrikam.com"), BOB],
        ["chief@fabrikam.com"],
        NOBODY,
    ),
    "not by mail in a subdomain of an owned domain": (
        [DirectoryUser("u-ada", "Ada", "x@contoso.com", mail="chief@sub.contoso.com")],
        ["chief@sub.contoso.com"],
        NOBODY,
    ),
    "not by mail in a domain only a guest has": (
        [
            DirectoryUser("u-ada", "Ada", "x@contoso.com", mail="chief@fabrikam.com"),
            DirectoryUser("u-g", "G", "g@fabrikam.com", smtp_addresses=("g@fabrikam.com",), is_guest=True),
        ],
        ["chief@fabrikam.com"],
        NOBODY,
    ),
    "not by mail with an owned domain in front of the last @": (
        [DirectoryUser("u-ada", "Ada", "x@contoso.com", mail="chief@contoso.com@fabrikam.com")],
        ["chief@contoso.com@fabrikam.com"],
        NOBODY,
    ),
    "nobody has the address": ([ADA, BOB], ["eve@contoso.com"], NOBODY),
    "an empty directory": ([], ["ada@contoso.com"], NOBODY),
    "a member without addresses": ([ADA], [], NOBODY),
    "a user without any address is nobody's": ([DirectoryUser("u-0", "", "")], ["ada@contoso.com"], NOBODY),
    "a guest only": ([replace(ADA, is_guest=True)], ["ada@contoso.com"], (S.NOT_MATCHED, None, None, GUEST_ONLY)),
    "a guest beside a person": (
        [replace(ADA, id="u-guest", is_guest=True), ADA],
        ["ada@contoso.com"],
        connects("ada@contoso.com"),
    ),
    "two people: one's principal name is the other's alias": (
        [ADA, replace(BOB, smtp_addresses=("ada@contoso.com",))],
        ["ada@contoso.com"],
        AMBIGUOUS,
    ),
    "two people by two addresses": ([ADA, BOB], ["ada@contoso.com", "bob@contoso.com"], AMBIGUOUS),
    "two people, one of them disabled": (
        [ADA, replace(BOB, is_enabled=False)],
        ["ada@contoso.com", "bob@contoso.com"],
        AMBIGUOUS,
    ),
    "one person by two addresses": (
        [replace(ADA, smtp_addresses=("ada@contoso.com", "al@contoso.com"))],
        ["al@contoso.com", "ada@contoso.com"],
        connects("al@contoso.com"),
    ),
    "a disabled person": (
        [replace(ADA, is_enabled=False)],
        ["ada@contoso.com"],
        (S.DISABLED_IN_DIRECTORY, "u-ada", "ada@contoso.com", None),
    ),
    "in other case": (
        [replace(ADA, user_principal_name="ADA@Contoso.COM")],
        ["aDa@contoso.com"],
        connects(ADA.mail or "ada@contoso.com"),
    ),
    "decomposed against composed": (
        [DirectoryUser("u-ada", "Zoë", "zoe\u0308@contoso.com")],
        ["zo\u00eb@contoso.com"],
        connects("zo\u00eb@contoso.com"),
    ),
    "with blanks around": (
        [replace(ADA, user_principal_name=" ada@contoso.com ")],
        ["ada@contoso.com"],
        connects("ada@contoso.com"),
    ),
    "an address that merely begins alike": ([ADA], ["ada@contoso.com.evil.example"], NOBODY),
}


@pytest.mark.parametrize(("users", "addresses", "expected"), UNBOUND.values(), ids=UNBOUND.keys())
def test_a_member_nobody_matched_yet(
    users: list[DirectoryUser], addresses: list[str], expected: tuple[S, str | None, str | None, str | None]
) -> None:
    assert outcome(match(member(*addresses), directory(*users), None)) == expected


RENAMED = DirectoryUser("u-ada", "Ada", "ada.king@contoso.com", smtp_addresses=("ada.king@contoso.com",))
HEIR = DirectoryUser("u-heir", "New Ada", "ada@contoso.com", smtp_addresses=("ada@contoso.com",))
ADA_AS_BOB = replace(ADA, user_principal_name="bob@contoso.com", smtp_addresses=("bob@contoso.com",))
BOB_AS_ADA = replace(BOB, user_principal_name="ada@contoso.com", smtp_addresses=("ada@contoso.com",))
STAYS = connects("ada@contoso.com")

BOUND = {
    "nothing changed": ([ADA], ["ada@contoso.com"], STAYS),
    "renamed in the directory": ([RENAMED], ["ada@contoso.com"], STAYS),
    "renamed, and the roster follows": (
        [RENAMED],
        ["ada.king@contoso.com"],
        connects("ada.king@contoso.com"),
    ),
    "renamed, and somebody else got the address": ([RENAMED, HEIR], ["ada@contoso.com"], STAYS),
    "swapped addresses with a colleague": ([ADA_AS_BOB, BOB_AS_ADA], ["ada@contoso.com"], STAYS),
    "swapped, and the roster lists both": (
        [ADA_AS_BOB, BOB_AS_ADA],
        ["ada@contoso.com", "bob@contoso.com"],
        connects("bob@contoso.com"),
    ),
    "a second user got an alias like it": (
        [ADA, replace(BOB, smtp_addresses=("ada@contoso.com",))],
        ["ada@contoso.com"],
        STAYS,
    ),
    "disabled": (
        [replace(ADA, is_enabled=False)],
        ["ada@contoso.com"],
        (S.DISABLED_IN_DIRECTORY, "u-ada", "ada@contoso.com", None),
    ),
    "removed": ([BOB], ["ada@contoso.com"], (S.NOT_MATCHED, None, "ada@contoso.com", REMOVED)),
    "removed, and somebody else got the address": (
        [HEIR],
        ["ada@contoso.com"],
        (S.NOT_MATCHED, None, "ada@contoso.com", REASSIGNED),
    ),
    "removed, and another of the member's addresses is somebody's": (
        [BOB],
        ["ada@contoso.com", "bob@contoso.com"],
        (S.NOT_MATCHED, None, "ada@contoso.com", REASSIGNED),
    ),
    "removed, and the roster has a new address": ([BOB], ["bob@contoso.com"], connects("bob@contoso.com", "u-bob")),
    "the roster has somebody else's address": ([ADA, BOB], ["bob@contoso.com"], connects("bob@contoso.com", "u-bob")),
    "the roster has an address of nobody": ([ADA], ["eve@contoso.com"], NOBODY),
    "the roster has an address of two others": (
        [ADA, BOB, replace(BOB, id="u-bob2")],
        ["bob@contoso.com"],
        AMBIGUOUS,
    ),
    "the roster's address is an alias of the same user": (
        [replace(ADA, smtp_addresses=("ada@contoso.com", "al@contoso.com"))],
        ["al@contoso.com"],
        connects("al@contoso.com"),
    ),
    "turned into a guest": (
        [replace(ADA, is_guest=True)],
        ["ada@contoso.com"],
        (S.NOT_MATCHED, None, "ada@contoso.com", GUEST_ONLY),
    ),
}


@pytest.mark.parametrize(("users", "addresses", "expected"), BOUND.values(), ids=BOUND.keys())
def test_a_member_bound_to_ada(
    users: list[DirectoryUser], addresses: list[str], expected: tuple[S, str | None, str | None, str | None]
) -> None:
    assert outcome(match(member(*addresses), directory(*users), bound())) == expected


def test_whom_an_ambiguous_member_could_be_is_remembered_until_it_is_decided() -> None:
    person = member("ada@contoso.com", "bob@contoso.com")
    unsure = connection_after(person, match(person, directory(BOB, ADA), None), TENANT, None, NOW)
    assert (unsure.status, unsure.candidates) == (S.AMBIGUOUS, ("u-ada", "u-bob"))
    decided = connection_after(person, match(person, directory(ADA), unsure), TENANT, unsure, NOW)
    assert (decided.status, decided.object_id, decided.candidates) == (S.CONNECTING, "u-ada", ())


TEAM = replace(ADA, smtp_addresses=("ada@contoso.com", "team@contoso.com"))
CLAIMED_TWICE = {
    "nobody else claims it": (["ada@contoso.com"], None, connects("ada@contoso.com")),
    "only a contested address": (["team@contoso.com"], None, (S.AMBIGUOUS, None, None, SEVERAL_MEMBERS)),
    "an address of one's own first": (["ada@contoso.com", "team@contoso.com"], None, connects("ada@contoso.com")),
    "an address of one's own last": (["team@contoso.com", "ada@contoso.com"], None, connects("ada@contoso.com")),
    "already bound": (["ada@contoso.com", "team@contoso.com"], bound(), connects("ada@contoso.com")),
}


@pytest.mark.parametrize(("addresses", "before", "expected"), CLAIMED_TWICE.values(), ids=CLAIMED_TWICE.keys())
def test_an_address_two_members_claim(
    addresses: list[str], before: Connection | None, expected: tuple[S, str | None, str | None, str | None]
) -> None:
    contested = frozenset({"team@contoso.com"})
    assert outcome(match(member(*addresses), directory(TEAM), before, contested)) == expected


def test_contested_is_what_two_members_claim_not_what_one_claims_twice() -> None:
    people = [Member("1", "", ("a@x", "a@x", "b@x")), Member("2", "", ("b@x", "c@x")), Member("3", "", ())]
    assert contested_addresses(people) == {"b@x"}


def test_somebody_removed_and_restored_is_bound_again() -> None:
    person = member("ada@contoso.com")
    gone = connection_after(person, match(person, directory(HEIR), bound()), TENANT, bound(), NOW)
    assert (gone.status, gone.detail, gone.object_id) == (S.NOT_MATCHED, REASSIGNED, "u-ada")
    assert outcome(match(person, directory(HEIR), gone)) == (S.NOT_MATCHED, None, "ada@contoso.com", REASSIGNED)
    assert outcome(match(person, directory(ADA), gone)) == STAYS


AFTER = {
    "a first match": (None, Match(S.CONNECTING, ADA, "ada@contoso.com"), (S.CONNECTING, NOW, "u-ada")),
    "no match at first": (None, Match(S.NOT_MATCHED), (S.NOT_MATCHED, NOW, None)),
    "confirmed while connected": (
        bound(),
        Match(S.CONNECTING, ADA, "ada@contoso.com"),
        (S.CONNECTED, EARLIER, "u-ada"),
    ),
    **{
        f"confirmed while {status}": (
            bound(status=status),
            Match(S.CONNECTING, ADA, "ada@contoso.com"),
            (status, EARLIER, "u-ada"),
        )
        for status in (S.STALE, S.OUT_OF_SCOPE, S.NO_MAILBOX, S.PERMISSION_LOST, S.THROTTLED, S.CONNECTING)
    },
    "enabled again": (
        bound(status=S.DISABLED_IN_DIRECTORY),
        Match(S.CONNECTING, ADA, "ada@contoso.com"),
        (S.CONNECTING, NOW, "u-ada"),
    ),
    "back in the directory": (
        bound(status=S.NOT_MATCHED),
        Match(S.CONNECTING, ADA, "ada@contoso.com"),
        (S.CONNECTING, NOW, "u-ada"),
    ),
    "disabled": (
        bound(),
        Match(S.DISABLED_IN_DIRECTORY, ADA, "ada@contoso.com"),
        (S.DISABLED_IN_DIRECTORY, NOW, "u-ada"),
    ),
    "still disabled": (
        bound(status=S.DISABLED_IN_DIRECTORY),
        Match(S.DISABLED_IN_DIRECTORY, ADA, "ada@contoso.com"),
        (S.DISABLED_IN_DIRECTORY, EARLIER, "u-ada"),
    ),
    "removed keeps the identity": (
        bound(),
        Match(S.NOT_MATCHED, address="ada@contoso.com", detail=REASSIGNED),
        (S.NOT_MATCHED, NOW, "u-ada"),
    ),
    "unmatched drops the identity": (bound(), Match(S.NOT_MATCHED), (S.NOT_MATCHED, NOW, None)),
    "ambiguous drops the identity": (bound(), Match(S.AMBIGUOUS), (S.AMBIGUOUS, NOW, None)),
    "another person": (bound(), Match(S.CONNECTING, BOB, "bob@contoso.com"), (S.CONNECTING, NOW, "u-bob")),
    "another person while still connecting": (
        bound(status=S.CONNECTING),
        Match(S.CONNECTING, BOB, "bob@contoso.com"),
        (S.CONNECTING, NOW, "u-bob"),
    ),
}


@pytest.mark.parametrize(("before", "found", "expected"), AFTER.values(), ids=AFTER.keys())
def test_the_connection_once_a_match_is_recorded(
    before: Connection | None, found: Match, expected: tuple[S, datetime, str | None]
) -> None:
    after = connection_after(member("ada@contoso.com"), found, TENANT, before, NOW)
    assert (after.status, after.changed_at, after.object_id) == expected
    assert after.considered == ("ada@contoso.com",)
    assert (after.tenant_id is None) == (after.object_id is None)


def test_dropping_the_identity_drops_every_part_of_it() -> None:
    after = connection_after(member("x@contoso.com"), Match(S.AMBIGUOUS), TENANT, bound(), NOW)
    assert (after.tenant_id, after.object_id, after.mailbox_address, after.matched_address) == (None,) * 4


def test_another_persons_mailbox_keeps_nothing_of_the_first_ones_troubles() -> None:
    before = replace(bound(status=S.OUT_OF_SCOPE), detail="ErrorAccessDenied")
    after = connection_after(
        member("bob@contoso.com"), Match(S.CONNECTING, BOB, "bob@contoso.com"), TENANT, before, NOW
    )
    assert (after.status, after.detail, after.mailbox_address) == (S.CONNECTING, None, "bob@contoso.com")


def test_the_same_object_id_in_another_tenant_is_another_mailbox() -> None:
    found = Match(S.CONNECTING, ADA, "ada@contoso.com")
    after = connection_after(member("ada@contoso.com"), found, "other-tenant", bound(), NOW)
    assert (after.tenant_id, after.status, after.changed_at) == ("other-tenant", S.CONNECTING, NOW)


def test_recording_an_outcome_twice_changes_nothing() -> None:
    for before, found, _ in AFTER.values():
        once = connection_after(member("ada@contoso.com"), found, TENANT, before, NOW)
        assert connection_after(member("ada@contoso.com"), found, TENANT, once, NOW + timedelta(hours=1)) == once


@pytest.mark.parametrize(
    ("address", "domain"),
    [("a@b.com", "b.com"), ("a@b@c.com", "c.com"), ("plain", ""), ("@x", "x"), ("a@", ""), ("", "")],
)
def test_the_domain_of_an_address(address: str, domain: str) -> None:
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    ("users", "domains"),
    [
        pytest.param([], set(), id="nobody"),
        pytest.param([ADA], {"contoso.com"}, id="principal name"),
        pytest.param([DirectoryUser("u", "", "a@T.onmicrosoft.com")], {"t.onmicrosoft.com"}, id="folded"),
        pytest.param([replace(ADA, smtp_addresses=("a@b.org",))], {"contoso.com"}, id="alias proves nothing"),
        pytest.param([ADA, DirectoryUser("u", "", "a@b.org")], {"contoso.com", "b.org"}, id="two people"),
        pytest.param([replace(ADA, mail="a@other.org")], {"contoso.com"}, id="mail proves nothing"),
        pytest.param([replace(ADA, is_guest=True)], set(), id="guest proves nothing"),
        pytest.param([DirectoryUser("u", "", "")], set(), id="no address"),
    ],
)
def test_domains_a_tenant_is_seen_to_own(users: list[DirectoryUser], domains: set[str]) -> None:
    assert owned_domains(users) == domains


NORMALISED = {
    "capitals": ("Ada@Contoso.COM", "ada@contoso.com"),
    "blanks around": (" ada@contoso.com\t", "ada@contoso.com"),
    "an accent of its own character": ("zoe\u0308@contoso.com", "zo\u00eb@contoso.com"),
    "a sharp s is no double s": ("a@stra\u00dfe.de", "a@stra\u00dfe.de"),
    "full-width letters are other letters": ("a@\uff43ontoso.com", "a@\uff43ontoso.com"),
    "a ligature is another letter": ("a@o\ufb03ce.com", "a@o\ufb03ce.com"),
    "a long s is another letter": ("a@conto\u017fo.com", "a@conto\u017fo.com"),
    "a circled letter is another letter": ("a@\u24d2ontoso.com", "a@\u24d2ontoso.com"),
    "the dotless i is another letter": ("a@m\u0131crosoft.com", "a@m\u0131crosoft.com"),
}


@pytest.mark.parametrize(("address", "expected"), NORMALISED.values(), ids=NORMALISED.keys())
def test_how_addresses_are_compared(address: str, expected: str) -> None:
    assert normalise(address) == expected


# Properties. Few letters, so that collisions of every kind are common.

addresses = st.builds("{}@{}".format, st.sampled_from("abcAB"), st.sampled_from(["x.com", "X.com", "y.com"]))
users = st.builds(
    DirectoryUser,
    id=st.sampled_from([f"u{n}" for n in range(6)]),
    display_name=st.just(""),
    user_principal_name=addresses,
    mail=st.none() | addresses,
    smtp_addresses=st.lists(addresses, max_size=3).map(tuple),
    is_guest=st.booleans(),
    is_enabled=st.booleans(),
)
directories = st.lists(users, max_size=6, unique_by=lambda user: user.id)
members = st.lists(addresses.map(normalise), max_size=3, unique=True).map(lambda found: member(*found))
connections = st.none() | st.builds(
    lambda number, address, status: bound(f"u{number}", address, status),
    st.integers(0, 6),
    addresses.map(normalise),
    st.sampled_from(S),
)


@given(directories, members, connections)
def test_a_match_never_is_a_guest(found: list[DirectoryUser], person: Member, before: Connection | None) -> None:
    user = match(person, directory(*found), before).user
    assert user is None or not user.is_guest


@given(directories, members, connections)
def test_whoever_is_matched_has_a_proven_address_or_was_bound(
    found: list[DirectoryUser], person: Member, before: Connection | None
) -> None:
    result = match(person, directory(*found), before)
    if result.user is not None and (before is None or result.user.id != before.object_id):
        assert provable_addresses(result.user, owned_domains(found)).intersection(person.addresses)
        assert result.address in person.addresses


@given(directories, members, connections, st.randoms(use_true_random=False))
def test_the_order_of_the_directory_changes_nothing(
    found: list[DirectoryUser], person: Member, before: Connection | None, random: object
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert match(person, directory(*shuffled), before) == match(person, directory(*found), before)


@given(directories, members, connections)
def test_a_stranger_changes_nothing(found: list[DirectoryUser], person: Member, before: Connection | None) -> None:
    stranger = DirectoryUser("stranger", "", "z@z.com", mail="b@z.com", smtp_addresses=("c@z.com",))
    assert match(person, directory(*found, stranger), before) == match(person, directory(*found), before)


@given(directories, members)
def test_unbound_a_person_is_matched_exactly_when_one_person_is_reached(
    found: list[DirectoryUser], person: Member
) -> None:
    owned = owned_domains(found)
    reached = [u for u in found if not u.is_guest and provable_addresses(u, owned) & set(person.addresses)]
    result = match(person, directory(*found), None)
    assert result.user == (reached[0] if len(reached) == 1 else None)
    assert (result.status is S.AMBIGUOUS) == (len(reached) > 1)


@given(directories, members, connections)
def test_a_second_look_at_the_same_directory_changes_nothing(
    found: list[DirectoryUser], person: Member, before: Connection | None
) -> None:
    people = directory(*found)
    once = connection_after(person, match(person, people, before), TENANT, before, NOW)
    twice = connection_after(person, match(person, people, once), TENANT, once, NOW + timedelta(hours=1))
    assert twice == once


@given(directories, members, st.integers(0, 6), addresses.map(normalise))
def test_an_address_the_roster_still_lists_never_leads_a_bound_member_to_somebody_else(
    found: list[DirectoryUser], person: Member, number: int, address: str
) -> None:
    listed = replace(person, addresses=tuple(dict.fromkeys((*person.addresses, address))))
    user = match(listed, directory(*found), bound(f"u{number}", address)).user
    assert user is None or user.id == f"u{number}"


@given(directories, members, connections, st.sets(addresses.map(normalise)))
def test_the_order_of_a_members_addresses_decides_at_most_which_one_is_named(
    found: list[DirectoryUser], person: Member, before: Connection | None, contested: set[str]
) -> None:
    reverse = replace(person, addresses=person.addresses[::-1])
    one, other = (match(p, directory(*found), before, frozenset(contested)) for p in (person, reverse))
    assert (one.status, one.user, one.detail) == (other.status, other.user, other.detail)


@given(st.text(max_size=20))
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
