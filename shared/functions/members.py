"""Members as an organization's admins see them: each with the state of their connection."""

from __future__ import annotations

from shared.contract.people import MemberList, MemberQuery
from shared.contract.spreadsheet import csv_text
from shared.functions import answers
from shared.functions.cursors import cursor_from, cursor_of
from shared.functions.endpoints import Api, Asked, Download, Who
from shared.member_filter import Wanted


def members(api: Api) -> None:
    """Members of the caller's organization."""
    services = api.services

    @api.endpoint("GET", "api/outlook/members", Who.ADMIN, MemberList, query=MemberQuery, csv=True)
    def list_members(ask: Asked[MemberQuery, None]) -> MemberList | Download:
        """A page of members with the state of each one's connection.

        Filters combine. Asked for as `text/csv`, it answers with all members that meet them, a row each.
        """
        org, query = ask.caller.org, ask.query
        wanted = Wanted.of(query.state, query.tenant, query.q, query.own_state)
        tenants = services.members.tenants(org)
        if ask.wants_csv:
            everybody = services.member_list.everybody(org, wanted, tenants)
            rows = (answers.member(listed, tenants) for listed in everybody)
            return Download(csv_text(answers.MEMBER_COLUMNS, map(answers.member_row, rows)), "members.csv")
        after = cursor_from(query.cursor)
        page, following = services.member_list.page(org, wanted, tenants, after, query.limit)
        return MemberList([answers.member(listed, tenants) for listed in page], cursor_of(following))
