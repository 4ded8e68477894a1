"""Every action of the audit trail in words."""

from __future__ import annotations

from shared.model import Entry

REFUSED = "access.refused"
"""The action of an entry that says what somebody was not allowed to do."""

OWN_REFUSED = "connection.own_refused"
"""A member came back from Microsoft, and was refused."""
OWN_ASTRAY = "connection.own_astray"
"""Something else came back of a member's sign-in, or somewhere else."""

SENTENCES = {
    "activation_link.created": "{actor} made the activation link {subject}.",
    "activation_link.revoked": "{actor} revoked the activation link {subject}.",
    "activation_link.admin_proven": (
        "{actor} signed in through the activation link {subject} and may approve for the tenant {detail}."
    ),
    "activation_link.refused": "{actor} was refused at the activation link {subject}: {detail}.",
    "tenant.connected": "{actor} connected the tenant {subject} through the activation link {detail}.",
    "tenant.resync_asked": "{actor} asked for the tenant {subject} to be looked at.",
    "tenant.disconnected": "{actor} disconnected the tenant {subject}.",
    "tenant.removed": "{actor} removed what was kept of the tenant {subject}.",
    "policy.changed": "{actor} changed the policy's {subject}: {detail}.",
    "roster.replaced": "{actor} sent the whole roster, of {subject} members.",
    "member.added": "{actor} added the member {subject}.",
    "member.changed": "{actor} changed the member {subject}.",
    "member.removed": "{actor} removed the member {subject}.",
    "member.checked": "{actor} had the member {subject} checked.",
    "member.excluded": "{actor} excluded the member {subject}.",
    "member.included": "{actor} included the member {subject} again.",
    "connection.disconnected": "{actor} disconnected the calendar of the member {subject}.",
    "connection.reconnected": "{actor} connected the calendar of the member {subject} again.",
    "connection.own_connected": "{actor} connected an account of their own for the member {subject}.",
    "connection.own_disconnected": "{actor} disconnected the account of the member {subject}'s own.",
    OWN_REFUSED: "{actor} was refused when connecting an account of their own for the member {subject}: {detail}.",
    OWN_ASTRAY: "{actor} refused what came back elsewhere or altered of a sign-in of the member {subject}: {detail}.",
    "match.chosen": "{actor} said which directory user the member {subject} is: {detail}.",
    "match.left_to_addresses": "{actor} left it to the addresses again who the member {subject} is.",
    "calendars.selected": "{actor} selected calendars for the member {subject} ({detail}).",
    "calendars.gone": (
        "{actor} noticed that a calendar selected by the member {subject} is not there any more, and left it out."
    ),
    "busy_statuses.chosen": "{actor} chose what counts as busy for the member {subject}: {detail}.",
    REFUSED: "{actor} was refused: {subject} ({detail}).",
}
"""Every action in words; a test holds the list against the actions in the code."""

CONCEALED = frozenset({"connection.own_connected"})
"""Actions whose detail is kept, and shown to no admin: which account at Microsoft a member's own is (decision 27)."""


def sentence(entry: Entry) -> str:
    """The entry in words."""
    words = SENTENCES.get(entry.action, "{actor}: {action}, {subject}.")
    detail = (entry.detail or "no detail").replace("_", " ")
    action = entry.action.replace("_", " ").replace(".", ": ")
    return words.format(actor=_who(entry.actor), action=action, subject=entry.subject, detail=detail)


def _who(actor: str) -> str:
    kind, _, object_id = actor.partition(":")
    if kind == "microsoft":
        return f"The Microsoft user {object_id}" if object_id else "Somebody who signed in with Microsoft"
    return "The service" if actor == "system" else actor
