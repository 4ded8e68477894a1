"""What every failure has in common, and the one before anything runs."""

from __future__ import annotations


class OutlookError(Exception):
    """Base of everything this product raises on purpose."""


class SettingsError(OutlookError):
    """Settings are missing or wrong; the message lists all of them."""
