"""Members as an organization's admins see them: each with the state of their connection."""

from __future__ import annotations

from shared.contract.people import MemberList, MemberQuery
from shared.functions import answers
from shared.functions.cursors import cursor_from, cursor_of
from shared.functions.endpoints import Api, Asked, Who


def members(api: Api) -> None:
    """Members of the caller's organization."""
    services = api.services

    @api.endpoint("GET", "api/outlook/members", Who.ADMIN, MemberList, query=MemberQuery)
    def list_members(ask: Asked[MemberQuery, None]) -> MemberList:
        """A page of members with the state of each one's connection."""
        org = ask.caller.org
        page, following = services.members.page(org, cursor_from(ask.query.cursor))
        tenants = services.members.tenants(org)
        listed = [answers.member(member, connection, tenants) for member, connection in page]
        return MemberList(listed, cursor_of(following))
