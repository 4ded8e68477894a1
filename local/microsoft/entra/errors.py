"""Entra ID's refusals: an OAuth error with an AADSTS number.

https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4


class EntraError(Exception):
    """One refusal, for a token answer, a redirect or a page."""

    def __init__(
        self,
        number: int,
        error: str,
        text: str,
        status: int = 400,
        *,
        suberror: str | None = None,
        claims: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"AADSTS{number}")
        self.number = number
        self.error = error
        self.text = text
        self.status = status
        self.suberror = suberror
        self.claims = claims
        self.headers = dict(headers or {})

    def description(self, now: datetime, trace_id: str, correlation_id: str) -> str:
        """The multi-line text that the vendor says never to branch on."""
        stamp = f"{now:%Y-%m-%d %H:%M:%S}Z"
        return (
            f"AADSTS{self.number}: {self.text}\r\nTrace ID: {trace_id}\r\n"
            f"Correlation ID: {correlation_id}\r\nTimestamp: {stamp}"
        )

    def body(self, now: datetime, correlation_id: str | None = None) -> dict[str, Any]:
        """The JSON answer of the token endpoint."""
        trace, correlation = str(uuid4()), correlation_id or str(uuid4())
        body: dict[str, Any] = {
            "error": self.error,
            "error_description": self.description(now, trace, correlation),
            "error_codes": [self.number],
            "timestamp": f"{now:%Y-%m-%d %H:%M:%S}Z",
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        optional = {"suberror": self.suberror, "claims": self.claims}
        return body | {name: value for name, value in optional.items() if value is not None}

    def callback(self, now: datetime) -> dict[str, str]:
        """The parameters of a redirect back to the app."""
        return {
            "error": self.error,
            "error_description": self.description(now, str(uuid4()), str(uuid4())),
        }


def unknown_tenant(name: str) -> EntraError:
    """Neither the id nor a verified domain of a tenant."""
    text = (
        f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant."
    )
    return EntraError(90002, "invalid_request", text)


def unknown_app(client_id: str, directory: str) -> EntraError:
    """No such application in the directory."""
    text = (
        f"Application with identifier '{client_id}' was not found in the directory '{directory}'. This can happen "
        "if the application has not been installed by the administrator of the tenant or consented to by any user "
        "in the tenant. You may have sent your authentication request to the wrong tenant."
    )
    return EntraError(700016, "unauthorized_client", text)


def missing_principal(client_id: str, tenant_id: str) -> EntraError:
    """The application exists, but nobody consented to it in this tenant."""
    text = (
        f"The client application {client_id} is missing service principal in the tenant {tenant_id}. "
        "See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119"
    )
    return EntraError(7000229, "invalid_client", text, 401)


def disabled_principal(client_id: str, display_name: str) -> EntraError:
    """The tenant switched the enterprise application off."""
    return EntraError(7000112, "unauthorized_client", f"Application '{client_id}'({display_name}) is disabled.")


def wrong_authority(grant_type: str) -> EntraError:
    """A grant that needs one tenant, asked of `common` and its like."""
    text = (
        f"The grant type '{grant_type}' is not supported over the /common or /consumers endpoints. "
        "Please use the /organizations or tenant-specific endpoint."
    )
    return EntraError(9001023, "invalid_request", text)


def invalid_grant(number: int, text: str, suberror: str | None = None) -> EntraError:
    """A code or refresh token that is no good any more."""
    return EntraError(number, "invalid_grant", text, suberror=suberror)


def missing_parameter(name: str) -> EntraError:
    """A request without a required parameter."""
    return EntraError(900144, "invalid_request", f"The request body must contain the following parameter: '{name}'.")
