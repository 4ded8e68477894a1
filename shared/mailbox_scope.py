"""How a Microsoft admin limits the app to a group of mailboxes: RBAC for Applications, as commands filled in.

Grants add up: Exchange Online lets the app into a mailbox if Entra ID's tenant-wide grant or a scoped one does. So
the scope is made and checked first, and then the tenant-wide grant of the calendars goes.
https://learn.microsoft.com/exchange/permissions-exo/application-rbac
https://learn.microsoft.com/powershell/module/exchange/new-serviceprincipal
https://learn.microsoft.com/powershell/module/exchange/new-managementscope
https://learn.microsoft.com/powershell/module/exchange/new-managementroleassignment
https://learn.microsoft.com/powershell/module/exchange/test-serviceprincipalauthorization
https://learn.microsoft.com/powershell/module/microsoft.graph.applications/remove-mgserviceprincipalapproleassignment
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from shared.plain_text import one_line

LONGEST_BASE = 48
"""Characters; with what is added, a name stays within the 64 that Exchange allows."""
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph itself, the same in every tenant."""
ROLE = "Application Calendars.ReadWrite"
PERMISSION = "Calendars.ReadWrite"
INTRODUCTION = (
    "In PowerShell with the modules ExchangeOnlineManagement and Microsoft.Graph, all in one window, by an Exchange "
    "Administrator or member of Organization Management who may also change app permissions in Entra ID. Exchange "
    "Online keeps answers for 30 minutes to 2 hours, so allow for that before a change shows. Approving through an "
    "activation link again brings the tenant-wide permission back; then repeat the last step."
)

_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


class Step(NamedTuple):
    """What to do and why, and the commands that do it."""

    step: str
    command: str


@dataclass(frozen=True)
class MailboxScope:
    """Names in the customer's Exchange Online, and the commands that make them."""

    group: str
    scope: str
    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """All of it, to be pasted into PowerShell: what is no command is a comment."""
        parts = (f"# {number}. {one.step}\n{one.command}" for number, one in enumerate(self.steps, 1))
        return "\n\n".join(parts)


def quoted(text: str) -> str:
    """The text as a PowerShell string in which nothing is replaced.

    PowerShell ends such a string at a curly quote as well as at a straight one; doubled, each stands for itself.
    https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
    """
    return "'" + _QUOTES.sub(r"\1\1", one_line(text)) + "'"


def object_name(text: str) -> str:
    """What of a name is sure to be allowed in a group's: letters without accents, digits, blanks and dashes."""
    plain = unicodedata.normalize("NFKD", one_line(text)).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^A-Za-z0-9 -]", " ", plain).split())[:LONGEST_BASE].strip(" -")


def mailbox_scope(client_id: str, platform: str, organization: str, fallback: str) -> MailboxScope:
    """The commands for one organization; `fallback` names it where nothing of its own name can be used."""
    name = object_name(organization) or object_name(fallback)
    base = object_name(f"{platform} {name}") or "Outlook connection"
    group, scope, assignment = f"{base} mailboxes", f"{base} scope", f"{base} calendars"
    app = (client_id, platform)
    steps = (*_prepared(group), *_granted(app, group, scope, assignment), *_narrowed())
    return MailboxScope(group, scope, steps)


def _prepared(group: str) -> tuple[Step, ...]:
    return (
        Step(
            "Sign in to Exchange Online and to Microsoft Graph.",
            "Connect-ExchangeOnline\n"
            "Connect-MgGraph -Scopes 'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'",
        ),
        Step(
            "Make a mail-enabled security group and put the mailboxes into it. Only its direct members count; "
            "groups inside it are not looked into. Replace the address, and repeat the second line for each mailbox.",
            f"New-DistributionGroup -Name {quoted(group)} -Type Security\n"
            f"Add-DistributionGroupMember -Identity {quoted(group)} -Member 'somebody@example.com'",
        ),
    )


def _granted(app: tuple[str, str], group: str, scope: str, assignment: str) -> tuple[Step, ...]:
    client_id, platform = app
    return (
        Step(
            "Make the app known to Exchange Online, by the object id of its enterprise app in this tenant.",
            f"$clientId = {quoted(client_id)}\n"
            "$app = Get-MgServicePrincipal -Filter \"appId eq '$clientId'\"\n"
            f"New-ServicePrincipal -AppId $clientId -ObjectId $app.Id -DisplayName {quoted(platform)}",
        ),
        Step(
            "Make a scope of the group's members.",
            f"$group = Get-DistributionGroup -Identity {quoted(group)}\n"
            '$members = "MemberOfGroup -eq \'" + $group.DistinguishedName.Replace("\'", "\'\'") + "\'"\n'
            f"New-ManagementScope -Name {quoted(scope)} -RecipientRestrictionFilter $members",
        ),
        Step(
            "Let the app into the calendars of that scope.",
            f"New-ManagementRoleAssignment -Name {quoted(assignment)} -App $app.Id -Role {quoted(ROLE)} "
            f"-CustomResourceScope {quoted(scope)}",
        ),
        Step(
            "Check it: InScope is True for a mailbox in the group, and False for another one. This looks at Exchange "
            "Online only, not at the tenant-wide permission.",
            "Test-ServicePrincipalAuthorization -Identity $app.Id -Resource 'somebody@example.com' | Format-Table",
        ),
    )


def _narrowed() -> tuple[Step, ...]:
    return (
        Step(
            f"Take the tenant-wide {PERMISSION} away. Grants add up: as long as it is there, the scope limits "
            "nothing. User.Read.All stays.",
            f"$graph = Get-MgServicePrincipal -Filter \"appId eq '{GRAPH_APP_ID}'\"\n"
            f"$wide = $graph.AppRoles | Where-Object Value -eq {quoted(PERMISSION)}\n"
            "Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id -All |\n"
            "  Where-Object { $_.ResourceId -eq $graph.Id -and $_.AppRoleId -eq $wide.Id } |\n"
            "  ForEach-Object { Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id "
            "-AppRoleAssignmentId $_.Id }",
        ),
    )
