"""The message that goes to the Microsoft admin with an activation link: who asks for what and why, ready to send.

It holds the link's secret, so it exists only where the link is made.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.mailbox_scope import INTRODUCTION, mailbox_scope
from shared.model import ActivationLink
from shared.plain_text import moment, one_line

TAKING_BACK = (
    "TAKING IT BACK\nAt any time: in the Microsoft Entra admin center, under Enterprise applications, delete the "
    "app or switch off sign-in for it. Calendars are not read any more then."
)


class Message(NamedTuple):
    """Plain text; the subject is one line."""

    subject: str
    body: str


def invitation(link: ActivationLink, url: str, org: str, platform: str, client_id: str) -> Message:
    """The message for one link. Names come from outside: each stays within its line."""
    organization, platform = one_line(link.organization_name) or org, one_line(platform)
    scope = mailbox_scope(client_id, platform, organization, org)
    parts = (
        _request(link, url, organization, platform),
        _approval(),
        _permissions(platform),
        f"LIMITING THE APP TO SOME MAILBOXES (OPTIONAL, AFTER THE APPROVAL)\n{INTRODUCTION}\n\n{scope.text}",
        TAKING_BACK,
    )
    subject = one_line(f"Please connect the Outlook calendars of {organization} with {platform}", 300)
    return Message(subject, "\n\n".join(parts) + "\n")


def _request(link: ActivationLink, url: str, organization: str, platform: str) -> str:
    days = round((link.expires_at - link.created_at).total_seconds() / 86400)
    lasts = "1 day" if days == 1 else f"{days} days"
    expected = " or ".join(link.expected_domains)
    whose = f" It expects an administrator of {expected}." if expected else ""
    return (
        f"Hello,\n\n{organization} plans meetings with {platform} and asks you, who look after Microsoft 365, to "
        "connect its Outlook calendars. It takes one sign-in and one approval; nobody else has to do anything.\n\n"
        f"Open this link, read the page and press its button:\n\n{url}\n\n"
        f"It is valid for {lasts}, until {moment(link.expires_at)}, and connects once.{whose} "
        "Opening it grants nothing."
    )


def _approval() -> str:
    return (
        "WHO CAN APPROVE\nA Global Administrator or a Privileged Role Administrator of the tenant itself, not a "
        "guest. An Application Administrator or Cloud Application Administrator cannot: those roles may not grant "
        "application permissions of Microsoft Graph."
    )


def _permissions(platform: str) -> str:
    return (
        "WHAT IS GRANTED, AND WHY\n"
        "- User.Read.All (application permission): to find members in your directory by their addresses.\n"
        "- Calendars.ReadWrite (application permission): to read when members are busy, and to write the meetings "
        "booked with them.\n"
        "Microsoft grants both for the whole tenant.\n\n"
        "WHAT IS READ\n"
        "- Names and addresses in the directory, to find members; nothing is kept of anybody else.\n"
        f"- Of people who are members on {platform}: when events begin and end, and whether they make busy.\n\n"
        "WHAT IS NEVER READ\n"
        "- Titles, texts, attendees and places of existing events\n"
        "- Mailboxes of people who are no members\n"
        "- Mail"
    )
