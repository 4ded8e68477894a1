"""How the app is limited to some mailboxes, for an organization's admins to pass on."""

from __future__ import annotations

from shared.contract.mailbox_scope import MailboxScopeOutput, ScopeStep
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.mailbox_scope import INTRODUCTION, mailbox_scope


def scope(api: Api) -> None:
    """Commands for the Microsoft admin."""
    services = api.services

    @api.endpoint("GET", "api/outlook/mailbox-scope", Who.ADMIN, MailboxScopeOutput)
    def explain_mailbox_scope(ask: Asked[Nothing, None]) -> MailboxScopeOutput:
        """Commands with which the Microsoft admin limits the app to a group of mailboxes.

        They are filled in for this organization; nothing is carried out here.
        """
        caller, settings = ask.caller, services.settings
        made = mailbox_scope(settings.microsoft.client_id, settings.platform.name, caller.org_name, caller.org)
        steps = [ScopeStep(one.step, one.command) for one in made.steps]
        return MailboxScopeOutput(INTRODUCTION, made.group, made.scope, steps, made.text)
