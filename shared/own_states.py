"""Every state of a member's own connection in words: one sentence for people, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from shared.model import Connection, ConnectionStatus, Detail, Policy
from shared.states import NOTHING, Explanation
from shared.states import explain as explain_managed

OWN = {
    ConnectionStatus.CONNECTED: Explanation(
        "The member's own Outlook calendar is connected and up to date.", NOTHING
    ),
    ConnectionStatus.CONNECTING: Explanation(
        "The member's own Outlook calendar is being read for the first time.", "Wait a minute."
    ),
    ConnectionStatus.OUT_OF_SCOPE: Explanation(
        "Microsoft does not let the app into the calendar of the member's own account.",
        "The member connects the account again, or another one.",
    ),
    ConnectionStatus.NO_MAILBOX: Explanation(
        "The member's own account has no Outlook calendar.",
        "The member disconnects it, or connects the account that the calendar belongs to.",
    ),
    ConnectionStatus.USER_DISCONNECTED: Explanation(
        "The member disconnected their own Outlook calendar.", "The member can connect it again."
    ),
    ConnectionStatus.RECONNECT_REQUIRED: Explanation(
        "Microsoft wants the member to sign in again; until then the calendar of their own account is not read.",
        "The member connects the account again.",
    ),
}
"""Where it differs from what is said of a managed connection."""

NEEDING_THE_MEMBER = (
    ConnectionStatus.RECONNECT_REQUIRED,
    ConnectionStatus.OUT_OF_SCOPE,
    ConnectionStatus.NO_MAILBOX,
)
"""States that stay until the member acts."""

STAYS = (
    "Your organization's admins let members connect no more accounts of their own. This one stays, and you may sign "
    "in with it again; once you disconnect it, it cannot be connected again."
)


def own_rights(policy: Policy) -> tuple[bool, bool, str | None]:
    """Whether the member may disconnect, may sign in again, and what the policy lets them do no more."""
    return True, True, None if policy.members_may_connect_personal else STAYS


def stands_in(managed: Connection | None) -> bool:
    """Whether the member's own account stands in place of the managed connection."""
    return managed is not None and managed.detail == Detail.OWN_CONNECTION


def needing_members(own: Mapping[str, int]) -> int:
    """How many accounts stay as they are until their members act, by the counts of states."""
    return sum(own.get(state, 0) for state in NEEDING_THE_MEMBER)


def next_step_beside(managed: str, own: Mapping[str, int]) -> str:
    """The one thing an admin does next: about members' own accounts only where nothing else is to be done."""
    if managed != NOTHING or not needing_members(own):
        return managed
    return "Ask the members whose own account needs attention to connect it again."


def explain_own(status: ConnectionStatus, detail: str | None) -> Explanation:
    """The state in words."""
    usual = status not in OWN or detail == Detail.CALENDAR_UNREADABLE
    return explain_managed(status, detail) if usual else OWN[status]
