"""What admins do with a single member."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from shared.contract.fields import Address, Identifier
from shared.contract.people import MemberOutput


class StepOutput(Struct):
    """What one step of a check came to."""

    name: str
    ok: bool
    text: str
    next_step: str


class CheckOutput(Struct):
    """A member after a check, and what each step of it came to."""

    member: MemberOutput
    steps: list[StepOutput]


class CandidateQuery(Struct, forbid_unknown_fields=True):
    """Whom else to look for."""

    address: Address | None = None


class CandidateOutput(Struct):
    """A directory user who could be the member."""

    tenant: str
    user: str
    """Object id."""
    name: str
    address: str
    is_bound: bool
    """Whether the member is bound to this user now."""
    is_chosen: bool
    """Whether an admin chose this user."""
    objection: str | None
    """Why the user cannot be chosen."""


class CandidateList(Struct):
    """Directory users who could be the member."""

    candidates: list[CandidateOutput]
    unanswered: tuple[str, ...]
    """Tenants whose directory could not be asked just now."""


class MatchInput(Struct, forbid_unknown_fields=True):
    """The directory user whom an admin says the member is."""

    tenant: Identifier
    user: Annotated[Identifier, Meta(description="Object id.")]
