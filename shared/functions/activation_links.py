"""Activation links: what an organization's admins make and revoke."""

from __future__ import annotations

from datetime import timedelta

from shared.contract.activation_links import LinkInput, LinkList, LinkOutput
from shared.errors import Conflict, NotFound
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.invitation import invitation


def activation_links(api: Api) -> None:
    """Links of the caller's organization."""
    services = api.services

    @api.endpoint("POST", "api/outlook/activation-links", Who.ADMIN, {201: LinkOutput}, body=LinkInput)
    def create_activation_link(ask: Asked[Nothing, LinkInput]) -> LinkOutput:
        """Make a link for the Microsoft admin.

        Its address, and a message to send it with, are in this answer only; they cannot be shown again.
        """
        domains = tuple(sorted({domain.lower() for domain in ask.body.expected_domains}))
        lifetime = timedelta(days=ask.body.expires_in_days)
        link, url = services.activation.create(ask.caller, lifetime, domains)
        settings = services.settings
        message = invitation(link, url, ask.caller.org, settings.platform.name, settings.microsoft.client_id)
        return answers.new_link(link, services.now(), url, message)

    @api.endpoint("GET", "api/outlook/activation-links", Who.ADMIN, LinkList)
    def list_activation_links(ask: Asked[Nothing, None]) -> LinkList:
        """All links, newest first, with the step each has reached."""
        now = services.now()
        return LinkList([answers.link(link, now) for link in services.activation.links(ask.caller.org)])

    @api.endpoint("DELETE", "api/outlook/activation-links/{link}", Who.ADMIN, None, problems=(NotFound, Conflict))
    def revoke_activation_link(ask: Asked[Nothing, None]) -> None:
        """Make a link useless, also for whoever is half-way through it."""
        services.activation.revoke(ask.caller, ask.path["link"])
