"""Activation links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from shared.contract.fields import Domain
from shared.model import LinkStep


class LinkInput(Struct, forbid_unknown_fields=True):
    """What an activation link shall be."""

    expires_in_days: Annotated[int, Meta(ge=1, le=30)] = 7
    expected_domains: Annotated[list[Domain], Meta(max_length=20)] = []


class LinkOutput(Struct, omit_defaults=True):
    """An activation link; `url` is there only in the answer that created it."""

    id: str
    step: LinkStep
    created_by: str
    created_at: datetime
    expires_at: datetime
    is_open: bool
    expected_domains: tuple[str, ...] = ()
    reason: str | None = None
    tenant: str | None = None
    url: str | None = None


class LinkList(Struct):
    """All of an organization's activation links, newest first."""

    activation_links: list[LinkOutput]
