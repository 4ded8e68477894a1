"""Whether the app works."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class HealthOutput(Struct):
    """The process runs."""

    status: Literal["ok"]


class ReadyOutput(Struct):
    """Everything that requests need answers."""

    status: Literal["ready"]
