"""Activation links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from shared.contract.fields import Domain


class LinkInput(Struct, forbid_unknown_fields=True):
    """What an activation link shall be."""

    expires_in_days: Annotated[int, Meta(ge=1, le=30)] = 7
    expected_domains: Annotated[list[Domain], Meta(max_length=20)] = []


class MessageOutput(Struct):
    """A message ready to be sent, as plain text."""

    subject: str
    body: str


class LinkOutput(Struct, omit_defaults=True):
    """An activation link; `url` and `message` are there only in the answer that created it."""

    id: str
    step: str
    """How far it came: `created`, `opened`, `started`, `refused`, `approving`, `approved`, `connected`, `revoked` or
    `expired`."""
    step_text: str
    next_step: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    is_open: bool
    opened_at: datetime | None = None
    """When the page was first looked at, by a person or a mail scanner."""
    expected_domains: tuple[str, ...] = ()
    reason: str | None = None
    """A stable code for why the last attempt was refused."""
    refused_tenant: str | None = None
    """The tenant of that attempt, where a sign-in has proven it."""
    tenant: str | None = None
    """The tenant it connected."""
    url: str | None = None
    message: MessageOutput | None = None
    """For the Microsoft admin, with the link in it."""


class LinkList(Struct):
    """All of an organization's activation links, newest first."""

    activation_links: list[LinkOutput]
