"""A client of the control API, for tests, the demo and benchmarks in other processes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from local.microsoft.browser import PageShownError, consent, sign_in
from local.microsoft.faults import Fault, NotificationFault, NotificationKind
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote_calendars import RemoteCalendars
from local.microsoft.remote_control import ControlError, control_path, user_path
from local.microsoft.remote_mailboxes import MailboxCalendars
from local.microsoft.remote_sign_ins import SignIns
from local.microsoft.world import Json

__all__ = ["ControlError", "Microsoft", "PageShownError", "consent", "sign_in"]


class Microsoft(RemoteCalendars, MailboxCalendars, SignIns):
    """The simulated Microsoft at `http_url`. Tenants by id or domain, users by id or user principal name."""

    # The world

    def world(self) -> Json:
        """Addresses, tenants, apps and counts."""
        return self._call("GET", "/world")

    def add_tenant(self, display_name: str, domains: list[str], tenant_id: str = "") -> Json:
        """A new, empty tenant."""
        body = {"display_name": display_name, "domains": domains, "id": tenant_id}
        return self._call("POST", "/tenants", body)

    def tenant(self, tenant: str) -> Json:
        """One tenant."""
        return self._call("GET", control_path("tenants", tenant))

    def change_tenant(self, tenant: str, **changes: Any) -> Json:
        """`mailbox_access`, `rbac_scope`, `denied_mailboxes` (user ids), `user_consent`, `domains` ..."""
        return self._call("PATCH", control_path("tenants", tenant), changes)

    # Time

    def now(self) -> datetime:
        """The simulated time."""
        return datetime.fromisoformat(self._call("GET", "/clock")["now"])

    def advance(self, seconds: float) -> datetime:
        """Move time forward."""
        return datetime.fromisoformat(self._call("POST", "/clock/advance", {"seconds": seconds})["now"])

    def set_time(self, moment: datetime) -> datetime:
        """Jump to a moment."""
        return datetime.fromisoformat(self._call("POST", "/clock/set", {"now": moment.isoformat()})["now"])

    def stop_time(self) -> None:
        """Stand still."""
        self._call("POST", "/clock/stop")

    def resume_time(self) -> None:
        """Run again."""
        self._call("POST", "/clock/resume")

    # People

    def users(self, tenant: str, search: str = "") -> list[Json]:
        """Users, deleted ones included."""
        answer = self._call("GET", control_path("tenants", tenant, "users"), query={"search": search})
        found: list[Json] = answer["users"]
        return found

    def user(self, tenant: str, user: str) -> Json:
        """One user."""
        return self._call("GET", user_path(tenant, user))

    def add_user(self, tenant: str, display_name: str, user_principal_name: str, **more: Any) -> Json:
        """A new user; `mailbox=None` for one without a mailbox."""
        body = {"display_name": display_name, "user_principal_name": user_principal_name, **more}
        return self._call("POST", control_path("tenants", tenant, "users"), body)

    def change_user(self, tenant: str, user: str, **changes: Any) -> Json:
        """`display_name`, `user_principal_name`, `mail`, `proxy_addresses`, `account_enabled` ..."""
        return self._call("PATCH", user_path(tenant, user), changes)

    def delete_user(self, tenant: str, user: str, *, permanently: bool = False) -> Json:
        """Delete restorably, or for good."""
        query = {"permanently": "true"} if permanently else {}
        return self._call("DELETE", user_path(tenant, user), query=query)

    def restore_user(self, tenant: str, user: str) -> Json:
        """Undo a soft deletion."""
        return self._call("POST", user_path(tenant, user) + "/restore")

    def remove_mailbox(self, tenant: str, user: str) -> Json:
        """Take the licence away."""
        return self._call("DELETE", user_path(tenant, user) + "/mailbox")

    def restore_mailbox(self, tenant: str, user: str) -> Json:
        """Give the licence back."""
        return self._call("PUT", user_path(tenant, user) + "/mailbox")

    def change_mailbox(self, tenant: str, user: str, **changes: Any) -> Json:
        """`hosted`, `time_zone`, `kind`, `online_meetings`, `read_only_calendars` (ids)."""
        return self._call("PATCH", user_path(tenant, user) + "/mailbox", changes)

    def outbox(self, tenant: str, user: str) -> list[Json]:
        """Mails Exchange sent for this mailbox."""
        messages: list[Json] = self._call("GET", user_path(tenant, user) + "/outbox")["messages"]
        return messages

    # Consent

    def grant_consent(self, tenant: str, roles: list[str] | None = None, client_id: str = CLIENT_ID) -> Json:
        """Consent without any page."""
        return self._call("PUT", control_path("tenants", tenant, "consent"), {"client_id": client_id, "roles": roles})

    def revoke_consent(
        self,
        tenant: str,
        how: Literal["deleted", "disabled", "roles_removed"] = "deleted",
        roles: list[str] | None = None,
        client_id: str = CLIENT_ID,
    ) -> Json:
        """Take the consent back in one of three ways."""
        body = {"how": how, "roles": roles, "client_id": client_id}
        return self._call("DELETE", control_path("tenants", tenant, "consent"), body)

    def set_consent_delay(self, seconds: float) -> None:
        """How late consents become visible."""
        self._call("PATCH", "/consent", {"delay_seconds": seconds})

    def change_app(self, client_id: str = CLIENT_ID, **changes: Any) -> Json:
        """`certificates` (PEM texts), `federated_credentials`, `group_membership_claims`, `redirect_uris` ..."""
        return self._call("PATCH", control_path("apps", client_id), changes)

    # Behaviour

    def add_fault(self, where: str, **more: Any) -> str:
        """A fault of requests (see `Fault`); its id."""
        return str(self._call("POST", "/faults", asdict(Fault(where, **more)))["id"])

    def add_notification_fault(self, kind: NotificationKind, **more: Any) -> str:
        """A fault of notifications (see `NotificationFault`); its id."""
        return str(self._call("POST", "/notification-faults", asdict(NotificationFault(kind, **more)))["id"])

    def faults(self) -> Json:
        """The rules in force."""
        return self._call("GET", "/faults")

    def clear_faults(self, fault_id: str | None = None) -> None:
        """Lift one rule, or all."""
        self._call("DELETE", control_path("faults", fault_id) if fault_id else "/faults")

    def switches(self) -> Json:
        """All switches."""
        return self._call("GET", "/switches")

    def set_switches(self, **values: Any) -> Json:
        """Change some switches."""
        return self._call("PATCH", "/switches", values)

    def rotate_keys(self, *, retire: bool = False) -> str:
        """A new signing key; its `kid`."""
        return str(self._call("POST", "/keys/rotate", {"retire": retire})["kid"])

    def requests(
        self,
        path: str = "",
        tenant: str | None = None,
        since: datetime | None = None,
        limit: int = 200_000,
    ) -> list[Json]:
        """The request log, oldest first."""
        query = {"path": path, "tenant": tenant, "since": since and since.isoformat(), "limit": limit}
        found: list[Json] = self._call("GET", "/requests", query=query)["requests"]
        return found

    def clear_requests(self) -> None:
        """Empty the request log."""
        self._call("DELETE", "/requests")

    # Notifications

    def subscriptions(self, tenant: str | None = None) -> list[Json]:
        """Live and expired subscriptions."""
        found: list[Json] = self._call("GET", "/subscriptions", query={"tenant": tenant})["subscriptions"]
        return found

    def expire_subscription(self, subscription: str) -> None:
        """Let it run out unnoticed."""
        self._call("POST", control_path("subscriptions", subscription, "expire"))

    def remove_subscription(self, subscription: str) -> None:
        """End it without telling anybody."""
        self._call("DELETE", control_path("subscriptions", subscription))

    def send_lifecycle(
        self, subscription: str, event: Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]
    ) -> None:
        """Send a lifecycle notification."""
        self._call("POST", control_path("subscriptions", subscription, "lifecycle"), {"event": event})

    def delivery(self) -> Json:
        """Whether everything due was sent, counters by subscription, and how Graph holds each notification URL."""
        return self._call("GET", "/delivery")

    def hold_endpoints(self, state: Literal["healthy", "slow", "drop"]) -> Json:
        """Have Graph hold our notification URLs for slow (told ten minutes late) or dropped, for ten minutes."""
        return self._call("PUT", "/delivery/state", {"state": state})

    def wait_until_idle(self, seconds: float = 10) -> bool:
        """Wait until every late write (`Fault.late_seconds`) and notification that is due has happened."""
        return bool(self._call("POST", "/delivery/idle", {"seconds": seconds})["idle"])
