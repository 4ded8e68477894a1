"""Every state of connections and tenants in words: one sentence for people, and what to do next."""

from __future__ import annotations

from typing import NamedTuple

from shared.model import ConnectionStatus, TenantStatus


class Explanation(NamedTuple):
    """A state as people read it."""

    text: str
    next_step: str


CONNECTIONS = {
    ConnectionStatus.CONNECTED: Explanation("The Outlook calendar is connected and up to date.", "Nothing to do."),
    ConnectionStatus.CONNECTING: Explanation(
        "The mailbox was found and is being read for the first time.", "Wait a minute."
    ),
    ConnectionStatus.STALE: Explanation(
        "The calendar could not be read lately; the last known times are shown.",
        "Nothing to do; it is tried again by itself.",
    ),
    ConnectionStatus.NOT_MATCHED: Explanation(
        "No directory user has one of this member's addresses.",
        "Compare the member's addresses with the user's in Microsoft 365.",
    ),
    ConnectionStatus.AMBIGUOUS: Explanation(
        "More than one person could be this member.", "Make the addresses unique in Microsoft 365 or on the roster."
    ),
    ConnectionStatus.OUT_OF_SCOPE: Explanation(
        "Microsoft 365 does not let the app into this mailbox.",
        "Ask the Microsoft admin to add the mailbox to the app's scope.",
    ),
    ConnectionStatus.NO_MAILBOX: Explanation(
        "The directory user has no mailbox in Exchange Online.",
        "Ask the Microsoft admin for a licence, or to move the mailbox to the cloud.",
    ),
    ConnectionStatus.DISABLED_IN_DIRECTORY: Explanation(
        "The directory account is switched off.", "Ask the Microsoft admin to enable the account."
    ),
    ConnectionStatus.EXCLUDED: Explanation("An admin excluded this member.", "An admin can include them again."),
    ConnectionStatus.USER_DISCONNECTED: Explanation(
        "The member disconnected their calendar.", "The member can reconnect."
    ),
    ConnectionStatus.PERMISSION_LOST: Explanation(
        "Microsoft 365 no longer lets the app in.", "Make a new activation link for the Microsoft admin."
    ),
    ConnectionStatus.RECONNECT_REQUIRED: Explanation(
        "The member's sign-in with Microsoft has ended.", "The member signs in again."
    ),
    ConnectionStatus.THROTTLED: Explanation(
        "Microsoft asked to wait before reading this calendar again.", "Nothing to do; it is tried again by itself."
    ),
}

NO_TENANT = Explanation(
    "No Microsoft 365 tenant is connected yet.", "Make an activation link for the Microsoft admin."
)
"""A member of whom nobody has looked for a mailbox, because there is nowhere to look."""

TENANTS = {
    TenantStatus.CONNECTING: Explanation(
        "Permission was granted and is spreading through Microsoft.", "Wait; this can take a few minutes."
    ),
    TenantStatus.CONNECTED: Explanation("Connected; calendars are kept up to date.", "Nothing to do."),
    TenantStatus.CONSENT_MISSING: Explanation(
        "The app is not (or no longer) approved in this tenant.",
        "Make a new activation link for the Microsoft admin.",
    ),
    TenantStatus.APP_DISABLED: Explanation(
        "The app is switched off in this tenant.",
        "Ask the Microsoft admin to enable sign-in for the app under Enterprise applications.",
    ),
    TenantStatus.PERMISSION_MISSING: Explanation(
        "The app is approved but lacks a permission it needs.", "Make a new activation link for the Microsoft admin."
    ),
    TenantStatus.WRONG_TENANT: Explanation(
        "This tenant owns none of the domains the activation link expected.",
        "Make a new link and have it opened by an admin of the expected domains.",
    ),
    TenantStatus.DISCONNECTING: Explanation(
        "The connection was ended and what it left is being cleared away.", "Nothing to do; this ends by itself."
    ),
    TenantStatus.DISCONNECTED: Explanation(
        "The connection was ended and nothing of it is left.",
        "To connect again, make a new activation link for the Microsoft admin.",
    ),
}


def missed_pushes(count: int) -> str | None:
    """What it means that changes to so many calendars were not told of; nothing where there are none."""
    if not count:
        return None
    calendars = "1 calendar" if count == 1 else f"{count} calendars"
    return (
        f"Microsoft did not tell of a change to {calendars} lately. Until it does again, "
        "every calendar of the tenant is read every ten minutes."
    )
