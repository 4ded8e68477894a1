"""What members are refused on their way back is in the audit trail, and nothing of their accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from local.microsoft.remote import sign_in
from shared.personal_attempts import row_key
from tests.personal.conftest import parameters
from tests.scenarios.company import Company, Json
from tests.scenarios.own_account import Account, Person, new_account
from tests.scenarios.test_attacks import altered

Told = tuple[str, str, str, str]


def told(company: Company) -> set[Told]:
    """Actor, action, subject and detail of what was refused."""
    return {(one["actor"], one["action"], one["subject"], one["detail"]) for one in entries(company)}


def entries(company: Company) -> list[Json]:
    answer = company.admin.call("GET", "/api/outlook/audit")
    answer.raise_for_status()
    return [one for one in answer.json()["entries"] if one["action"].startswith("connection.own_")]


def refused(name: str, reason: str) -> Told:
    return name, "connection.own_refused", name, reason


def astray(name: str, reason: str) -> Told:
    return "system", "connection.own_astray", name, reason


@pytest.fixture
def people(company: Company) -> Iterator[tuple[Person, Person]]:
    for name in ("ann", "ben"):
        company.join(name)
    yield Person(company), Person(company, "ben")
    company.microsoft.set_switches(admin_approval_returns=False)


def begun(person: Person) -> str:
    answer = person.begin()
    answer.raise_for_status()
    url: str = answer.json()["url"]
    return url


def test_what_microsoft_refuses_a_member_is_kept(company: Company, people: tuple[Person, Person]) -> None:
    ann, ben = people
    account = new_account(company)
    ann.return_from(sign_in(begun(ann), account.upn, accept=False))
    company.microsoft.set_switches(admin_approval_returns=True)
    company.microsoft.change_tenant(account.tenant, user_consent="admin_only")
    assert "only an administrator" in ben.connect(account).text
    assert told(company) == {refused("ann", "consent_declined"), refused("ben", "approval_required")}
    sentence = "ann was refused when connecting an account of their own for the member ann: consent declined."
    assert sentence in [one["text"] for one in entries(company)]
    kept = repr(company.rows("Audit", company.org))
    user = company.microsoft.user(account.tenant, account.upn)["id"]
    assert [known for known in (account.upn, account.tenant, user, "AADSTS") if known in kept] == []


def test_what_the_organization_refuses_a_member_is_kept(company: Company, people: tuple[Person, Person]) -> None:
    """Decided while the member was at Microsoft: no more accounts of their own; no member any more."""
    ann, ben = people
    of_ann, of_ben = sign_in(begun(ann), new_account(company).upn), sign_in(begun(ben), new_account(company).upn)
    company.admin.call("PATCH", "/api/outlook/policy", {"members_may_connect_personal": False}).raise_for_status()
    company.backend.call("DELETE", "/api/members/ben").raise_for_status()
    assert "does not allow this" in ann.return_from(of_ann).text
    assert "no member of the organization any more" in ben.return_from(of_ben).text
    assert told(company) == {refused("ann", "not_allowed"), refused("ben", "not_a_member")}


def test_a_member_who_connects_the_managed_account_again_is_kept(connected: Company) -> None:
    ann = Person(connected)
    assert "connected already" in ann.connect(Account(connected.tenant, f"ann@{connected.domain}")).text
    assert ann.own() is None
    assert told(connected) == {refused("ann", "already_connected")}


def test_an_answer_altered_or_in_another_browser_is_kept_as_nobodys(
    company: Company, people: tuple[Person, Person]
) -> None:
    """Once a minute: whoever insists fills no table."""
    ann, ben = people
    callback = sign_in(begun(ann), new_account(company).upn)
    begun(ben)
    for _ in range(2):
        assert ben.return_from(callback).status_code == 403
    forged = altered(callback, state=parameters(callback)["state"][:-4] + "AAAA")
    for _ in range(2):
        assert ann.return_from(forged).status_code == 409
    assert told(company) == {astray("ann", "other_browser"), astray("ann", "attempt_unknown")}
    assert len(entries(company)) <= 4
    assert ann.return_from(callback).status_code == 303


def test_what_proves_nobody_leaves_no_entry(company: Company, people: tuple[Person, Person]) -> None:
    """Junk, a guessed state of a member under way, one used again, and an attempt's row that names somebody else."""
    ann, ben = people
    callback = sign_in(begun(ann), new_account(company).upn)
    row, guessed = row_key("ann"), "A" * 43
    for state in ("x", f"{company.org}~{row}~{guessed}", f"{company.org}~{row_key('nobody')}~{guessed}"):
        address = f"{company.stack.url}/callback/personal"
        answer = requests.get(address, params={"state": state, "error": "access_denied"}, timeout=30)
        assert answer.status_code == 409
    rename(company, row, "ben")
    for person in (ann, ben):
        assert person.return_from(callback).status_code == 409
    assert told(company) == set()


def rename(company: Company, row: str, member: str) -> None:
    """What somebody who can write in the storage account can do."""
    sign_ins = company.services().tables.sign_ins
    found = sign_ins.get(company.org, row)
    assert found is not None
    sign_ins.replace(found, replace(found.value, member=member))
