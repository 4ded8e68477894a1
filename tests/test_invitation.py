"""The message for the Microsoft admin and its commands: complete, and no name from outside leaves its place."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import strategies as st

from shared.graph.id_token import MAY_CONSENT
from shared.invitation import Message, invitation
from shared.mailbox_scope import MailboxScope, mailbox_scope, object_name, quoted
from shared.plain_text import LONGEST_NAME, one_line
from tests.pages.api import link
from tests.properties import given

CLIENT = "11111111-0000-4000-8000-000000000001"
URL = "https://outlook.example.com/activate/acme~0123456789ab~secret"
LINK = link(expected_domains=("contoso.com", "contoso.nl"))
SCOPE = mailbox_scope(CLIENT, "Calendly", "Contoso", "contoso")
HOSTILE = "Acme\r\nBcc: all@evil.example\u2028'; Remove-Mailbox *; '\u2019 | iex \x00\u202eevil"


def message(**changes: object) -> Message:
    return invitation(replace(LINK, **changes), URL, "acme", "Calendly", CLIENT)  # type: ignore[arg-type]


def test_it_says_who_asks_for_what_why_until_when_and_who_can_approve() -> None:
    body = message().body
    said = (
        "Contoso Consulting", "Calendly", URL, "User.Read.All", "Calendars.ReadWrite", "7 days",
        "29 November 2026, 09:05 UTC", "contoso.com or contoso.nl", "Global Administrator",
        "Privileged Role Administrator", "Cloud Application Administrator cannot", "never read".upper(),
        "Titles, texts, attendees and places", "Enterprise applications",
    )  # fmt: skip
    assert [words for words in said if words not in body] == []
    assert len(MAY_CONSENT) == 2, "a third role belongs into the message"


def test_one_day_is_one_day() -> None:
    assert "for 1 day," in message(expires_at=LINK.created_at + timedelta(days=1)).body


def test_domains_are_named_only_where_some_are_expected() -> None:
    assert "expects" not in message(expected_domains=()).body


@given(st.text())
def test_no_name_adds_a_line_to_the_message(name: str) -> None:
    plain, named = message(organization_name="Acme"), message(organization_name=name)
    assert len(named.subject.splitlines()) == 1
    assert len(named.body.splitlines()) == len(plain.body.splitlines())


def test_a_hostile_name_is_no_header_no_command_and_turns_nothing_round() -> None:
    told = message(organization_name=HOSTILE)
    assert not re.search(r"^Bcc:", told.subject + told.body, re.MULTILINE)
    assert "\u202e" not in told.body
    commands = [line for line in told.body.splitlines() if line.startswith(("New-", "Add-", "Get-", "Remove-"))]
    assert "Remove-Mailbox *" not in "".join(commands)


def read_quoted(text: str) -> tuple[str, str]:
    """A PowerShell string in single quotes, read as PowerShell reads it, and what stands behind it."""
    quotes = "'\u2018\u2019\u201a\u201b"
    value, at = "", 1
    while at < len(text):
        if text[at] in quotes:
            if text[at + 1 : at + 2] not in tuple(quotes):
                return value, text[at + 1 :]
            at += 1
        value += text[at]
        at += 1
    raise AssertionError("the string does not end")


@given(st.text(st.characters() | st.sampled_from("'\u2018\u2019\u201a\u201b`$\"\n")))
def test_a_quoted_text_is_one_string_to_powershell(text: str) -> None:
    assert read_quoted(quoted(text)) == (one_line(text), "")


def test_quotes_of_every_kind_are_doubled() -> None:
    assert quoted("O'Neil \u2018x\u2019") == "'O''Neil \u2018\u2018x\u2019\u2019'"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Zoë & Söhne GmbH", "Zoe Sohne GmbH"),
        ("会社", ""),
        ("A\n'; Remove-Mailbox *", "A Remove-Mailbox"),
        ("-a-", "a"),
        ("x" * 90, "x" * 48),
    ],
)
def test_names_in_exchange_are_plain(name: str, expected: str) -> None:
    assert object_name(name) == expected


@given(st.text(), st.text())
def test_names_are_never_longer_than_exchange_allows(platform: str, organization: str) -> None:
    found = mailbox_scope(CLIENT, platform, organization, "acme-1")
    for name in (found.group, found.scope, *re.findall(r"-Name '([^']*)'", found.text)):
        assert re.fullmatch(r"[A-Za-z0-9 -]{1,64}", name)


def test_an_organization_without_latin_letters_is_named_by_its_id() -> None:
    assert mailbox_scope(CLIENT, "Calendly", "会社", "kaisha-1").group == "Calendly kaisha-1 mailboxes"


CMDLETS = {
    "New-ServicePrincipal": ("-AppId $clientId", "-ObjectId $app.Id", "-DisplayName 'Calendly'"),
    "New-ManagementScope": (f"-Name '{SCOPE.scope}'", "-RecipientRestrictionFilter $members"),
    "New-ManagementRoleAssignment": (
        "-App $app.Id", "-Role 'Application Calendars.ReadWrite'", f"-CustomResourceScope '{SCOPE.scope}'",
    ),
    "Test-ServicePrincipalAuthorization": ("-Identity $app.Id", "-Resource "),
    "Remove-MgServicePrincipalAppRoleAssignment": ("-ServicePrincipalId $app.Id", "-AppRoleAssignmentId $_.Id"),
}  # fmt: skip


@pytest.mark.parametrize("cmdlet", CMDLETS)
def test_each_command_has_its_parameters(cmdlet: str) -> None:
    (line,) = [line for line in SCOPE.text.splitlines() if f"{cmdlet} " in line and not line.startswith("#")]
    assert [given for given in CMDLETS[cmdlet] if given not in line] == []


def order(scope: MailboxScope) -> list[int]:
    commands = [step.command for step in scope.steps]
    return [next(n for n, command in enumerate(commands) if cmdlet in command) for cmdlet in CMDLETS]


def test_the_wide_grant_goes_last_once_the_scope_was_checked() -> None:
    assert order(SCOPE) == sorted(order(SCOPE))
    assert order(SCOPE)[-1] == len(SCOPE.steps) - 1


def test_what_is_no_command_is_a_comment() -> None:
    for step in SCOPE.steps:
        assert "\n" not in step.step
        assert f". {step.step}\n" in SCOPE.text
    assert re.fullmatch(r"((#|\$|  |[A-Z]\w+-\w+).*\n?|\n)+", SCOPE.text)


@given(st.text())
def test_a_line_is_one_line_that_all_can_read(text: str) -> None:
    line = one_line(text)
    assert line == " ".join(line.split())
    assert line.isprintable()
    assert len(line) <= LONGEST_NAME


def test_an_ordinary_name_stays_as_it_is() -> None:
    for name in ("Contoso Consulting", "Zoë & Söhne 会社", "O'Neil (Europe) Ltd."):
        assert one_line(name) == name
