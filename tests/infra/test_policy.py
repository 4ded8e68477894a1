"""Our templates keep every rule, and every rule notices when one does not."""

from __future__ import annotations

import pytest
from policy import RULES, Rule
from template import Template, templates

BREAKS = [
    ("storage_is_closed", "app/storage.bicep", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true"),
    ("storage_is_closed", "app/storage.bicep", "allowBlobPublicAccess: false", ""),
    ("storage_is_closed", "app/storage.bicep", "TLS1_2", "TLS1_0"),
    ("storage_is_closed", "app/storage.bicep", "publicAccess: 'None'", "publicAccess: 'Blob'"),
    ("vault_is_safe", "app/vault.bicep", "enablePurgeProtection: true", ""),
    ("vault_is_safe", "app/vault.bicep", "enableRbacAuthorization: true", "enableRbacAuthorization: false"),
    (
        "vault_is_safe",
        "app/vault.bicep",
        "output name",
        "resource secret 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {\n  name: 'k'\n}\noutput name",
    ),
    ("telemetry_needs_an_identity", "app/monitoring.bicep", "DisableLocalAuth: true", ""),
    ("telemetry_needs_an_identity", "app/monitoring.bicep", "features: { disableLocalAuth: true }", ""),
    ("site_is_closed", "app/service.bicep", "httpsOnly: true", "httpsOnly: false"),
    ("site_is_closed", "app/service.bicep", "ftpsState: 'Disabled'", ""),
    ("site_is_closed", "app/service.bicep", "name: 'scm'", "name: 'ftp'"),
    ("site_is_closed", "app/service.bicep", "allow: false", "allow: true"),
    ("site_can_take_the_load", "app/service.bicep", "perInstanceConcurrency: 16", "perInstanceConcurrency: 64"),
    ("site_can_take_the_load", "app/service.bicep", "THREAD_COUNT: '32'", "THREAD_COUNT: '8'"),
    ("site_can_take_the_load", "app/service.bicep", "instanceCount: 1", "instanceCount: 0"),
    ("site_can_take_the_load", "app/service.bicep", "'FC1'", "'Y1'"),
    ("site_can_take_the_load", "app/service.bicep", "version: '3.13'", "version: '3.9'"),
    ("nothing_that_flex_refuses", "app/service.bicep", "PUBLIC_URL:", "FUNCTIONS_WORKER_RUNTIME:"),
    ("nothing_that_flex_refuses", "app/service.bicep", "http20Enabled: true", "linuxFxVersion: 'Python|3.13'"),
    ("nothing_that_flex_refuses", "main.bicep", "PLATFORM_NAME:", "WEBSITE_TIME_ZONE:"),
    ("roles_are_complete_and_explained", "app/access.bicep", "'974c5e8b-45b9-4653-ba55-5f855dd0fb88'", ""),
    ("roles_are_complete_and_explained", "app/access.bicep", "3913510d", "00000000"),
    ("roles_are_complete_and_explained", "app/access.bicep", "// Key Vault Secrets User", "//"),
    ("interfaces_are_stable", "app/vault.bicep", "@2023-07-01", "@2023-08-01-preview"),
    ("no_keys_are_read", "app/storage.bicep", "account.name", "account.listKeys().keys[0].value"),
    ("no_keys_are_read", "main.bicep", "param publicUrl", "@secure()\nparam publicUrl"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_templates_keep_the_rule(rule: Rule) -> None:
    assert rule(templates()) == []


@pytest.mark.parametrize(("rule", "path", "old", "new"), BREAKS)
def test_a_template_that_breaks_the_rule_is_noticed(rule: str, path: str, old: str, new: str) -> None:
    rules = {rule.__name__: rule for rule in RULES}
    original = templates()[path].text
    broken = Template(path, original.replace(old, new, 1))
    assert broken.text != original, "the text to break is not there any more"

    assert rules[rule]({**templates(), path: broken}) != []


def test_no_rule_goes_unproven() -> None:
    assert {rule for rule, *_ in BREAKS} == {rule.__name__ for rule in RULES}
