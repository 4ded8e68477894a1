"""The organization's Outlook connection at a glance."""

from __future__ import annotations

from shared.contract.overview import Overview
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who


def overview(api: Api) -> None:
    """What an admin sees first."""
    services = api.services

    @api.endpoint("GET", "api/outlook", Who.ADMIN, Overview)
    def show_overview(ask: Asked[Nothing, None]) -> Overview:
        """How many members are in which state, the tenants, and what to do next."""
        org = ask.caller.org
        tenants = services.members.tenants(org)
        return answers.overview(services.member_list.counts(org, tenants), tenants)
