"""The decisions behind an activation link: tickets, who may connect, and what a consent callback is worth."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from shared.activation import closed_because, consent_objection, objection
from shared.callers import ID
from shared.errors import Refusal
from shared.graph.id_token import MAY_CONSENT, PERSONAL_ACCOUNTS, SignedIn
from shared.model import ActivationLink, AdminProof, LinkStep
from shared.tickets import Ticket, hashed
from tests.properties import given

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
TENANT = "7c5f0000-0000-4000-8000-000000000001"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"

LINK = ActivationLink("l1", hashed("s"), "Acme", "m-1", NOW, NOW + timedelta(days=7))
PERSON = SignedIn(TENANT, "o-1", "Ada", "ada@contoso.com", False, frozenset({GLOBAL_ADMINISTRATOR}))


@given(st.from_regex(ID, fullmatch=True))
def test_a_ticket_survives_being_written_and_read(org: str) -> None:
    ticket = Ticket(org, secrets.token_hex(6), secrets.token_urlsafe(32))
    assert Ticket.parse(str(ticket)) == ticket


LINK_ID, SECRET = "0123456789ab", "S" * 43
NO_TICKETS = {
    "nothing": "",
    "a word": "acme",
    "two parts": f"acme~{LINK_ID}",
    "four parts": f"acme~{LINK_ID}~{SECRET}~x",
    "no organization": f"~{LINK_ID}~{SECRET}",
    "no link": f"acme~~{SECRET}",
    "no secret": f"acme~{LINK_ID}~",
    "separators only": "~~",
    "a slash": f"ac/me~{LINK_ID}~{SECRET}",
    "a backslash": f"ac\\me~{LINK_ID}~{SECRET}",
    "a hash behind it": f"acme~{LINK_ID}~{SECRET}#x",
    "a question mark behind it": f"acme~{LINK_ID}~{SECRET}?x",
    "a blank in front": f" acme~{LINK_ID}~{SECRET}",
    "not ASCII": f"acmé~{LINK_ID}~{SECRET}",
    "digits of another script": "acme~" + "\u0660" * 12 + f"~{SECRET}",
    "a link in capitals": f"acme~{LINK_ID.upper()}~{SECRET}",
    "a secret too short": f"acme~{LINK_ID}~{SECRET[1:]}",
    "a secret too long": f"acme~{LINK_ID}~{SECRET}S",
    "an organization too long": f"{'a' * 65}~{LINK_ID}~{SECRET}",
    "a line break in a key": f"acme\n~{LINK_ID}~{SECRET}",
    "a line break at the end": f"acme~{LINK_ID}~{SECRET}\n",
    "a zero byte in a key": f"acme~{LINK_ID}\0~{SECRET}",
    "a tabulator in a key": f"acme\t~{LINK_ID}~{SECRET}",
    "a deletion character in a key": f"acme\x7f~{LINK_ID}~{SECRET}",
}


def test_a_ticket_is_what_those_below_lack_one_thing_of() -> None:
    assert Ticket.parse(f"acme~{LINK_ID}~{SECRET}") == Ticket("acme", LINK_ID, SECRET)


@pytest.mark.parametrize("text", NO_TICKETS.values(), ids=NO_TICKETS.keys())
def test_what_is_no_ticket_is_an_unknown_link(text: str) -> None:
    with pytest.raises(Refusal, match=r"^link_unknown$"):
        Ticket.parse(text)


@given(st.text())
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    try:
        Ticket.parse(text)
    except Refusal:
        return
    assert text.count("~") == 2


@pytest.mark.parametrize(
    ("secret", "digest", "opens"),
    [
        ("s", hashed("s"), True),
        ("s", hashed("t"), False),
        ("s", None, False),
        ("s", "", False),
        ("s", "s", False),
        (hashed("s"), hashed("s"), False),
    ],
)
def test_a_ticket_opens_what_its_secret_was_hashed_to(secret: str, digest: str | None, opens: bool) -> None:
    assert Ticket("acme", "l1", secret).opens(digest) is opens


def person(**changed: object) -> SignedIn:
    return replace(PERSON, **changed)  # type: ignore[arg-type]


OBJECTIONS = {
    "a global administrator": (person(), (), None),
    "a privileged role administrator": (person(roles=frozenset({PRIVILEGED_ROLE_ADMINISTRATOR})), (), None),
    "an administrator with other roles besides": (person(roles=frozenset({"x", GLOBAL_ADMINISTRATOR})), (), None),
    "an application administrator": (person(roles=frozenset({APPLICATION_ADMINISTRATOR})), (), "role_missing"),
    "an ordinary user": (person(roles=frozenset()), (), "role_missing"),
    "a role in capitals": (person(roles=frozenset({GLOBAL_ADMINISTRATOR.upper()})), (), "role_missing"),
    "a guest who administers": (person(is_guest=True), (), "guest_account"),
    "a personal account": (person(tenant_id=PERSONAL_ACCOUNTS), (), "personal_account"),
    "a personal account before all else": (
        person(tenant_id=PERSONAL_ACCOUNTS, is_guest=True, roles=frozenset()),
        ("fabrikam.com",),
        "personal_account",
    ),
    "of the expected domain": (person(), ("contoso.com",), None),
    "of one of the expected domains": (person(), ("fabrikam.com", "contoso.com"), None),
    "of the expected domain in capitals": (person(username="Ada@CONTOSO.com"), ("contoso.com",), None),
    "of another domain": (person(), ("fabrikam.com",), "wrong_tenant"),
    "of a subdomain": (person(username="a@x.contoso.com"), ("contoso.com",), "wrong_tenant"),
    "of a domain that ends alike": (person(username="a@notcontoso.com"), ("contoso.com",), "wrong_tenant"),
    "of the tenant's first domain": (person(username="a@contoso.onmicrosoft.com"), ("contoso.com",), None),
    "of a domain that ends like the first ones": (
        person(username="a@evilonmicrosoft.com"),
        ("contoso.com",),
        "wrong_tenant",
    ),
    "without a user name": (person(username=""), ("contoso.com",), "wrong_tenant"),
    "without a user name, any domain": (person(username=""), (), None),
}


@pytest.mark.parametrize(("who", "domains", "expected"), OBJECTIONS.values(), ids=OBJECTIONS.keys())
def test_who_may_connect_their_tenant(who: SignedIn, domains: tuple[str, ...], expected: str | None) -> None:
    assert objection(who, replace(LINK, expected_domains=domains)) == expected


def test_the_roles_that_may_consent_are_these_two() -> None:
    assert {GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR} == MAY_CONSENT


PROOF = AdminProof(TENANT, "o-1")
GRANTED = {"admin_consent": "True", "tenant": TENANT, "scope": "https://graph.microsoft.com/.default", "state": "x"}
CALLBACKS = {
    "granted": (GRANTED, None),
    "granted, in other case": ({"admin_consent": "true", "tenant": TENANT.upper()}, None),
    "declined": ({**GRANTED, "error": "consent_required", "error_description": "AADSTS65004"}, "consent_declined"),
    "cancelled, old form": ({"error": "permission_denied"}, "consent_declined"),
    "an error without a name": ({**GRANTED, "error": ""}, "consent_declined"),
    "for another tenant": ({**GRANTED, "tenant": PERSONAL_ACCOUNTS}, "consent_mismatch"),
    "for no tenant": ({"admin_consent": "True"}, "consent_mismatch"),
    "for an empty tenant": ({**GRANTED, "tenant": ""}, "consent_mismatch"),
    "for the tenant and more": ({**GRANTED, "tenant": f"{TENANT} "}, "consent_mismatch"),
    "not granted": ({**GRANTED, "admin_consent": "False"}, "consent_mismatch"),
    "says nothing": ({"tenant": TENANT}, "consent_mismatch"),
    "empty": ({}, "consent_mismatch"),
}


@pytest.mark.parametrize(("answer", "expected"), CALLBACKS.values(), ids=CALLBACKS.keys())
def test_what_a_consent_callback_is_worth(answer: dict[str, str], expected: str | None) -> None:
    assert consent_objection(answer, PROOF) == expected


MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("step", "now", "is_open"),
    [
        *((step, NOW, step not in (LinkStep.CONNECTED, LinkStep.REVOKED)) for step in LinkStep),
        (LinkStep.CREATED, LINK.expires_at - MOMENT, True),
        (LinkStep.APPROVED, LINK.expires_at - MOMENT, True),
        (LinkStep.APPROVED, LINK.expires_at, False),
        (LinkStep.CREATED, LINK.expires_at, False),
        (LinkStep.APPROVING, LINK.expires_at, False),
    ],
)
def test_until_when_a_link_is_open(step: LinkStep, now: datetime, is_open: bool) -> None:
    assert replace(LINK, step=step).is_open(now) is is_open


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (LinkStep.CONNECTED, "link_used"),
        (LinkStep.REVOKED, "link_revoked"),
        (LinkStep.CREATED, "link_expired"),
        (LinkStep.APPROVING, "link_expired"),
        (LinkStep.APPROVED, "link_expired"),
    ],
)
def test_why_a_link_is_closed(step: LinkStep, reason: str) -> None:
    assert closed_because(replace(LINK, step=step)) == reason


def test_what_is_stored_of_a_secret_does_not_contain_it() -> None:
    assert "secret" not in hashed("secret")
    assert len(hashed("secret")) == 64
