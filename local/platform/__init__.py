"""The scheduling platform as the Outlook connection sees it, for local use: sign-in, tokens and a roster."""

from local.platform.server import Platform

__all__ = ["Platform"]
