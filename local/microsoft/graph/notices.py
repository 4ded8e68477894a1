"""What a change notification says.

https://learn.microsoft.com/graph/api/resources/changenotification
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import uuid4

from local.microsoft.consumers import EXCHANGE_TENANT
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.switches import Switches
from local.microsoft.world import Event, Json, Subscription

Change = Literal["created", "updated", "deleted"]
Lifecycle = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]


def announced_as(change: Change, switches: Switches) -> tuple[Change, ...]:
    """The notifications that one change makes; creations often make several."""
    if change != "created":
        return (change,)
    several: dict[str, tuple[Change, ...]] = {
        "created": ("created",),
        "created_updated": ("created", "updated"),
        "updated_three": ("updated", "updated", "updated"),
    }
    return several[switches.create_notifications]


def change_item(subscription: Subscription, event: Event, change: Change, etag: str, switches: Switches) -> Json:
    """One item of a notification's `value`."""
    identity = event.immutable_id if subscription.immutable_ids else event.id
    resource, kind = _spelling(subscription, identity, switches)
    return {
        **_common(subscription, switches),
        "id": str(uuid4()),
        "changeType": change,
        "resource": resource,
        "resourceData": {"@odata.type": kind, "@odata.id": resource, "@odata.etag": etag, "id": identity},
    }


def lifecycle_item(subscription: Subscription, event: Lifecycle, switches: Switches) -> Json:
    """One item of a lifecycle notification's `value`; it names no resource."""
    return {**_common(subscription, switches), "lifecycleEvent": event}


def _common(subscription: Subscription, switches: Switches) -> Json:
    return {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": _expiry(subscription.expires_at, switches),
        "clientState": subscription.fields.get("clientState"),
        "tenantId": _tenant(subscription, switches),
    }


def _tenant(subscription: Subscription, switches: Switches) -> str:
    exchange = subscription.tenant_id == PERSONAL_TENANT and switches.consumer_notifications == "exchange"
    return EXCHANGE_TENANT if exchange else subscription.tenant_id


def _spelling(subscription: Subscription, identity: str, switches: Switches) -> tuple[str, str]:
    if switches.resource_spelling == "users@tenant":
        owner = f"users/{subscription.user_id}@{_tenant(subscription, switches)}"
        return f"{owner}/events/{identity}", "#microsoft.graph.event"
    return f"Users/{subscription.user_id}/Events/{identity}", "#Microsoft.Graph.Event"


def _expiry(moment: datetime, switches: Switches) -> str:
    """Seven fractional digits, with an offset or `Z` as the spelling goes."""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}0"
    return text + ("Z" if switches.resource_spelling == "users@tenant" else "+00:00")
