"""The checks an operator's monitor calls."""

from __future__ import annotations

from shared.contract.health import HealthOutput, ReadyOutput
from shared.errors import NotReady
from shared.functions.endpoints import Anything, Api, Asked, Who


def health(api: Api) -> None:
    """Whether the app works."""
    services = api.services

    @api.endpoint("GET", "health", Who.ANYONE, HealthOutput, query=Anything)
    def health(_: Asked[Anything, None]) -> HealthOutput:
        """Whether the process runs."""
        return HealthOutput("ok")

    @api.endpoint("GET", "health/ready", Who.ANYONE, ReadyOutput, query=Anything, problems=(NotReady,))
    def ready(_: Asked[Anything, None]) -> ReadyOutput:
        """Whether tables, queues and the app's credential work."""
        if failing := services.health.failing():
            raise NotReady(f"Failing: {', '.join(failing)}.")
        return ReadyOutput("ready")
