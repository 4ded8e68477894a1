"""Personal Microsoft accounts: people of no organisation, with ids and tokens of their own kind.

They live in one tenant without a directory. Graph calls them by sixteen hexadecimal digits; their object id in ID
tokens is the same, padded to a GUID. Their sign-in address can be anybody's, their access tokens are opaque.
https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
"""

from __future__ import annotations

from hashlib import sha256

from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.graph.errors import GraphError
from local.microsoft.world import Mailbox, Tenant, User, World

OUTLOOK = "outlook.com"
EXCHANGE_TENANT = "84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa"
"""What Exchange calls the tenant of personal mailboxes."""


def personal_tenant() -> Tenant:
    """The tenant of all personal accounts, empty."""
    return Tenant(PERSONAL_TENANT, "Personal accounts", [OUTLOOK])


def find_or_add_tenant(world: World) -> Tenant:
    """The tenant of personal accounts; not every world has one from the start."""
    return world.tenants.setdefault(PERSONAL_TENANT, personal_tenant())


def object_id(address: str) -> str:
    """The object id of the account with this sign-in address."""
    digits = sha256(address.lower().encode()).hexdigest()[:16]
    return f"00000000-0000-0000-{digits[:4]}-{digits[4:]}"


def make_consumer(name: str, address: str, *, zone: str = "UTC", mailbox: bool = True) -> User:
    """A personal account. With an address elsewhere, its mailbox has one of Outlook's own making.

    Such a mailbox makes no Teams meetings.
    """
    identity = object_id(address)
    at_outlook = address.lower().endswith("@" + OUTLOOK)
    primary = address if at_outlook else f"outlook_{identity[-12:].upper()}@{OUTLOOK}"
    return User(
        id=identity,
        display_name=name,
        user_principal_name=address,
        mail=primary if mailbox else None,
        proxy_addresses=[f"SMTP:{primary}"] if mailbox else [],
        user_type=None,
        mailbox=Mailbox(time_zone=zone, online_meetings=False) if mailbox else None,
    )


def is_consumer(user: User) -> bool:
    """Whether this is a personal account."""
    return user.id.startswith("00000000-0000-0000-")


def graph_id(user: User) -> str:
    """The id by which Graph knows a user: the object id, or a personal account's sixteen digits."""
    return user.id.replace("-", "")[16:] if is_consumer(user) else user.id


def find_by_graph_id(world: World, tenant_id: str, key: str) -> User | None:
    """The user of a Graph path: by object id, user principal name, or a personal account's digits."""
    user = world.find_user(tenant_id, key)
    if user is None and tenant_id == PERSONAL_TENANT and len(key) == 16:
        return world.find_user(tenant_id, f"00000000-0000-0000-{key[:4]}-{key[4:]}".lower())
    return user


def refuse_consumers(tenant: Tenant) -> None:
    """403 for what only work and school accounts can do."""
    if tenant.id == PERSONAL_TENANT:
        raise GraphError(403, "ErrorAccessDenied", "This operation is not supported for personal Microsoft accounts.")
