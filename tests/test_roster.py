"""The roster: what is checked of each entry, and how one roster becomes another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st

from shared.contract.people import MemberInput, RosterMember
from shared.errors import InvalidInput
from shared.model import Member
from shared.roster import Difference, difference, member_from, roster_from
from tests.properties import given

ADA, BOB = Member("ada", "Ada", ("ada@x.com",)), Member("bob", "Bob", ("bob@x.com",), "Europe/Berlin")
RENAMED = replace(ADA, name="Ada King")


def roster(*members: Member) -> dict[str, Member]:
    return {member.id: member for member in members}


DIFFERENCES = {
    "nothing to nothing": (roster(), roster(), Difference([], [], [], 0)),
    "nothing changed": (roster(ADA, BOB), roster(BOB, ADA), Difference([], [], [], 2)),
    "all new": (roster(), roster(BOB, ADA), Difference([ADA, BOB], [], [], 0)),
    "all gone": (roster(BOB, ADA), roster(), Difference([], [], ["ada", "bob"], 0)),
    "one renamed": (roster(ADA, BOB), roster(RENAMED, BOB), Difference([], [RENAMED], [], 1)),
    "one for another": (roster(ADA), roster(BOB), Difference([BOB], [], ["ada"], 0)),
    "the zone went": (
        roster(BOB),
        roster(replace(BOB, time_zone=None)),
        Difference([], [replace(BOB, time_zone=None)], [], 0),
    ),
    "the addresses changed places": (
        roster(replace(ADA, addresses=("a@x", "b@x"))),
        roster(replace(ADA, addresses=("b@x", "a@x"))),
        Difference([], [replace(ADA, addresses=("b@x", "a@x"))], [], 0),
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), DIFFERENCES.values(), ids=DIFFERENCES.keys())
def test_how_rosters_differ(before: dict[str, Member], after: dict[str, Member], expected: Difference) -> None:
    assert difference(before, after) == expected


people = st.builds(Member, st.sampled_from("abcd"), st.sampled_from(["x", "y"]), st.just(()))
rosters = st.lists(people).map(lambda found: roster(*found))


@given(rosters, rosters)
def test_carrying_the_difference_out_makes_one_roster_the_other(
    before: dict[str, Member], after: dict[str, Member]
) -> None:
    found = difference(before, after)
    result = {key: value for key, value in before.items() if key not in found.removed}
    assert result | roster(*found.added, *found.changed) == after
    assert found.unchanged + len(found.added) + len(found.changed) == len(after)
    assert difference(after, after) == Difference([], [], [], len(after))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["ada@x.com"], ("ada@x.com",)),
        (["ADA@X.COM", "ada@x.com"], ("ada@x.com",)),
        (["b@x.com", "a@x.com"], ("b@x.com", "a@x.com")),
        (["zoe\u0308@x.com", "zoë@x.com"], ("zoë@x.com",)),
    ],
    ids=["as it is", "the same twice", "in the order given", "composed"],
)
def test_addresses_are_kept_normalised_once_each(given: list[str], kept: tuple[str, ...]) -> None:
    assert member_from("ada", MemberInput("Ada", given)).addresses == kept


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Asia/Kathmandu", "America/Argentina/Buenos_Aires", None])
def test_an_iana_zone_is_taken(name: str | None) -> None:
    assert member_from("ada", MemberInput("Ada", ["a@b"], name)).time_zone == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Berlin",
        "W. Europe Standard Time",
        "America",
        "../UTC",
        "/etc/localtime",
        "+02:00",
        "UTC+2",
        "a\0b",
        "é",
    ],
)
def test_what_is_no_iana_zone_is_refused_naming_the_field(name: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        member_from("ada", MemberInput("Ada", ["a@b"], name), "members[3].")
    assert raised.value.field == "members[3].time_zone"


def entry(member_id: str, zone: str | None = None) -> RosterMember:
    return RosterMember("Ada", ["a@b"], zone, id=member_id)


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        pytest.param([entry("a"), entry("b"), entry("a")], "members[2].id", id="the same id twice"),
        pytest.param([entry("a"), entry("b", "Berlin")], "members[1].time_zone", id="no zone"),
    ],
)
def test_the_entry_that_is_wrong_is_named(entries: list[RosterMember], field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        roster_from(entries)
    assert raised.value.field == field


def test_ids_that_differ_in_case_are_two_members() -> None:
    assert list(roster_from([entry("a"), entry("A")])) == ["a", "A"]
