"""Behaviours of Microsoft that documents disagree about or do not state; the newest documented value is default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Switches:
    """One field per open question. Change a field at any time; the next request sees it."""

    # Entra ID
    missing_principal: Literal["401_7000229", "400_700016"] = "401_7000229"
    """Token endpoint's answer for a tenant in which the app was never consented to."""
    wids_in_id_token: bool = True
    """Whether `groupMembershipClaims` also puts `wids` into ID tokens (documented for access tokens only)."""
    token_clock: Literal["real", "simulated"] = "real"  # noqa: S105 - not a password
    """Whose time `iat`, `nbf` and `exp` of access tokens are in. MSAL and PyJWT know only the machine's clock, so
    that is the default and moving the simulator's clock leaves tokens valid. ID tokens always are."""
    access_token_seconds: int = 3599
    """Lifetime of access tokens."""
    refresh_in_seconds: int | None = None
    """`refresh_in` of token answers: when a client should refresh ahead of time."""
    code_seconds: int = 600
    """Lifetime of an authorization code."""
    refresh_token_days: int = 90
    """Lifetime of a refresh token without use."""
    user_consent_allowed: bool = True
    """False: ordinary users need an admin's approval for delegated permissions, in every tenant."""
    admin_approval_returns: bool = False
    """Whether who needs an admin's approval is sent back to the app with an error, in place of a page to stay on."""
    single_sign_on: bool = True
    """Whether the only account signed in at a browser is taken without asking, where no choice was asked for."""
    code_reuse: Literal["refused", "revokes"] = "refused"
    """`revokes`: a code that comes twice also ends what its first use gave."""
    foreign_code: Literal["redeemed", "refused"] = "redeemed"
    """A code that comes to an endpoint at which its owner could not have signed in."""
    unexpected_verifier: Literal["refused", "ignored"] = "refused"
    """A code asked for without a challenge, redeemed with a verifier."""
    revocation_reaches_graph: bool = False
    """Whether access tokens end with a revocation or a disabled account, or live on until they run out."""
    password_change_revokes: Literal["reset_by_admin", "any"] = "reset_by_admin"  # noqa: S105 - not a password
    """Which change of a password ends the refresh tokens of an app with credentials of its own."""

    # Directory
    users_page_size: int = 100
    """Users per page when `$top` is absent."""
    users_top_max: int = 999
    """Largest `$top` on `/users`."""
    users_delta_page_size: int = 100
    """Users per page of `/users/delta`."""
    directory_token_days: float = 7
    """Lifetime of directory delta tokens."""
    directory_delta_expired: Literal["410_syncStateNotFound", "410_resyncRequired", "400_syncStateNotFound"] = (
        "410_syncStateNotFound"
    )
    """Answer to an expired directory delta token."""
    directory_throttle_code: Literal["TooManyRequests", "Request_ThrottledTemporarily"] = "TooManyRequests"
    """Error code of a directory 429."""

    # Calendars
    throttling: bool = True
    """Whether the published limits are enforced (raised faults always are)."""
    outlook_service_seconds: float = 0
    """Real seconds an Outlook call takes; above 0 the limit of four at a time becomes noticeable."""
    outlook_retry_after: bool = True
    """Whether Outlook's 429 says when to come back."""
    calendar_view_default_top: int = 10
    """Events per page of calendarView when `$top` is absent."""
    shared_calendars_for_apps: bool = False
    """Whether an app without a user reads calendars that are shared with a mailbox there, where they are listed."""
    touching_events: bool = True
    """Whether calendarView returns events that only touch the window."""
    calendar_delta_expired: Literal["410", "400", "404"] = "410"
    """Status of `SyncStateNotFound` for an expired calendarView delta token."""
    delta_occurrences: Literal["stub", "full"] = "stub"
    """How calendarView/delta shows occurrences."""
    delta_masters: bool = False
    """Whether calendarView/delta contains series masters."""
    working_elsewhere_digit: Literal["0", "4"] = "0"
    """availabilityView's digit for workingElsewhere."""
    transaction_retry: Literal["existing", "400", "409"] = "existing"
    """Answer to an identical POST with a spent transactionId: 201 with the existing event, or the error."""
    transaction_reuse: Literal["400", "409"] = "409"
    """Status of ErrorDuplicateTransactionId for a different event."""
    transaction_names_event: bool = True
    """Whether that error says in `@event.existingEventId` which event has the transactionId."""
    event_conflict: Literal["409", "412"] = "412"
    """Status of ErrorIrresolvableConflict for a stale `If-Match`."""
    events_listed: Literal["mailbox", "calendar"] = "mailbox"
    """What `/users/{id}/events` lists: all calendars of the mailbox, or only the primary one."""
    move_keeps_immutable_id: bool = True
    """Whether an event that moves keeps its immutable id; it does not when it moves into an archive mailbox."""
    deleted_keep_ids: bool = False
    """Whether an event that was deleted is still answered by its id, though it is in no calendar any more."""
    if_match: bool = True
    """Whether event writes honour `If-Match`."""
    join_url_at_once: bool = True
    """Whether a new online meeting has its joinUrl in the answer to its creation."""
    delete_cancels: bool = True
    """Whether DELETE by an organiser sends cancellations."""

    # Change notifications
    subscription_max_minutes: Literal[10080, 4230] = 10080
    """Longest life of an Outlook subscription."""
    duplicate_subscription: Literal["409", "second"] = "409"
    """Same app, changeType and resource again: refused, or (older) a second subscription."""
    subscription_list_scope: Literal["tenant", "app"] = "tenant"
    """`GET /subscriptions`: the app's in the token's tenant, or everywhere."""
    subscription_list_delegated: bool = True
    """Whether an app by itself also sees, renews and deletes subscriptions made with its users' tokens."""
    consumer_notifications: Literal["msa", "exchange"] = "msa"
    """The tenant id in notifications about personal accounts: the one in their tokens, or Exchange's own."""
    handshake_seconds: float = 10
    """Time for a listener to answer the validation of its URL."""
    renewal_conflict: bool = False
    """Whether PATCH and reauthorize of one subscription within ten minutes is refused (it is counted anyway)."""
    token_pause: bool = True
    """Whether delivery pauses when the token a subscription was created or renewed with lapses."""
    gathering_seconds: float = 0.02
    """Real seconds in which notifications for one URL are gathered into one POST."""
    ack_seconds: float = 3
    """Time to answer a notification at the first try."""
    retry_ack_seconds: float = 10
    """Time to answer a retried notification."""
    retry_hours: float = 4
    """How long a notification is retried before it is discarded."""
    slow_delay_seconds: float = 600
    """How long an endpoint stays slow, and how late its notifications are meanwhile."""
    endpoint_sample: int = 10
    """Answers within ten minutes before an endpoint can become slow or dropped."""
    slow_share: float = 0.10
    """Share of late answers above which an endpoint is slow."""
    drop_share: float = 0.15
    """Share of answers beyond the retry time-out above which notifications are dropped."""
    create_notifications: Literal["created", "created_updated", "updated_three"] = "created"
    """What the creation of one event is announced as."""
    resource_spelling: Literal["Users/Events", "users@tenant"] = "Users/Events"
    """Spelling of `resource` in notifications."""
