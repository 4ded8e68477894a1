"""One member: checked now, excluded and included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract.one_member import CheckOutput, StepOutput
from shared.contract.people import MemberOutput
from shared.errors import NotFound
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who

if TYPE_CHECKING:
    from shared.bootstrap import Services
    from shared.choices import Standing


def one_member(api: Api) -> None:
    """What admins do with single members."""
    services = api.services

    @api.endpoint("POST", "api/outlook/members/{member}/check", Who.ADMIN, CheckOutput, problems=(NotFound,))
    def check_member(ask: Asked[Nothing, None]) -> CheckOutput:
        """Go through a member's connection now: decision, directory, match, calendar, notifications.

        Then, where the member connected an account of their own, through that. What can be mended is mended on the
        way. Takes as long as Microsoft takes to answer.
        """
        standing, steps = services.checks.run(ask.caller.org, ask.caller.subject, ask.path["member"])
        return CheckOutput(shown(services, standing, ask.caller.org), [StepOutput(*step) for step in steps])

    @api.endpoint("PUT", "api/outlook/members/{member}/exclusion", Who.ADMIN, MemberOutput, problems=(NotFound,))
    def exclude_member(ask: Asked[Nothing, None]) -> MemberOutput:
        """Keep a member out.

        What was read of their calendar is deleted; only an admin can include them again.
        """
        return shown(services, services.choices.exclude(ask.caller, ask.path["member"]), ask.caller.org)

    @api.endpoint("DELETE", "api/outlook/members/{member}/exclusion", Who.ADMIN, MemberOutput, problems=(NotFound,))
    def include_member(ask: Asked[Nothing, None]) -> MemberOutput:
        """Include a member again.

        They are looked for at once, unless they had disconnected themselves.
        """
        return shown(services, services.choices.include(ask.caller, ask.path["member"]), ask.caller.org)


def shown(services: Services, standing: Standing, org: str) -> MemberOutput:
    """A member as people should see them, also in the moment before the connection follows what was decided."""
    listed = services.member_list.of(org, standing.member, standing.shown(services.now()))
    return answers.member(listed, services.members.tenants(org))
