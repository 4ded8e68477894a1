"""What an operator of the service calls, with a function key: they belong to no organization.

https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
"""

from __future__ import annotations

import azure.functions as func

from shared.bootstrap import Services
from shared.contract import DeadLetterList, ReplayOutput
from shared.functions import answers
from shared.functions.responses import answering, json_answer, no_content

OPERATOR = func.AuthLevel.FUNCTION
"""The host asks for a key before anything of ours runs."""


def operations(services: Services) -> func.Blueprint:
    """Dead letters: listed, replayed, discarded."""
    blueprint = func.Blueprint()

    @blueprint.route("operations/dead-letters", methods=["GET"], auth_level=OPERATOR)
    @answering
    def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        return json_answer(DeadLetterList([answers.dead_letter(letter) for letter in services.dead_letters.all()]))

    @blueprint.route("operations/dead-letters/replay", methods=["POST"], auth_level=OPERATOR)
    @answering
    def replay_dead_letters(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        done = services.dead_letters.replay_all()
        return json_answer(ReplayOutput(done.replayed, done.kept))

    @blueprint.route("operations/dead-letters/{queue}/{id}/replay", methods=["POST"], auth_level=OPERATOR)
    @answering
    def replay_dead_letter(req: func.HttpRequest) -> func.HttpResponse:
        services.dead_letters.replay(answers.identifier(req, "queue"), answers.identifier(req, "id"))
        return json_answer(ReplayOutput(1, 0))

    @blueprint.route("operations/dead-letters/{queue}/{id}", methods=["DELETE"], auth_level=OPERATOR)
    @answering
    def discard_dead_letter(req: func.HttpRequest) -> func.HttpResponse:
        services.dead_letters.discard(answers.identifier(req, "queue"), answers.identifier(req, "id"))
        return no_content()

    return blueprint
