"""The layering of the code, read from its syntax tree, and what a cold start loads."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "shared"
MODULES = sorted(path.relative_to(ROOT) for path in SHARED.rglob("*.py"))


def type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module imported anywhere in the tree, also inside functions, but not for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if type_checking(node):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node)


IMPORTS = {module: sorted(set(imports(ast.parse((ROOT / module).read_text())))) for module in MODULES}


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offenders(places: tuple[str, ...], *packages: str) -> list[str]:
    """Imports of these packages by modules outside these places."""
    return [
        f"{module} imports {name}"
        for module, names in IMPORTS.items()
        for name in names
        if within(name, *packages) and not any(module.as_posix().startswith(place) for place in places)
    ]


def forbidden(place: str, *packages: str) -> list[str]:
    """Imports of these packages by modules in this place."""
    return [
        f"{module} imports {name}"
        for module, names in IMPORTS.items()
        for name in names
        if module.as_posix().startswith(place) and within(name, *packages)
    ]


def test_the_rules_see_the_code() -> None:
    assert len(MODULES) > 30
    assert "shared.storage.tables.Tables" in IMPORTS[Path("shared/calendar_sync.py")]
    assert "azure.identity.ManagedIdentityCredential" in IMPORTS[Path("shared/storage/service.py")]


VALUES = (
    "shared.model",
    "shared.errors",
    "shared.settings",
    "shared.messages",
    "shared.http",
    "shared.signing_keys",
    "shared.client_state",
    "shared.encryption",
    "shared.states",
)
"""Modules that hold values or one small mechanism, and know no layer above them."""


@pytest.mark.parametrize("layer", ["graph", "storage"])
def test_the_lowest_layers_know_values_and_themselves_only(layer: str) -> None:
    own = f"shared.{layer}"
    wrong = [name for name in forbidden(f"shared/{layer}/", "shared") if not within(name.split()[-1], own, *VALUES)]
    assert wrong == []


def test_graph_and_storage_never_import_each_other() -> None:
    assert forbidden("shared/graph/", "shared.storage") == []
    assert forbidden("shared/storage/", "shared.graph") == []


@pytest.mark.parametrize("value", VALUES)
def test_values_know_values_only(value: str) -> None:
    place = value.replace(".", "/")
    names = (*forbidden(f"{place}.py", "shared"), *forbidden(f"{place}/", "shared"))
    assert [name for name in names if not within(name.split()[-1], *VALUES)] == []


PURE = (
    "shared/audit_words.py",
    "shared/callers.py",
    "shared/client_state.py",
    "shared/contract/",
    "shared/errors/",
    "shared/freebusy.py",
    "shared/invitation.py",
    "shared/link_states.py",
    "shared/mailbox_scope.py",
    "shared/matching.py",
    "shared/member_filter.py",
    "shared/messages.py",
    *(
        f"shared/model/{noun}.py"
        for noun in ("activation", "announcement", "audit", "calendar", "connection", "organization", "tenant")
    ),
    "shared/mailbox_reading.py",
    "shared/notifications.py",
    "shared/plain_text.py",
    "shared/roster.py",
)


@pytest.mark.parametrize("module", PURE)
def test_what_only_decides_does_no_input_or_output(module: str) -> None:
    assert forbidden(module, "azure", "requests", "msal", "jwt", "socket", "os", "pathlib", "http", "logging") == []
    assert forbidden(module, "shared.graph", "shared.storage", "shared.functions") == []


RULES = {
    "azure.functions stays at the edge": (("shared/functions/",), ("azure.functions",)),
    "tables and queues stay in storage": (("shared/storage/",), ("azure.data", "azure.storage")),
    "azure.core is known to storage, and to three others by its exceptions": (
        ("shared/storage/", "shared/health.py", "shared/functions/responses.py", "shared/graph/credential.py"),
        ("azure.core",),
    ),
    "managed identity is known to credential and storage": (
        ("shared/graph/credential.py", "shared/storage/service.py"),
        ("azure.identity",),
    ),
    "MSAL stays in graph": (("shared/graph/",), ("msal",)),
    "requests stays in graph and the one session": (("shared/graph/", "shared/http.py"), ("requests", "urllib3")),
    "JWTs are verified in three places": (
        ("shared/platform_tokens.py", "shared/signing_keys.py", "shared/graph/id_token.py"),
        ("jwt",),
    ),
    "pages are rendered in one place": (("shared/pages",), ("jinja2",)),
    "nobody but the app imports the edge": (("shared/functions/",), ("shared.functions",)),
    "nobody but the edge imports the wiring": (("shared/functions/", "shared/bootstrap/"), ("shared.bootstrap",)),
    "nothing in the product knows the simulator or the tests": ((), ("local", "tests", "benchmarks")),
    "no second HTTP client or ORM creeps in": (
        (),
        ("httpx", "aiohttp", "urllib.request", "msgraph", "O365", "orjson"),
    ),
    "nobody mocks": ((), ("unittest", "pytest")),
}


@pytest.mark.parametrize(("places", "packages"), RULES.values(), ids=RULES.keys())
def test_where_a_package_may_be_known(places: tuple[str, ...], packages: tuple[str, ...]) -> None:
    assert offenders(places, *packages) == []


def test_the_edge_reaches_microsoft_and_storage_through_capabilities() -> None:
    assert forbidden("shared/functions/", "shared.graph", "shared.storage.table", "requests", "msal", "jwt") == []


def test_imports_make_no_circle() -> None:
    known = {".".join(m.with_suffix("").parts).removesuffix(".__init__"): m for m in MODULES}

    def leads_to(module: str) -> set[str]:
        """Modules imported when this one is: at its top level."""
        tree = ast.parse((ROOT / known[module]).read_text())
        top = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
        names = imports(ast.Module(top, []))  # type: ignore[arg-type]
        return {part for name in names for part in (name, name.rpartition(".")[0]) if part in known} - {module}

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for following in sorted(leads_to(module)):
                visit(following, (*path, module))
            done.add(module)

    done: set[str] = set()
    for module in known:
        visit(module, ())


HEAVY = (
    "requests",
    "urllib3",
    "msal",
    "jwt",
    "cryptography",
    "jinja2",
    "azure.core",
    "azure.data",
    "azure.storage",
    "azure.identity",
)
ENVIRON = {
    "PUBLIC_URL": "https://outlook.example.com",
    "SECRET_KEYS": "a" * 43 + "=",
    "TOKEN_KEYS": "b" * 43 + "=",
    "RESYNC_SCHEDULE": "0 */5 * * * *",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "MICROSOFT_CLIENT_ID": "11111111-0000-4000-8000-000000000001",
    "MICROSOFT_CERTIFICATE_FILE": "nowhere.pem",
    "PLATFORM_NAME": "Calendly",
    "PLATFORM_SIGN_IN_URL": "https://platform.example.com/login",
    "PLATFORM_ISSUER": "https://platform.example.com",
    "PLATFORM_AUDIENCE": "outlook-connection",
    "PLATFORM_JWKS_URL": "https://platform.example.com/jwks.json",
}
NOTIFIED = """
import datetime, json, os
from shared.client_state import ClientState
from shared.lanes import Lanes
from shared.model import MailboxKey
from shared.notifications import accept
from shared.settings import Settings
state = ClientState(Settings.from_env(os.environ).secret_keys)
mailbox = MailboxKey("7c5f0000-0000-4000-8000-000000000001", "7c5f0000-0000-4000-8000-000000000002")
item = {"tenantId": mailbox.tenant_id, "clientState": state.issue(mailbox)}
post = json.dumps({"value": [item]}).encode()
assert len(accept(post, state, Lanes(), datetime.datetime.now(datetime.UTC)).messages) == 1
"""


def loaded_after(code: str) -> set[str]:
    """The modules a fresh interpreter has loaded once it ran the code."""
    told = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    environ = {**ENVIRON, "PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import function_app", id="cold start"),
        pytest.param(f"import function_app\n{NOTIFIED}", id="cold start and a notification"),
        pytest.param(NOTIFIED, id="a notification alone"),
    ],
)
def test_no_sdk_crypto_or_http_client_is_loaded(code: str) -> None:
    loaded = loaded_after(code)
    assert "shared.settings" in loaded
    assert sorted(name for name in loaded if within(name, *HEAVY)) == []
