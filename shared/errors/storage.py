"""What storage refused, and what is not as it was stored."""

from __future__ import annotations

from shared.errors.base import OutlookError


class StorageError(OutlookError):
    """Table Storage refused a write for a reason the code decides on."""


class EntityExists(StorageError):
    """Insert of a key that is already there."""


class EntityChanged(StorageError):
    """Write with an ETag that is no longer current."""


class EntityUnreadable(StorageError):
    """A row that does not hold what belongs there."""


class Undecryptable(StorageError):
    """An encrypted text that does not belong where it was found, or whose key is lost; the message says which."""
