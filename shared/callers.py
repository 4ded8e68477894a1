"""Who is calling, and what a caller may do. How they prove it is in `platform_tokens`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.errors import Forbidden, Hidden, NotEntitled
from shared.model import Role
from shared.settings import PlatformSettings

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:-]{0,63}")
"""What organization and member ids look like; such ids are safe as storage keys."""


@dataclass(frozen=True)
class Caller:
    """Somebody who proved who they are."""

    subject: str
    """A member id, or the name of the platform's backend."""
    org: str
    org_name: str
    role: Role
    plan: str
    features: frozenset[str]

    def require_admin(self, platform: PlatformSettings) -> None:
        """Only owners and admins, and only with the plan and feature that include this.

        Raises `Forbidden`, `NotEntitled`.
        """
        if self.role not in (Role.OWNER, Role.ADMIN):
            raise Forbidden("Only an owner or admin of the organization may do this.")
        if self.plan not in platform.entitled_plans:
            raise NotEntitled(
                "The organization's plan does not include the admin-managed Outlook connection.", "plan"
            )
        if platform.entitled_feature not in self.features:
            raise NotEntitled(
                "The admin-managed Outlook connection is not switched on for the organization.", "feature"
            )

    def require_person(self) -> None:
        """Anybody but the platform's backend, which has no calendar. Raises `Forbidden`."""
        if self.role is Role.SERVICE:
            raise Forbidden("Only a member of the organization may do this.")

    def require_service(self) -> None:
        """Only the platform's backend. Raises `Forbidden`."""
        if self.role is not Role.SERVICE:
            raise Forbidden("Only the platform's backend may do this.")

    def require_may_read(self, member: str) -> None:
        """The platform's backend, an admin, or the member about themselves.

        Others get `Hidden`, which does not tell whether there is such a member.
        """
        if self.role is Role.USER and self.subject != member:
            raise Hidden("There is no such member.")
