"""Every way things go wrong, one class per decision the caller takes.

OutlookError
├── CallerError              answer with a problem (RFC 9457); nothing was changed
│   ├── InvalidInput           400  a field is wrong: says which and how to mend it
│   ├── Unauthenticated        401  no proof of who is calling
│   ├── Forbidden              403  known caller, not allowed
│   │   └── NotEntitled          403  the organization's plan does not include it
│   ├── NotFound               404  no such thing for this caller
│   │   └── Hidden               404  perhaps there is, but not for this caller
│   ├── Conflict               409  the thing is in another state
│   │   ├── TimeTaken              409  somebody is not free then: says who and when
│   │   └── NotWritable            409  Outlook does not take it there: says what to do
│   ├── OutOfDate              412  it is not the version the caller knows
│   ├── TooLarge               413  send less
│   └── Unavailable            503  come back after `Retry-After`
│       └── NotReady             503  the app itself lacks something it needs
├── Refusal                  a person at an activation page is told why and what to do next
│   └── MemberRefusal          whose sign-in it was is proven: it is kept in the audit trail
├── MicrosoftError
│   ├── TryLater               throttled or unreachable: come back after `retry_after`
│   ├── AccessLost             the whole tenant is closed to us: stop, tell the admin
│   ├── MailboxUnreadable      this mailbox only: record the reason, go on with the others
│   ├── BadRequest             our request is wrong: leave it out, go on with the others
│   ├── Gone                   the event, user or subscription is not there (any more)
│   ├── StartOver              the delta link is void: read everything again
│   ├── AlreadyCreated         the transaction has made its event before: find that one
│   ├── ChangedMeanwhile       the event is not the version we know any more: look again
│   ├── AlreadySubscribed      the mailbox has a live subscription that is not in our books
│   ├── ReconnectRequired      a member's own sign-in is no longer good: stop, ask them to connect again
│   └── CredentialRejected     our own certificate or identity is refused: an operator must act
├── StorageError
│   ├── EntityExists           somebody inserted it first
│   ├── EntityChanged          somebody changed it since it was read: read again and decide again
│   ├── EntityUnreadable       what is stored there is no value of ours: an operator must look
│   └── Undecryptable          encrypted for something else, or with a key we no longer have: as good as gone
└── SettingsError            start-up stops with one message naming every wrong setting
"""

from shared.errors.base import OutlookError, SettingsError
from shared.errors.callers import (
    CallerError,
    Conflict,
    Forbidden,
    Hidden,
    InvalidInput,
    MemberRefusal,
    NotEntitled,
    NotFound,
    NotReady,
    NotWritable,
    OutOfDate,
    Refusal,
    TimeTaken,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from shared.errors.microsoft import (
    AccessLost,
    AlreadyCreated,
    AlreadySubscribed,
    BadRequest,
    ChangedMeanwhile,
    CredentialRejected,
    Gone,
    MailboxUnreadable,
    MicrosoftError,
    ReconnectRequired,
    StartOver,
    TryLater,
)
from shared.errors.storage import EntityChanged, EntityExists, EntityUnreadable, StorageError, Undecryptable

__all__ = [
    "AccessLost",
    "AlreadyCreated",
    "AlreadySubscribed",
    "BadRequest",
    "CallerError",
    "ChangedMeanwhile",
    "Conflict",
    "CredentialRejected",
    "EntityChanged",
    "EntityExists",
    "EntityUnreadable",
    "Forbidden",
    "Gone",
    "Hidden",
    "InvalidInput",
    "MailboxUnreadable",
    "MemberRefusal",
    "MicrosoftError",
    "NotEntitled",
    "NotFound",
    "NotReady",
    "NotWritable",
    "OutOfDate",
    "OutlookError",
    "ReconnectRequired",
    "Refusal",
    "SettingsError",
    "StartOver",
    "StorageError",
    "TimeTaken",
    "TooLarge",
    "TryLater",
    "Unauthenticated",
    "Unavailable",
    "Undecryptable",
]
