"""What an organization's owners and admins call."""

from __future__ import annotations

from datetime import timedelta

import azure.functions as func

from shared.bootstrap import Services
from shared.callers import Caller
from shared.contract import LinkInput, LinkList, MemberList, TenantList, parse_body
from shared.functions import answers
from shared.functions.cursors import cursor_from, cursor_of
from shared.functions.responses import ANYONE, answering, json_answer, no_content


def admin(services: Services) -> func.Blueprint:
    """Activation links, tenants and members of the caller's organization."""
    blueprint = func.Blueprint()

    def admin_of(req: func.HttpRequest) -> Caller:
        caller = services.platform_tokens.identify(req.headers.get("Authorization"))
        caller.require_admin(services.settings.platform)
        return caller

    @blueprint.route("api/outlook/activation-links", methods=["POST"], auth_level=ANYONE)
    @answering
    def create_activation_link(req: func.HttpRequest) -> func.HttpResponse:
        caller = admin_of(req)
        asked = parse_body(req.get_body(), LinkInput)
        domains = tuple(sorted({domain.lower() for domain in asked.expected_domains}))
        link, url = services.activation.create(caller, timedelta(days=asked.expires_in_days), domains)
        return json_answer(answers.link(link, services.now(), url), 201)

    @blueprint.route("api/outlook/activation-links", methods=["GET"], auth_level=ANYONE)
    @answering
    def list_activation_links(req: func.HttpRequest) -> func.HttpResponse:
        caller, now = admin_of(req), services.now()
        return json_answer(LinkList([answers.link(link, now) for link in services.activation.links(caller.org)]))

    @blueprint.route("api/outlook/activation-links/{link}", methods=["DELETE"], auth_level=ANYONE)
    @answering
    def revoke_activation_link(req: func.HttpRequest) -> func.HttpResponse:
        services.activation.revoke(admin_of(req), answers.identifier(req, "link"))
        return no_content()

    @blueprint.route("api/outlook/tenants", methods=["GET"], auth_level=ANYONE)
    @answering
    def list_tenants(req: func.HttpRequest) -> func.HttpResponse:
        tenants = services.members.tenants(admin_of(req).org)
        return json_answer(TenantList([answers.tenant(tenant) for tenant in tenants.values()]))

    @blueprint.route("api/outlook/members", methods=["GET"], auth_level=ANYONE)
    @answering
    def list_members(req: func.HttpRequest) -> func.HttpResponse:
        caller = admin_of(req)
        page, following = services.members.page(caller.org, cursor_from(req.params.get("cursor")))
        tenants = services.members.tenants(caller.org)
        listed = [answers.member(member, connection, tenants) for member, connection in page]
        return json_answer(MemberList(listed, cursor_of(following)))

    return blueprint
