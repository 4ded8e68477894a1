"""What admins see of accounts that members connected themselves: how they stand, what to do, never whose they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest
import requests

from local.stack import Stack
from tests.scenarios.calls import WITH_TOKEN, Calls
from tests.scenarios.company import Company, Json, today
from tests.scenarios.own_account import Account, Person, new_account

ADMINS_LOOK = sorted(name for name, one in WITH_TOKEN.items() if one.method == "GET" and one.who.name != "MEMBER")


class Office(NamedTuple):
    """A company whose ann connected an account of her own, while there was no tenant."""

    company: Company
    ann: Person
    account: Account


@pytest.fixture(scope="module")
def office(stack: Stack) -> Iterator[Office]:
    company = Company(stack)
    company.join("ann", f"ann@{company.domain}")
    company.join("ben", f"ben@{company.domain}")
    ann, account = Person(company), new_account(company, "consumer")
    ann.meet(account, hour=9)
    ann.connected(account)
    assert ann.becomes_true(account)
    yield Office(company, ann, account)
    company.retire()


def listed(company: Company, **query: str) -> list[Json]:
    answer = company.admin.call("GET", "/api/outlook/members", **query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["members"]
    return found


def check(company: Company, name: str = "ann") -> list[Json]:
    answer = company.admin.call("POST", f"/api/outlook/members/{name}/check")
    assert answer.status_code == 200, answer.text
    steps: list[Json] = answer.json()["steps"]
    return steps


def test_the_list_says_how_it_stands_since_when_and_that_it_stands_in(office: Office) -> None:
    ann, ben = listed(office.company)
    assert (ann["own_state"], ann["own_instead"], ann["own_next_step"]) == ("connected", True, "Nothing to do.")
    assert "own Outlook calendar is connected" in ann["own_state_text"]
    assert ann["own_changed_at"] == (office.ann.own() or {})["changed_at"]
    assert (ann["state"], ann["detail"]) == ("user_disconnected", "own_connection")
    assert (ben["own_state"], ben["own_changed_at"], ben["own_instead"]) == (None, None, False)
    assert [one["id"] for one in listed(office.company, own_state="connected")] == ["ann"]
    assert listed(office.company, own_state="connecting") == []


def test_a_check_goes_through_the_own_account_too(office: Office) -> None:
    steps = check(office.company)
    assert [(step["name"], step["ok"]) for step in steps] == [
        ("decision", True), ("own account", True), ("own calendar", True), ("own notifications", True)
    ]  # fmt: skip
    assert "in place of the managed calendar" in steps[1]["text"]
    assert not [step for step in check(office.company, "ben") if "own" in step["name"]]


def test_a_policy_that_allows_no_more_says_how_many_there_are_and_that_they_stay(office: Office) -> None:
    wish = {"members_may_connect_personal": False}
    tried = office.company.admin.call("POST", "/api/outlook/policy/preview", wish).json()["effect"]
    assert tried["own_staying"] == 1
    assert tried["sentences"] == [
        "1 member is still connected with an account of their own, until they disconnect it."
    ]
    again = office.company.admin.call("POST", "/api/outlook/policy/preview", {"members_may_connect_personal": True})
    assert again.json()["effect"]["sentences"] == ["This touches nobody."]


def test_nothing_that_admins_or_the_platform_are_answered_says_whose_account_it_is(office: Office) -> None:
    company, account = office.company, office.account
    calls, said = Calls(company), []
    for name in ADMINS_LOOK:
        for accept in ("application/json", "text/csv"):
            headers = calls.bearer("service" if "booking" in name else "admin") | {"Accept": accept}
            said.append(calls.call(WITH_TOKEN[name], headers).text)
    span = {"start": today().isoformat(), "end": (today() + timedelta(days=7)).isoformat()}
    explained = company.admin.call("GET", "/api/members/ann/explain", **span)
    said += [explained.text, str(check(company)), str(listed(company, q=account.upn))]
    said += map(str, company.stack.platform.events.of(company.org, "ann"))
    secrets = [account.upn, account.upn.partition("@")[0], company.microsoft.user(account.tenant, account.upn)["id"]]
    assert [secret for secret in [*secrets, account.tenant] for text in said if secret.lower() in text.lower()] == []
    assert {one["id"] for one in explained.json()["calendars"]} == {"personal"}
    assert sum("connected an account of their own" in text for text in said) > 1


def test_what_was_kept_for_operators_is_still_in_the_audit_trail(office: Office) -> None:
    entries = office.company.services().tables.audit.of(office.company.org)
    (entry,) = [entry for entry in entries if entry.action == "connection.own_connected"]
    assert (entry.detail or "").startswith(office.account.tenant)


def test_a_sign_in_that_ended_is_said_with_who_must_act_and_a_check_asks_microsoft_nothing(company: Company) -> None:
    company.join("ann", f"ann@{company.domain}")
    ann, account = Person(company), new_account(company)
    ann.connected(account)
    company.microsoft.set_switches(revocation_reaches_graph=True)
    try:
        company.microsoft.revoke_sign_ins(account.tenant, account.upn)
        steps = check(company)
    finally:
        company.microsoft.set_switches(revocation_reaches_graph=False)
    assert [(step["name"], step["ok"]) for step in steps[:3]] == [
        ("decision", True), ("own account", False), ("own calendar", False)
    ]  # fmt: skip
    assert {step["next_step"] for step in steps[1:3]} == {"The member connects the account again."}
    (one,) = listed(company, own_state="reconnect_required")
    assert one["own_next_step"] == "The member connects the account again."
    asked = len(company.microsoft.requests("/common/oauth2/v2.0/token"))
    assert [step["name"] for step in check(company)] == ["decision", "own account"]
    assert len(company.microsoft.requests("/common/oauth2/v2.0/token")) == asked
    overview = company.admin.call("GET", "/api/outlook").json()
    assert (overview["own_states"], overview["own_needing_attention"]) == ({"reconnect_required": 1}, 1)


def test_the_table_for_spreadsheets_has_it_too(office: Office) -> None:
    headers = {"Authorization": f"Bearer {office.company.token('admin')}", "Accept": "text/csv"}
    answer = requests.get(f"{office.company.stack.url}/api/outlook/members", headers=headers, timeout=30)
    ann, ben = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert [(row["own_state"], row["own_instead"]) for row in (ann, ben)] == [("connected", "true"), ("", "false")]
