"""Matches: who a member is in the directory, where an admin has to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.one_member import CandidateList, CandidateOutput, CandidateQuery, MatchInput
from shared.contract.people import MemberOutput
from shared.errors import NotFound
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.functions.one_member import shown

if TYPE_CHECKING:
    from shared.candidates import Candidate


def matches(api: Api) -> None:
    """Who a member is in the directory, by an admin's word."""
    services = api.services

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
        mailbox = services.candidates.one(org, member, ask.body.tenant, ask.body.user)
        return shown(services, services.choices.name(ask.caller, member, mailbox), org)

    @api.endpoint("DELETE", "api/outlook/members/{member}/match", Who.ADMIN, MemberOutput, problems=(NotFound,))
    def leave_match_to_addresses(ask: Asked[Nothing, None]) -> MemberOutput:
        """Leave it to the addresses again which directory user the member is."""
        return shown(services, services.choices.name(ask.caller, ask.path["member"], None), ask.caller.org)


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
