"""Every reason for which an activation step is refused, in the words of the page that says so.

A test holds the list against the reasons in the code.
"""

from __future__ import annotations

from typing import NamedTuple


class Refused(NamedTuple):
    """A refusal as people read it."""

    status: int
    title: str
    text: str
    next_step: str


_NEW_LINK = "Ask the person who sent you the link for a new one."
_ONCE_MORE = "Open the link you were sent and start again, in one browser window and without going back."

REFUSALS = {
    "link_unknown": Refused(
        404,
        "This link does not work",
        "It is incomplete, or was never made here.",
        "Copy the whole link from the message you got and open it again, or ask for a new one.",
    ),
    "link_expired": Refused(410, "This link has expired", "Links are valid for a limited time.", _NEW_LINK),
    "link_used": Refused(
        410,
        "This link has already been used",
        "Microsoft 365 was connected through it before. Each link connects once.",
        "If that was you, nothing is left to do. To connect another tenant, ask for a new link.",
    ),
    "link_revoked": Refused(410, "This link was withdrawn", "The organisation that made it took it back.", _NEW_LINK),
    "attempt_unknown": Refused(
        409,
        "This attempt is no longer under way",
        "It was finished or started anew, perhaps in another window, or the browser kept no cookie for it.",
        f"If you have already seen that the connection is made, close this page. Otherwise: {_ONCE_MORE}",
    ),
    "sign_in_cancelled": Refused(
        400, "The sign-in was cancelled", "Microsoft says that nobody was signed in.", _ONCE_MORE
    ),
    "sign_in_failed": Refused(
        400, "The sign-in did not work", "Microsoft did not confirm who signed in.", _ONCE_MORE
    ),
    "sign_in_invalid": Refused(
        400, "The sign-in could not be verified", "What came back did not prove who signed in.", _ONCE_MORE
    ),
    "personal_account": Refused(
        403,
        "That is a personal Microsoft account",
        "Personal accounts belong to no company, so they cannot connect one.",
        "Open the link again and choose your work account.",
    ),
    "guest_account": Refused(
        403,
        "You are a guest in that Microsoft 365",
        "Only an administrator who belongs to the tenant itself can connect it.",
        "Open the link again with an account of that tenant, or pass it on to its administrator.",
    ),
    "role_missing": Refused(
        403,
        "This account cannot give the approval",
        "It is neither a Global Administrator nor a Privileged Role Administrator.",
        "Pass the link on to somebody who is. It is still valid.",
    ),
    "wrong_tenant": Refused(
        403,
        "This account is from another company",
        "The link was made for a tenant with other domains than the one you signed in to.",
        "Open the link again with an account of the expected company, or ask for a link that expects yours.",
    ),
    "consent_declined": Refused(
        403,
        "The permissions were not approved",
        "Microsoft says that they were declined, or could not be granted.",
        "Open the link again if you want to approve after all.",
    ),
    "consent_mismatch": Refused(
        400,
        "The approval could not be verified",
        "It did not come from the tenant you had signed in to.",
        "Open the link again and use the same account for the sign-in and the approval.",
    ),
    "pressed_elsewhere": Refused(
        403,
        "The button was pressed on another page",
        "Nothing was started, because you may not have seen who asks for what.",
        "Open the link you were sent, read it, and press the button there.",
    ),
    "microsoft_unavailable": Refused(
        503,
        "This is not available right now",
        "Microsoft or this service did not answer, or asked to wait.",
        "Wait a few minutes, then open the link again. It is still valid.",
    ),
}

UNKNOWN = Refused(
    400,
    "This did not work",
    "The step could not be carried out.",
    f"{_ONCE_MORE} If it happens again, tell whoever sent it.",
)
