"""Graph's user and organization resources.

https://learn.microsoft.com/en-us/graph/api/resources/user
"""

from __future__ import annotations

from collections.abc import Iterable

from local.microsoft.consumers import graph_id
from local.microsoft.graph.errors import GraphError
from local.microsoft.world import Json, Tenant, User

DEFAULT_FIELDS = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
"""What comes without `$select`."""
SELECTED_ONLY = ("accountEnabled", "proxyAddresses", "userType", "mailNickname", "usageLocation", "department")
"""What comes only when it is named in `$select`."""
SINGLE_USER_ONLY = frozenset({"mailboxsettings", "aboutme", "birthday", "hiredate", "interests", "mysite"})
"""Properties that Graph cannot return for a collection."""
_SPELLING = {name.lower(): name for name in (*DEFAULT_FIELDS, *SELECTED_ONLY)}


def selected_fields(select: str | None) -> tuple[str, ...]:
    """The properties that `$select` names, in Graph's spelling; the default set without one."""
    if not select:
        return DEFAULT_FIELDS
    names = [name.strip() for name in select.split(",") if name.strip()]
    if any(name.lower() in SINGLE_USER_ONLY for name in names):
        raise GraphError(501, "NotImplemented", "This operation target is not yet supported.")
    unknown = next((name for name in names if name.lower() not in _SPELLING), None)
    if unknown is not None:
        message = f"Could not find a property named '{unknown}' on type 'microsoft.graph.user'."
        raise GraphError(400, "BadRequest", message)
    return tuple(_SPELLING[name.lower()] for name in names)


def user_resource(user: User, fields: Iterable[str]) -> Json:
    """The user with these properties; whatever is not set is null."""
    values = _values(user)
    return {name: values.get(name) for name in fields}


def _values(user: User) -> Json:
    given, _, surname = user.display_name.partition(" ")
    return {
        "id": graph_id(user),
        "displayName": user.display_name,
        "givenName": given or None,
        "surname": surname or None,
        "mail": user.mail,
        "userPrincipalName": user.user_principal_name,
        "mailNickname": user.user_principal_name.partition("@")[0],
        "businessPhones": [],
        "proxyAddresses": user.proxy_addresses,
        "userType": user.user_type,
        "accountEnabled": user.account_enabled,
    }


def organization_resource(tenant: Tenant) -> Json:
    """The tenant with its verified domains."""
    domains = [
        {
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": index == 0,
            "isInitial": name.endswith(".onmicrosoft.com"),
            "name": name,
            "type": "Managed",
        }
        for index, name in enumerate(tenant.domains)
    ]
    return {"id": tenant.id, "displayName": tenant.display_name, "verifiedDomains": domains}
