"""What was done and refused is kept, listed and downloaded; each organization sees its own."""

import csv
import io

import pytest
import requests

from local.client import Browser
from local.stack import Stack
from tests.scenarios.company import Company, Json


def entries(company: Company, **query: str) -> list[Json]:
    """Every entry, over all pages."""
    found: list[Json] = []
    cursor = ""
    while True:
        answer = company.admin.call("GET", "/api/outlook/audit", **query, **({"cursor": cursor} if cursor else {}))
        answer.raise_for_status()
        found += answer.json()["entries"]
        cursor = answer.json()["next"] or ""
        if not cursor:
            return found


def download(company: Company, **query: str) -> tuple[requests.Response, list[list[str]]]:
    headers = {"Authorization": f"Bearer {company.token('admin')}", "Accept": "text/csv"}
    answer = requests.get(f"{company.stack.url}/api/outlook/audit", params=query, headers=headers, timeout=30)
    return answer, list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_a_whole_activation_is_told_newest_first_in_sentences(company: Company) -> None:
    clerk = company.hire("clerk")["user_principal_name"]
    made = company.admin.make_link()
    Browser().sign_in(made["url"], clerk)
    Browser().activate(made["url"], company.admin_upn)
    found = entries(company)
    assert [entry["action"] for entry in found] == [
        "tenant.connected", "activation_link.admin_proven", "activation_link.refused", "activation_link.created",
    ]  # fmt: skip
    assert found[0]["text"] == (
        f"The Microsoft user {company.object_id('boss')} connected the tenant {company.tenant} "
        f"through the activation link {made['id']}."
    )
    assert found[2]["actor"] == f"microsoft:{company.object_id('clerk')}"
    assert found[2]["detail"] == "role_missing"
    assert found[3]["text"] == f"admin made the activation link {made['id']}."


def test_what_somebody_was_refused_is_in_it(company: Company) -> None:
    company.client("user", "eve").call("GET", "/api/outlook/audit")
    (entry,) = entries(company)
    assert (entry["actor"], entry["action"], entry["subject"]) == ("eve", "access.refused", "list_audit_entries")


def test_entries_are_found_by_actor_action_and_time(company: Company) -> None:
    company.client("admin", "one").make_link()
    company.client("admin", "two").make_link()
    company.backend.call("PUT", "/api/members", {"members": []}).raise_for_status()
    found = entries(company)
    assert [entry["actor"] for entry in entries(company, action="activation_link.created")] == ["two", "one"]
    assert [entry["action"] for entry in entries(company, actor="one")] == ["activation_link.created"]
    assert entries(company, actor="nobody") == []
    assert entries(company, until=found[1]["at"]) == found[2:]
    assert entries(company, since=found[1]["at"]) == found[:2]


def test_more_than_a_page_is_listed_once_each(company: Company) -> None:
    names = [f"m{number:03}" for number in range(105)]
    for name in names:
        company.join(name)
    assert [entry["subject"] for entry in entries(company)] == names[::-1]


def test_what_is_removed_leaves_its_entries(connected: Company) -> None:
    before = entries(connected)
    connected.backend.call("DELETE", "/api/members/ann").raise_for_status()
    connected.backend.call("PUT", "/api/members", {"members": []}).raise_for_status()
    after = entries(connected)
    assert after[-len(before) :] == before
    assert [entry["action"] for entry in after[: -len(before)]] == ["roster.replaced", "member.removed"]


def test_the_same_comes_as_a_file(company: Company) -> None:
    company.admin.make_link()
    company.join("ann")
    answer, rows = download(company)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert rows[0] == ["at", "actor", "action", "subject", "detail", "text"]
    listed = [[entry[name] or "" for name in rows[0]] for entry in entries(company)]
    assert rows[1:] == listed
    assert len(download(company, action="member.added")[1]) == 2


def test_an_organization_sees_nothing_of_anothers(company: Company, stack: Stack) -> None:
    company.admin.make_link()
    stranger = Company(stack, "stranger")
    assert entries(stranger) == []
    assert len(download(stranger)[1]) == 1


WRONG = {
    "a cursor of another kind": ({"cursor": "YW5u"}, "cursor"),
    "a cursor of rubbish": ({"cursor": "!"}, "cursor"),
    "a time of rubbish": ({"since": "yesterday"}, "since"),
    "a time without an offset": ({"until": "2026-12-01T00:00:00"}, "until"),
    "an unknown parameter": ({"who": "ann"}, "who"),
}


@pytest.mark.parametrize(("query", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_question_names_the_parameter(untouched: Company, query: dict, field: str) -> None:
    answer = untouched.admin.call("GET", "/api/outlook/audit", **query)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
