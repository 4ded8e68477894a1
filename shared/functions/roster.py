"""The roster: who the platform's backend says its members are."""

from __future__ import annotations

from shared.contract.people import MemberInput, MemberOutput, RosterInput, RosterOutput
from shared.errors import Conflict, NotFound
from shared.functions import answers
from shared.functions.endpoints import Answer, Api, Asked, Nothing, Who
from shared.roster import member_from, roster_from


def roster(api: Api) -> None:
    """The roster of the caller's organization."""
    services = api.services

    @api.endpoint("PUT", "api/members", Who.SERVICE, RosterOutput, body=RosterInput, problems=(Conflict,))
    def replace_roster(ask: Asked[Nothing, RosterInput]) -> RosterOutput:
        """Send the whole roster.

        Whoever is not in it is no member any more: their connection ends and what was read of their calendar is
        deleted. Sending the same roster again changes nothing.
        """
        people = roster_from(ask.body.members)
        done = services.members.replace_all(ask.caller.org, ask.caller.subject, people)
        return RosterOutput(len(done.added), len(done.changed), len(done.removed), done.unchanged)

    @api.endpoint(
        "PUT",
        "api/members/{member}",
        Who.SERVICE,
        {200: MemberOutput, 201: MemberOutput},
        body=MemberInput,
        problems=(Conflict, NotFound),
    )
    def put_member(ask: Asked[Nothing, MemberInput]) -> Answer:
        """Add or change one member.

        A new member whose mailbox is found connects by itself.
        """
        org, member = ask.caller.org, member_from(ask.path["member"], ask.body)
        is_new = services.members.put(org, ask.caller.subject, member)
        listed = answers.member(services.member_list.one(org, member), services.members.tenants(org))
        return Answer(listed, 201 if is_new else 200)

    @api.endpoint("DELETE", "api/members/{member}", Who.SERVICE, None, problems=(NotFound, Conflict))
    def remove_member(ask: Asked[Nothing, None]) -> None:
        """Take a member off the roster, with all that was read of their calendar."""
        services.members.remove(ask.caller.org, ask.caller.subject, ask.path["member"])
