"""The control API's part about sign-ins, as methods of its client."""

from __future__ import annotations

from typing import Any, Literal

from local.microsoft.entra.challenges import Demand, Place
from local.microsoft.entra.grants import IdTokenFlaw
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote_control import RemoteControl, user_path
from local.microsoft.world import Json


class SignIns(RemoteControl):
    """Personal accounts, and everything that ends or spoils a sign-in."""

    def add_consumer(self, display_name: str, address: str, **more: Any) -> Json:
        """A new personal account; `time_zone`, and `mailbox=False` for one without a mailbox."""
        return self._call("POST", "/consumers", {"display_name": display_name, "address": address, **more})

    def sign_ins(self, tenant: str, user: str) -> Json:
        """How many `refresh_tokens` are good, `consents` by app, and the `demand` of an access policy."""
        return self._call("GET", user_path(tenant, user) + "/sign-ins")

    def revoke_sign_ins(self, tenant: str, user: str) -> int:
        """Revoke refresh tokens; how many there were."""
        return int(self._call("POST", user_path(tenant, user) + "/revoke-sign-ins")["revoked"])

    def change_password(self, tenant: str, user: str, by: Literal["user", "admin"] = "user") -> int:
        """A new password, which ends subscriptions; how many refresh tokens it revoked."""
        return int(self._call("POST", user_path(tenant, user) + "/password", {"by": by})["revoked"])

    def set_access_policy(self, tenant: str, user: str, demand: Demand = "multi_factor", *places: Place) -> None:
        """Ask something of a user: at `token` (a refresh; the default), at `graph` (every call), or at both."""
        body = {"demand": demand, "places": list(places or ("token",))}
        self._call("PUT", user_path(tenant, user) + "/access-policy", body)

    def lift_access_policy(self, tenant: str, user: str) -> None:
        """Ask nothing any more."""
        self._call("DELETE", user_path(tenant, user) + "/access-policy")

    def withdraw_consent(self, tenant: str, user: str, client_id: str = CLIENT_ID) -> None:
        """Take one user's own consent back."""
        self._call("DELETE", user_path(tenant, user) + "/consent", query={"client_id": client_id})

    def flaw_next_id_token(self, flaw: IdTokenFlaw | None) -> None:
        """Make the next ID token wrong in one field."""
        self._call("PUT", "/next-id-token", {"flaw": flaw})

    def plant_id_token(self, token: str | None) -> None:
        """Send this text in place of the next ID token."""
        self._call("PUT", "/next-id-token", {"token": token})
