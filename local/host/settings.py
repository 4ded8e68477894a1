"""What the host reads besides the app: host.json, local.settings.json and `%NAME%` references to settings.

https://learn.microsoft.com/azure/azure-functions/functions-host-json
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from local.host.timespan import timespan

Settings = Mapping[str, str]


class HostError(Exception):
    """The project cannot be run as it is; the message tells its developer what to change."""


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """The `extensions.queues` section, with the real host's defaults."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta()
    max_polling_interval: timedelta = timedelta(minutes=1)
    base64: bool = True

    @classmethod
    def parse(cls, section: Mapping[str, Any]) -> QueueOptions:
        """Read the section as host.json holds it."""
        batch_size = int(section.get("batchSize", 16))
        return cls(
            batch_size=batch_size,
            new_batch_threshold=int(section.get("newBatchThreshold", batch_size // 2)),
            max_dequeue_count=int(section.get("maxDequeueCount", 5)),
            visibility_timeout=timespan(section.get("visibilityTimeout", "00:00:00")),
            max_polling_interval=timespan(section.get("maxPollingInterval", "00:01:00")),
            base64=section.get("messageEncoding", "base64").lower() == "base64",
        )


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What the host obeys of host.json; logging and bundles mean nothing here."""

    route_prefix: str
    max_concurrent_requests: int
    queues: QueueOptions

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> HostOptions:
        """Read a decoded host.json; absent values get the real host's defaults."""
        extensions = document.get("extensions", {})
        http = extensions.get("http", {})
        try:
            return cls(
                route_prefix=http.get("routePrefix", "api").strip("/"),
                max_concurrent_requests=int(http.get("maxConcurrentRequests", 100)),
                queues=QueueOptions.parse(extensions.get("queues", {})),
            )
        except (ValueError, TypeError) as error:
            raise HostError(f"host.json: {error}") from error


def read_json(file: Path) -> dict[str, Any]:
    """Read one of the project's JSON files; an absent one is empty."""
    try:
        document = json.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise HostError(f"{file.name} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise HostError(f"{file.name} must hold a JSON object")
    return document


def resolve(text: str, settings: Settings) -> str:
    """Replace each `%NAME%` in a binding property by that setting's value."""

    def value(reference: re.Match[str]) -> str:
        name = reference[1]
        if not settings.get(name):
            raise HostError(f"the setting {name} is not set, and a trigger or binding refers to it as %{name}%")
        return settings[name]

    return re.sub(r"%([^%]+)%", value, text)


def connection_string(name: str, settings: Settings) -> str:
    """Find the connection string a binding names; no name means the host's own storage account."""
    name = name or "AzureWebJobsStorage"
    found = settings.get(name) or settings.get(f"AzureWebJobs{name}")
    if not found:
        raise HostError(f"the setting {name} is not set, and a trigger or binding uses it as its connection")
    return found
