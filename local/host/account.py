"""A storage account as its connection string describes it, and how calls to it are signed.

https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from local.host.settings import HostError

# Azurite's published account, the same on every machine.
_DEVELOPMENT = (
    "AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1"
)


@dataclass(frozen=True, slots=True)
class Account:
    """Where an account's queues are, and its key."""

    name: str
    key: bytes
    endpoint: str

    @classmethod
    def parse(cls, text: str) -> Account:
        """Read a connection string; `UseDevelopmentStorage=true` means Azurite on its usual port."""
        if text.strip().lower().startswith("usedevelopmentstorage=true"):
            text = _DEVELOPMENT
        fields = dict(pair.split("=", 1) for pair in text.strip("; ").split(";") if "=" in pair)
        try:
            name, key = fields["AccountName"], base64.b64decode(fields["AccountKey"])
        except (KeyError, ValueError):
            raise HostError("the storage connection string has no usable AccountName and AccountKey") from None
        scheme = fields.get("DefaultEndpointsProtocol", "https")
        usual = f"{scheme}://{name}.queue.{fields.get('EndpointSuffix', 'core.windows.net')}"
        return cls(name, key, fields.get("QueueEndpoint", usual).rstrip("/"))

    def sign(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        """Build the Authorization header (SharedKeyLite) for a call without `comp`.

        https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
        """
        ours = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
        text = f"{method}\n\n{headers['Content-Type']}\n\n{ours}/{self.name}{path}"
        mac = hmac.new(self.key, text.encode(), hashlib.sha256).digest()
        return f"SharedKeyLite {self.name}:{base64.b64encode(mac).decode()}"
