"""How far an activation link came, in words for the admin who made it, and what to do next."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from shared.model import ActivationLink, LinkStep

OPENED, EXPIRED = "opened", "expired"
"""States that no step says: the first was only looked at, the second only waited."""


class LinkState(NamedTuple):
    """A link's state as people read it."""

    step: str
    """A stable code: a `LinkStep`, `opened` or `expired`."""
    text: str
    next_step: str


_STILL_GOOD = "Send it to somebody who is; the link is still good."
_ONCE_MORE = "Ask them to open the link again; it is still good."
_UNDER_WAY = "Nothing to do while they are at it. If they were interrupted, they can open the link again."
_NEW_LINK = "Make a new link."

STEPS = {
    LinkStep.CREATED: ("Not opened yet.", "Send it to the person who looks after Microsoft 365."),
    LinkStep.STARTED: (
        "Somebody pressed the button and went to sign in with Microsoft; no answer has come back yet.",
        _UNDER_WAY,
    ),
    LinkStep.APPROVING: (
        "An admin who may approve has signed in; the approval itself is still missing.",
        _UNDER_WAY,
    ),
    LinkStep.APPROVED: (
        "The permissions were approved; the tenant is being recorded.",
        "Nothing to do. If it stays like this, ask them to reload the page they ended on, or make a new link.",
    ),
    LinkStep.CONNECTED: ("Used: the tenant is connected.", "Nothing to do."),
    LinkStep.REVOKED: ("Revoked: nobody can use it any more.", "Make a new link if one is still needed."),
}
ONLY_OPENED = (
    "Opened (by a person or a mail scanner); nobody has pressed the button yet.",
    "Ask the Microsoft admin whether they got it, and to press the button on the page.",
)
REFUSALS = {
    "role_missing": (
        "Signed in without the right role: neither a Global Administrator nor a Privileged Role Administrator.",
        _STILL_GOOD,
    ),
    "guest_account": (
        "Signed in as a guest of the tenant, who cannot approve for it.",
        "Have it opened by an administrator who belongs to the tenant; the link is still good.",
    ),
    "personal_account": (
        "Signed in with a personal Microsoft account, which belongs to no company.",
        "Ask them to open the link again with their work account; it is still good.",
    ),
    "wrong_tenant": (
        "Signed in with an account of another company than the link expects.",
        "Check that the right person got the link, or make one that expects their domain.",
    ),
    "consent_declined": (
        "The consent was declined, or Microsoft could not grant it.",
        f"Ask why, and explain what is asked for. {_ONCE_MORE}",
    ),
    "consent_mismatch": (
        "An approval came back that is not for the tenant whose admin had signed in. It was not believed.",
        f"{_ONCE_MORE} The same account signs in and approves.",
    ),
    "sign_in_cancelled": ("The sign-in was cancelled.", _ONCE_MORE),
    "sign_in_failed": ("Microsoft did not confirm who signed in.", _ONCE_MORE),
    "sign_in_invalid": ("What came back from the sign-in did not prove who it was. It was not believed.", _ONCE_MORE),
}
"""By the reason of the last refusal. Each reason that can end an attempt is here; a test looks."""
UNKNOWN_REFUSAL = ("The last attempt was refused.", _ONCE_MORE)


def link_state(link: ActivationLink, now: datetime) -> LinkState:
    """The state, with what it had come to where the link has run out."""
    step, text, next_step = _reached(link)
    if link.is_open(now) or link.step in (LinkStep.CONNECTED, LinkStep.REVOKED):
        return LinkState(step, text, next_step)
    return LinkState(EXPIRED, f"Expired. How far it came: {text[0].lower()}{text[1:]}", _NEW_LINK)


def _reached(link: ActivationLink) -> LinkState:
    if link.step is LinkStep.REFUSED:
        return LinkState(link.step, *REFUSALS.get(link.reason or "", UNKNOWN_REFUSAL))
    if link.step is LinkStep.CREATED and link.opened_at is not None:
        return LinkState(OPENED, *ONLY_OPENED)
    return LinkState(link.step, *STEPS[link.step])
