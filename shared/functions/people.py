"""What the platform's backend and its members call: the roster, and members' busy times."""

from __future__ import annotations

import azure.functions as func

from shared.bootstrap import Services
from shared.callers import Caller
from shared.contract import MemberInput, RosterInput, RosterOutput, parse_body, span_from
from shared.functions import answers
from shared.functions.responses import ANYONE, answering, json_answer, no_content
from shared.model import MemberKey
from shared.roster import member_from, roster_from


def people(services: Services) -> func.Blueprint:
    """The roster and busy times of the caller's organization."""
    blueprint = func.Blueprint()

    def caller_of(req: func.HttpRequest) -> Caller:
        return services.platform_tokens.identify(req.headers.get("Authorization"))

    def service_of(req: func.HttpRequest) -> Caller:
        caller = caller_of(req)
        caller.require_service()
        return caller

    @blueprint.route("api/members", methods=["PUT"], auth_level=ANYONE)
    @answering
    def replace_roster(req: func.HttpRequest) -> func.HttpResponse:
        caller = service_of(req)
        roster = roster_from(parse_body(req.get_body(), RosterInput).members)
        done = services.members.replace_all(caller.org, caller.subject, roster)
        return json_answer(RosterOutput(len(done.added), len(done.changed), len(done.removed), done.unchanged))

    @blueprint.route("api/members/{member}", methods=["PUT"], auth_level=ANYONE)
    @answering
    def put_member(req: func.HttpRequest) -> func.HttpResponse:
        caller = service_of(req)
        member = member_from(answers.identifier(req, "member"), parse_body(req.get_body(), MemberInput))
        is_new = services.members.put(caller.org, caller.subject, member)
        listed = answers.member(*services.members.one(caller.org, member), services.members.tenants(caller.org))
        return json_answer(listed, 201 if is_new else 200)

    @blueprint.route("api/members/{member}", methods=["DELETE"], auth_level=ANYONE)
    @answering
    def remove_member(req: func.HttpRequest) -> func.HttpResponse:
        caller = service_of(req)
        services.members.remove(caller.org, caller.subject, answers.identifier(req, "member"))
        return no_content()

    @blueprint.route("api/members/{member}/busy", methods=["GET"], auth_level=ANYONE)
    @answering
    def busy_times(req: func.HttpRequest) -> func.HttpResponse:
        caller = caller_of(req)
        member = answers.identifier(req, "member")
        caller.require_may_read(member)
        span = span_from(req.params.get("start"), req.params.get("end"))
        answer = services.availability.busy(MemberKey(caller.org, member), span)
        return json_answer(answers.busy(member, span, answer))

    return blueprint
