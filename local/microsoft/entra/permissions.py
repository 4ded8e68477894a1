"""What each permission lets an app do, in the words of the consent page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

APPLICATION = {
    "User.Read.All": "Read all users' full profiles",
    "Calendars.ReadWrite": "Read and write calendars in all mailboxes",
    "Calendars.Read": "Read calendars in all mailboxes",
    "MailboxSettings.Read": "Read all user mailbox settings",
}
DELEGATED = {
    "User.Read": "Sign you in and read your profile",
    "Calendars.ReadWrite": "Have full access to your calendars",
    "Calendars.Read": "Read your calendars",
    "Calendars.Read.Shared": "Read calendars you can access",
    "Calendars.ReadWrite.Shared": "Read and write to your and shared calendars",
    "MailboxSettings.Read": "Read your mailbox settings",
    "email": "View your email address",
    "offline_access": "Maintain access to data you have given it access to",
    "openid": "Sign you in",
    "profile": "View your basic profile",
}


class Permission(NamedTuple):
    """One line of the consent page."""

    name: str
    text: str


def application_permissions(names: Iterable[str]) -> list[Permission]:
    """App roles in words."""
    return [Permission(name, APPLICATION.get(name, name)) for name in sorted(names)]


def delegated_permissions(names: Iterable[str]) -> list[Permission]:
    """Delegated scopes in words."""
    return [Permission(name, DELEGATED.get(name, name)) for name in sorted(names)]
