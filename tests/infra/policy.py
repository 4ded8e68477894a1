"""The rules our templates must keep. Each takes all templates and returns what breaks it, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from template import Template, mappings

Templates = Mapping[str, Template]
Rule = Callable[[Templates], list[str]]

ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "a4417e6f-fecd-4de8-b567-7b0420556985": "Key Vault Certificates Officer",
}

REFUSED_BY_FLEX = {
    "AzureWebJobsDashboard",
    "AzureWebJobsStorage",  # a key; identity-based settings replace it
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "TZ",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
    "alwaysOn",
    "containerSize",
    "functionAppScaleLimit",
    "linuxFxVersion",
}
"""https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations"""


def storage_is_closed(templates: Templates) -> list[str]:
    """No account keys, nothing public, TLS 1.2."""
    wanted = {
        "allowSharedKeyAccess": False,
        "allowBlobPublicAccess": False,
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
    }
    containers = {"publicAccess": "None"}
    return [
        *_differences(templates, "Microsoft.Storage/storageAccounts", wanted),
        *_differences(templates, "Microsoft.Storage/storageAccounts/blobServices/containers", containers),
    ]


def vault_is_safe(templates: Templates) -> list[str]:
    """Access by role, nothing lost by deletion, and no secret in a template."""
    wanted = {"enableRbacAuthorization": True, "enableSoftDelete": True, "enablePurgeProtection": True}
    secrets = _created(templates, "Microsoft.KeyVault/vaults/secrets")
    return [
        *_differences(templates, "Microsoft.KeyVault/vaults", wanted),
        *(f"the template writes the secret {secret['name']}" for secret in secrets),
    ]


def telemetry_needs_an_identity(templates: Templates) -> list[str]:
    return [
        *_differences(templates, "Microsoft.Insights/components", {"DisableLocalAuth": True}),
        *_differences(
            templates, "Microsoft.OperationalInsights/workspaces", {"features": {"disableLocalAuth": True}}
        ),
    ]


def site_is_closed(templates: Templates) -> list[str]:
    """https only, and no user name and password for publishing."""
    site_config = {"minTlsVersion": "1.2", "scmMinTlsVersion": "1.2", "ftpsState": "Disabled"}
    policies = "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
    covered = {policy["name"] for policy in _created(templates, policies)}
    return [
        *_differences(templates, "Microsoft.Web/sites", {"httpsOnly": True, "siteConfig": site_config}),
        *_differences(templates, policies, {"allow": False}),
        *(f"publishing over {name} is not switched off" for name in sorted({"scm", "ftp"} - covered)),
    ]


def site_can_take_the_load(templates: Templates) -> list[str]:
    """Flex Consumption on Python 3.13, concurrency that the threads can serve, one warm HTTP instance."""
    scale = {
        "instanceMemoryMB": 2048,
        "triggers": {"http": {"perInstanceConcurrency": 16}},
        "alwaysReady": [{"name": "http", "instanceCount": 1}],
    }
    config = {"runtime": {"name": "python", "version": "3.13"}, "scaleAndConcurrency": scale}
    plans = [plan["sku"]["name"] for plan in _created(templates, "Microsoft.Web/serverfarms")]
    threads = [
        o["PYTHON_THREADPOOL_THREAD_COUNT"] for o in _objects(templates) if "PYTHON_THREADPOOL_THREAD_COUNT" in o
    ]
    return [
        *_differences(templates, "Microsoft.Web/sites", {"functionAppConfig": config}),
        *([] if plans == ["FC1"] else [f"plans are {plans}"]),
        *([] if threads == ["32"] else [f"threads are {threads}"]),
    ]


def nothing_that_flex_refuses(templates: Templates) -> list[str]:
    return [f"{key} is set" for mapping in _objects(templates) for key in mapping if key in REFUSED_BY_FLEX]


def roles_are_complete_and_explained(templates: Templates) -> list[str]:
    """Exactly the known roles, each with its name in a comment on the same line."""
    lines = [line for template in templates.values() for line in template.text.splitlines()]
    found = {
        line.split("'")[1]: line for line in lines if re.search(r"'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'", line)
    }
    return [
        *(f"{ROLES[role]} is missing" for role in ROLES if role not in found),
        *(f"{role} is unknown" for role in found if role not in ROLES),
        *(f"{ROLES[r]} is not named" for r in found if r in ROLES and f"// {ROLES[r]}" not in found[r]),
    ]


def interfaces_are_stable(templates: Templates) -> list[str]:
    """Dated API versions, no previews."""
    declared = [(name, r) for t in templates.values() for name, r in t.declared("resources").items()]
    return [
        f"{name} uses {resource['api_version']}"
        for name, resource in declared
        if not re.fullmatch(r"20\d\d-\d\d-\d\d", resource["api_version"])
    ]


def no_keys_are_read(templates: Templates) -> list[str]:
    """A key in an output, a setting or a deployment's history is a key lost."""
    called = re.compile(r"\blist(Keys|AccountSas|Secrets)\w*\(|@secure\(")
    return [f"{path}: {match.group()}" for path, t in templates.items() for match in called.finditer(t.text)]


RULES: tuple[Rule, ...] = (
    storage_is_closed,
    vault_is_safe,
    telemetry_needs_an_identity,
    site_is_closed,
    site_can_take_the_load,
    nothing_that_flex_refuses,
    roles_are_complete_and_explained,
    interfaces_are_stable,
    no_keys_are_read,
)


def _created(templates: Templates, resource_type: str) -> list[dict[str, Any]]:
    return [body for template in templates.values() for body in template.resources(resource_type)]


def _objects(templates: Templates) -> Iterator[dict[str, Any]]:
    for template in templates.values():
        yield from mappings(template.content)


def _differences(templates: Templates, resource_type: str, wanted: dict[str, Any]) -> list[str]:
    """Where the properties of the resources of this type differ from what is wanted; there must be one at least."""
    resources = _created(templates, resource_type)
    if not resources:
        return [f"there is no {resource_type}"]
    return [
        f"{resource_type}: {fault}" for resource in resources for fault in _mismatches(resource["properties"], wanted)
    ]


def _mismatches(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    for key, value in wanted.items():
        if isinstance(value, dict):
            yield from _mismatches(found.get(key, {}), value)
        elif found.get(key) != value:
            yield f"{key} is {found.get(key)!r}, not {value!r}"
