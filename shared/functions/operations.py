"""What an operator of the service calls, with a function key: they belong to no organization."""

from __future__ import annotations

from shared.contract.operations import DeadLetterList, ReplayOutput
from shared.errors import Conflict, NotFound
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who


def operations(api: Api) -> None:
    """Dead letters: listed, replayed, discarded."""
    services = api.services

    @api.endpoint("GET", "operations/dead-letters", Who.OPERATOR, DeadLetterList)
    def list_dead_letters(_: Asked[Nothing, None]) -> DeadLetterList:
        """Work that failed for good, the latest first."""
        return DeadLetterList([answers.dead_letter(letter) for letter in services.dead_letters.all()])

    @api.endpoint("POST", "operations/dead-letters/replay", Who.OPERATOR, ReplayOutput)
    def replay_dead_letters(_: Asked[Nothing, None]) -> ReplayOutput:
        """Put all of it back into the queues."""
        done = services.dead_letters.replay_all()
        return ReplayOutput(done.replayed, done.kept)

    @api.endpoint(
        "POST",
        "operations/dead-letters/{queue}/{id}/replay",
        Who.OPERATOR,
        ReplayOutput,
        problems=(NotFound, Conflict),
    )
    def replay_dead_letter(ask: Asked[Nothing, None]) -> ReplayOutput:
        """Put one piece back into its queue."""
        services.dead_letters.replay(ask.path["queue"], ask.path["id"])
        return ReplayOutput(1, 0)

    @api.endpoint("DELETE", "operations/dead-letters/{queue}/{id}", Who.OPERATOR, None, problems=(NotFound,))
    def discard_dead_letter(ask: Asked[Nothing, None]) -> None:
        """Forget one piece."""
        services.dead_letters.discard(ask.path["queue"], ask.path["id"])
