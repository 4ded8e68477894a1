"""The platform's backend sending its rosters to the Outlook connection."""

from __future__ import annotations

from typing import Any

import requests

from local.microsoft.organization import Organization

SECONDS = 60
"""Longest wait for one organisation's answer."""


def roster_of(organization: Organization) -> dict[str, Any]:
    """The body of `PUT /api/members`."""
    members = (
        {"id": member.id, "name": member.name, "addresses": list(member.addresses), "time_zone": member.time_zone}
        for member in organization.members
    )
    return {"members": list(members)}


def send_roster(app_url: str, organization: Organization, token: str) -> dict[str, int]:
    """What the change did, as the service counts it. Raises `requests.HTTPError` with its answer."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.put(
            f"{app_url}/api/members",
            json=roster_of(organization),
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS,
        )
        answer.raise_for_status()
        counts: dict[str, int] = answer.json()
        return counts
