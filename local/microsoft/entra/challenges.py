"""What an access policy may ask of a user before tokens are good again, and how each demand looks on the wire.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-conditional-access-dev-guide
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Demand = Literal["multi_factor", "claims", "blocked", "sign_in_frequency", "password_expired", "compliant_device"]
Place = Literal["token", "graph"]
CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["6ae2ea0e-4e5a-4b3e-9f3e-2f1a1e9d7a11"]}}}'


class Answer(NamedTuple):
    """The token endpoint's refusal."""

    error: Literal["invalid_grant", "interaction_required"]
    number: int
    text: str
    suberror: str | None = None
    claims: str | None = None


ANSWERS: dict[Demand, Answer] = {
    "multi_factor": Answer(
        "invalid_grant",
        50076,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "use multi-factor authentication to access the resource.",
        "basic_action",
    ),
    "claims": Answer(
        "interaction_required",
        50076,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        "use multi-factor authentication to access the resource.",
        "basic_action",
        CLAIMS,
    ),
    "blocked": Answer(
        "invalid_grant",
        53003,
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        "message_only",
        CLAIMS,
    ),
    "sign_in_frequency": Answer(
        "invalid_grant",
        70043,
        "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.",
        "token_expired",
    ),
    "password_expired": Answer("invalid_grant", 50055, "The password is expired.", "user_password_expired"),
    "compliant_device": Answer(
        "interaction_required",
        53000,
        "Device is not in required device state. Conditional Access policy requires a compliant device.",
        "message_only",
        CLAIMS,
    ),
}


@dataclass
class Challenge:
    """A demand on one user. Whoever goes through the sign-in pages once more has met it, unless it blocks."""

    demand: Demand
    places: frozenset[Place]
    """Who insists on it: the token endpoint at a refresh, Graph at every call, or both."""
    met: set[str] = field(default_factory=set)
    """Sessions begun since."""

    @property
    def answer(self) -> Answer:
        """How the token endpoint refuses."""
        return ANSWERS[self.demand]

    @property
    def blocks_sign_in(self) -> bool:
        """Whether signing in again is refused as well."""
        return self.demand == "blocked"
