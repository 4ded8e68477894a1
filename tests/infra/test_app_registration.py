"""The app registration asks for exactly what the service needs, and sends people back to where it listens."""

from __future__ import annotations

import json

from template import INFRA

REGISTRATION = json.loads((INFRA / "app-registration.json").read_text())
MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ_ALL = {"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"}
CALENDARS_READ_WRITE = {"id": "ef54d2bf-783f-4e0f-bca1-3210c0444d99", "type": "Role"}


def test_two_application_permissions_and_nothing_else() -> None:
    """`.default` consent asks for all of the list, so anything more would be asked of every customer."""
    (resource,) = REGISTRATION["requiredResourceAccess"]
    assert resource["resourceAppId"] == MICROSOFT_GRAPH
    assert resource["resourceAccess"] == [USER_READ_ALL, CALENDARS_READ_WRITE]


def test_people_come_back_to_the_callbacks_only() -> None:
    assert REGISTRATION["web"]["redirectUris"] == [
        f"PUBLIC_URL/callback/{name}" for name in ("sign-in", "consent", "personal")
    ]


def test_directory_roles_are_put_into_tokens() -> None:
    assert REGISTRATION["groupMembershipClaims"] == "DirectoryRole"


def test_registration_is_multi_tenant_and_takes_personal_accounts() -> None:
    """Personal accounts need version 2 tokens."""
    assert REGISTRATION["signInAudience"] == "AzureADandPersonalMicrosoftAccount"
    assert REGISTRATION["api"]["requestedAccessTokenVersion"] == 2
