"""Every state of connections and tenants in words: one sentence for people, and what to do next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from shared.model import ConnectionStatus, Detail, TenantStatus

NOTHING = "Nothing to do."


class Explanation(NamedTuple):
    """A state as people read it."""

    text: str
    next_step: str


CONNECTIONS = {
    ConnectionStatus.CONNECTED: Explanation("The Outlook calendar is connected and up to date.", NOTHING),
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

NARROWED: dict[tuple[ConnectionStatus, str], Explanation] = {
    (ConnectionStatus.CONNECTED, Detail.CALENDAR_UNREADABLE): Explanation(
        "The Outlook calendar is connected, but one that somebody shares with the member cannot be read.",
        "The member has it shared again, or checks it no more.",
    ),
    (ConnectionStatus.NOT_MATCHED, Detail.GUEST_ONLY): Explanation(
        "The member's address belongs to a guest, whose calendar is in another organization.",
        "Add the member's address in this organization to the roster.",
    ),
    (ConnectionStatus.NOT_MATCHED, Detail.ADDRESS_REASSIGNED): Explanation(
        "The member's address now belongs to another account, whose calendar is not theirs by that.",
        "If it is the same person, choose the account for the member.",
    ),
    (ConnectionStatus.NOT_MATCHED, Detail.CHOSEN_USER_REMOVED): Explanation(
        "The account an admin chose for the member was deleted from the directory.",
        "Choose another account, or leave the match to the addresses again.",
    ),
    (ConnectionStatus.NOT_MATCHED, Detail.USER_REMOVED): Explanation(
        "The member's account was deleted from the directory.",
        "Remove the member from the roster, or ask the Microsoft admin to restore the account.",
    ),
    (ConnectionStatus.NOT_MATCHED, Detail.WRONG_TENANT): Explanation(
        "The tenant that was connected is not the expected one, so nobody is looked for in it.",
        "Make a new link and have it opened by an admin of the expected domains.",
    ),
    (ConnectionStatus.AMBIGUOUS, Detail.SEVERAL_USERS): Explanation(
        "The member's addresses lead to more than one directory user.",
        "Choose the right one for the member, or leave only that one's addresses on the roster.",
    ),
    (ConnectionStatus.AMBIGUOUS, Detail.SEVERAL_MEMBERS): Explanation(
        "Another member has the same address.",
        "Remove the address from the roster entry that is not its owner's, or choose the account for the member.",
    ),
    (ConnectionStatus.STALE, Detail.SYNC_FAILED): Explanation(
        "Reading this calendar failed several times; the last known times are shown.",
        "It is tried again by itself; contact support if it stays like this.",
    ),
    (ConnectionStatus.USER_DISCONNECTED, Detail.OWN_CONNECTION): Explanation(
        "The member connected an account of their own instead.",
        "Nothing to do; it connects by itself when the member disconnects their own account.",
    ),
    (ConnectionStatus.EXCLUDED, Detail.NOT_IN_ROLLOUT): Explanation(
        "The roll-out does not include this member yet.", "Widen the scope in the policy."
    ),
}
"""Details that change what to do. All others are for searching."""

NEEDING_ATTENTION = (
    ConnectionStatus.PERMISSION_LOST,
    ConnectionStatus.OUT_OF_SCOPE,
    ConnectionStatus.NOT_MATCHED,
    ConnectionStatus.AMBIGUOUS,
    ConnectionStatus.NO_MAILBOX,
    ConnectionStatus.DISABLED_IN_DIRECTORY,
    ConnectionStatus.RECONNECT_REQUIRED,
)
"""States that stay until somebody acts, those first that likely have one cause for many."""

NO_TENANT = Explanation(
    "No Microsoft 365 tenant is connected yet.", "Make an activation link for the Microsoft admin."
)
"""A member of whom nobody has looked for a mailbox, because there is nowhere to look."""

TENANTS = {
    TenantStatus.CONNECTING: Explanation(
        "Permission was granted and is spreading through Microsoft.", "Wait; this can take a few minutes."
    ),
    TenantStatus.CONNECTED: Explanation("Connected; calendars are kept up to date.", NOTHING),
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
        "The tenant is being disconnected: calendars are forgotten, subscriptions at Microsoft are ended.",
        "Wait a minute; then remove the app in Microsoft 365 if it is not to come back.",
    ),
    TenantStatus.DISCONNECTED: Explanation(
        "The connection was ended and nothing of it is left.",
        "To connect again, make a new activation link for the Microsoft admin.",
    ),
}


def explain(status: ConnectionStatus, detail: str | None) -> Explanation:
    """A connection's state in words, as narrow as its detail allows."""
    return NARROWED.get((status, detail or ""), CONNECTIONS[status])


def next_step(counts: Mapping[str, int], tenants: Collection[TenantStatus]) -> str:
    """The one thing an organization's admin does next: about tenants first, then about most of the members."""
    staying = [status for status in tenants if status is not TenantStatus.DISCONNECTING]
    if not staying:
        return NO_TENANT.next_step
    if lost := next((status for status in staying if status.is_lost), None):
        return TENANTS[lost].next_step
    if not any(counts.values()):
        return "Have the platform send the organization's members."
    commonest = max(NEEDING_ATTENTION, key=lambda state: counts.get(state, 0))
    if counts.get(commonest):
        return CONNECTIONS[commonest].next_step
    return CONNECTIONS[ConnectionStatus.CONNECTING].next_step if counts.get(ConnectionStatus.CONNECTING) else NOTHING


def missed_pushes(count: int) -> str | None:
    """What it means that changes to so many calendars were not told of; nothing where there are none."""
    if not count:
        return None
    calendars = "1 calendar" if count == 1 else f"{count} calendars"
    return (
        f"Microsoft did not tell of a change to {calendars} lately. Until it does again, "
        "every calendar of the tenant is read every ten minutes."
    )


_APP_STAYS = (
    "The app stays listed under Enterprise applications in the Microsoft Entra admin center, with the permissions "
    "that were granted; a Microsoft admin removes both by deleting it there."
)
LEFT_AT_MICROSOFT = (
    _APP_STAYS,
    "Events that were booked into members' calendars stay there; they belong to the members.",
)
"""What stays in a tenant that is disconnected here."""


def removal_command(client_id: str) -> str:
    """The PowerShell with which a Microsoft admin removes the app from the tenant."""
    return (
        "Connect-MgGraph -Scopes Application.ReadWrite.All; Remove-MgServicePrincipal "
        f"-ServicePrincipalId (Get-MgServicePrincipal -Filter \"appId eq '{client_id}'\").Id"
    )
