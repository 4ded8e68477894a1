"""One member: checked now, matched by an admin's word, excluded and included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.one_member import (
    CandidateList,
    CandidateOutput,
    CandidateQuery,
    CheckOutput,
    MatchInput,
    StepOutput,
)
from shared.contract.people import MemberOutput
from shared.errors import NotFound
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who

if TYPE_CHECKING:
    from shared.candidates import Candidate
    from shared.choices import Standing


def one_member(api: Api) -> None:
    """What admins decide about single members."""
    services = api.services

    def shown(standing: Standing, org: str) -> MemberOutput:
        connection = standing.shown(services.now())
        return answers.member(standing.member, connection, services.members.tenants(org))

    @api.endpoint("POST", "api/outlook/members/{member}/check", Who.ADMIN, CheckOutput, problems=(NotFound,))
    def check_member(ask: Asked[Nothing, None]) -> CheckOutput:
        """Go through a member's connection now: decision, directory, match, calendar, notifications.

        What can be mended is mended on the way. Takes as long as Microsoft takes to answer.
        """
        standing, steps = services.checks.run(ask.caller.org, ask.caller.subject, ask.path["member"])
        return CheckOutput(shown(standing, ask.caller.org), [StepOutput(*step) for step in steps])

    @api.endpoint(
        "GET",
        "api/outlook/members/{member}/candidates",
        Who.ADMIN,
        CandidateList,
        query=CandidateQuery,
        problems=(NotFound,),
    )
    def list_candidates(ask: Asked[CandidateQuery, None]) -> CandidateList:
        """Directory users who could be the member: those whom the member's addresses lead to, or `address` does."""
        found = services.candidates.of(ask.caller.org, ask.path["member"], ask.query.address)
        return CandidateList([_candidate(one) for one in found.candidates], found.unanswered)

    @api.endpoint(
        "PUT", "api/outlook/members/{member}/match", Who.ADMIN, MemberOutput, body=MatchInput, problems=(NotFound,)
    )
    def choose_match(ask: Asked[Nothing, MatchInput]) -> MemberOutput:
        """Say which directory user the member is.

        That goes before every address, until it is taken back or the user is gone.
        """
        org, member = ask.caller.org, ask.path["member"]
        services.choices.standing(org, member)
        mailbox = services.candidates.one(org, ask.body.tenant, ask.body.user)
        return shown(services.choices.name(ask.caller, member, mailbox), org)

    @api.endpoint("DELETE", "api/outlook/members/{member}/match", Who.ADMIN, MemberOutput, problems=(NotFound,))
    def leave_match_to_addresses(ask: Asked[Nothing, None]) -> MemberOutput:
        """Leave it to the addresses again which directory user the member is."""
        return shown(services.choices.name(ask.caller, ask.path["member"], None), ask.caller.org)

    @api.endpoint("PUT", "api/outlook/members/{member}/exclusion", Who.ADMIN, MemberOutput, problems=(NotFound,))
    def exclude_member(ask: Asked[Nothing, None]) -> MemberOutput:
        """Keep a member out.

        What was read of their calendar is deleted; only an admin can include them again.
        """
        return shown(services.choices.exclude(ask.caller, ask.path["member"]), ask.caller.org)

    @api.endpoint("DELETE", "api/outlook/members/{member}/exclusion", Who.ADMIN, MemberOutput, problems=(NotFound,))
    def include_member(ask: Asked[Nothing, None]) -> MemberOutput:
        """Include a member again.

        They are looked for at once, unless they had disconnected themselves.
        """
        return shown(services.choices.include(ask.caller, ask.path["member"]), ask.caller.org)


def _candidate(value: Candidate) -> CandidateOutput:
    return CandidateOutput(
        tenant=value.mailbox.tenant_id,
        user=value.mailbox.object_id,
        name=value.user.display_name,
        address=value.user.user_principal_name,
        is_bound=value.is_bound,
        is_chosen=value.is_chosen,
        objection=value.objection,
    )
