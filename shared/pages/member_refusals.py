"""Every reason for which a member's sign-in with their own account is refused, in the words of the page that says so.

Some reasons are also those of an activation link; what to do about them differs. A test holds the list against the
code.
"""

from __future__ import annotations

from shared.pages.refusals import Refused

_ONCE_MORE = "Go back to your Outlook connection and connect again, in one browser window and without going back."

MEMBER_REFUSALS = {
    "attempt_unknown": Refused(
        409,
        "This sign-in is no longer under way",
        "It was finished, started anew in another window, or took longer than a quarter of an hour.",
        f"If your calendar is already shown as connected, close this page. Otherwise: {_ONCE_MORE}",
    ),
    "other_browser": Refused(
        403,
        "This sign-in was started in another browser",
        "It ends only where it began, so that nobody can have your calendar connected to somebody else.",
        "If somebody sent you the link, close this page. If you started it yourself, connect again in this browser, "
        "with cookies allowed.",
    ),
    "sign_in_cancelled": Refused(
        400,
        "The sign-in was cancelled",
        "Microsoft says that nobody signed in, or that access was not granted.",
        _ONCE_MORE,
    ),
    "sign_in_failed": Refused(
        400, "The sign-in did not work", "Microsoft did not confirm who signed in.", _ONCE_MORE
    ),
    "sign_in_invalid": Refused(
        400, "The sign-in could not be verified", "What came back did not prove who signed in.", _ONCE_MORE
    ),
    "code_spent": Refused(
        400,
        "The sign-in came back twice, or too late",
        "What Microsoft hands out is good once, and for a few minutes.",
        _ONCE_MORE,
    ),
    "consent_declined": Refused(
        403,
        "Access to your calendar was not granted",
        "Without it there is nothing to read, so nothing is kept of the sign-in.",
        "Connect again if you want to grant it after all.",
    ),
    "approval_required": Refused(
        403,
        "Your company lets only an administrator approve this",
        "The account you chose belongs to a company in which people cannot connect apps themselves.",
        "Ask its Microsoft 365 administrator to approve the app, or connect another account.",
    ),
    "account_refused": Refused(
        403,
        "This account cannot be connected",
        "Microsoft does not let it in here, or you are only a guest where it is from.",
        "Connect again and choose the account that your calendar belongs to.",
    ),
    "already_connected": Refused(
        409,
        "This calendar is connected already",
        "Your organization has connected the very account you chose; its times count as they are.",
        "There is nothing to do. To connect another calendar too, connect again and choose its account.",
    ),
    "not_allowed": Refused(
        403,
        "Your organization does not allow this",
        "Its admins do not let members connect accounts of their own, or another one than is connected.",
        "Ask an admin of your organization.",
    ),
    "not_a_member": Refused(
        403,
        "You are no member of the organization any more",
        "Only members can connect a calendar.",
        "Ask an admin of your organization.",
    ),
    "microsoft_unavailable": Refused(
        503,
        "This is not available right now",
        "Microsoft or this service did not answer, or asked to wait.",
        f"Wait a few minutes. {_ONCE_MORE}",
    ),
}

MEMBER_UNKNOWN = Refused(400, "This did not work", "The sign-in could not be carried out.", _ONCE_MORE)
