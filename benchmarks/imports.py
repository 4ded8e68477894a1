"""Cold start: importing our app against importing azure.functions alone, and the first notification after that.

Why: a function app that scaled to zero, or out, imports everything before it answers, and Graph's handshake and
notifications wait for at most a few seconds. azure.functions itself cannot be avoided, so it is the measure. The
heavy libraries (Azure SDK, MSAL, cryptography, requests) must not be among what the webhook needs.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from benchmarks.report import heading, milliseconds, note, progress, table, times
from local.stack import ROOT
from shared.client_state import ClientState
from shared.model import MailboxKey

RUNS = 7
HEAVY = (
    "azure.core",
    "azure.data.tables",
    "azure.identity",
    "azure.storage.queue",
    "cryptography",
    "jwt",
    "msal",
    "requests",
)
LIBRARY, APP = "import azure.functions", "import function_app (all of ours)"
ANSWERED, EVERYTHING = "first notification after it", "azure.functions and the heavy libraries"
KEY = bytes(range(32))
MAILBOX = MailboxKey(str(UUID(int=1)), str(UUID(int=2)))

SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "PUBLIC_URL": "https://outlook.example.com",
    "SECRET_KEYS": base64.b64encode(KEY).decode(),
    "TOKEN_KEYS": base64.b64encode(KEY).decode(),
    "RESYNC_SCHEDULE": "0 */5 * * * *",
    "MICROSOFT_CLIENT_ID": str(UUID(int=3)),
    "MICROSOFT_CERTIFICATE_FILE": "not-read-at-import.pem",
    "PLATFORM_NAME": "Calendly",
    "PLATFORM_SIGN_IN_URL": "https://platform.example.com/login",
    "PLATFORM_ISSUER": "https://platform.example.com",
    "PLATFORM_AUDIENCE": "outlook-connection",
    "PLATFORM_JWKS_URL": "https://platform.example.com/.well-known/jwks.json",
}

IMPORT = """
import sys, time, json
began = time.perf_counter()
import {module}
took, modules = time.perf_counter() - began, list(sys.modules)
"""
ANSWER = """
import os
import azure.functions as func
class Messages(func.Out):
    def set(self, val): self.value = val
    def get(self): return self.value
functions = {f.get_function_name(): f.get_user_function() for f in function_app.app.get_functions()}
request = func.HttpRequest(method="POST", url="/webhooks/graph", body=os.environ["BODY"].encode())
messages = Messages()
began = time.perf_counter()
answer = functions["change_notifications"](request, messages, Messages())
took, modules = time.perf_counter() - began, list(sys.modules)
assert answer.status_code == 202 and len(messages.get()) == 1
"""
TELL = "\nprint(json.dumps([took, modules]))"


@dataclass(frozen=True)
class Cost:
    """What one step costs a fresh process: median seconds, and the modules loaded after it."""

    seconds: float
    modules: frozenset[str]


def run() -> None:
    """Measure and print."""
    heading(f"Cold start: imports in fresh processes, median of {RUNS}, in turns, bytecode cached")
    programs = {
        LIBRARY: IMPORT.format(module="azure.functions"),
        APP: IMPORT.format(module="function_app"),
        ANSWERED: IMPORT.format(module="function_app") + ANSWER,
        EVERYTHING: IMPORT.format(module=", ".join(("azure.functions", *HEAVY))),
    }
    progress(f"{len(programs) * (RUNS + 1)} processes")
    costs = measure(programs)
    base, app = costs[LIBRARY], costs[APP]
    table(("", "median", "ratio", "modules"), [_row(name, cost, base) for name, cost in costs.items()])
    loaded = [name for name in HEAVY if name in costs[ANSWERED].modules]
    note(f"Ours adds {milliseconds(app.seconds - base.seconds)} and {len(app.modules - base.modules)} modules.")
    note(f"Heavy libraries loaded once a notification was answered: {', '.join(loaded) or 'none'}.")


def _row(name: str, cost: Cost, base: Cost) -> tuple[str, ...]:
    return name, milliseconds(cost.seconds), times(cost.seconds / base.seconds), f"{len(cost.modules):,}"


def measure(programs: Mapping[str, str]) -> dict[str, Cost]:
    """Run each program in fresh processes, in turns; the first turn only warms caches."""
    turns = [{name: _fresh(program + TELL) for name, program in programs.items()} for _ in range(RUNS + 1)][1:]
    return {
        name: Cost(statistics.median(turn[name][0] for turn in turns), frozenset(turns[0][name][1]))
        for name in programs
    }


def _fresh(program: str) -> tuple[float, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=_environment(), check=True, stdout=subprocess.PIPE
    )
    seconds, modules = json.loads(done.stdout)
    return seconds, modules


def _environment() -> Mapping[str, str]:
    state = ClientState([KEY]).issue(MAILBOX)
    body = json.dumps({"value": [{"tenantId": MAILBOX.tenant_id, "clientState": state}]})
    return {**os.environ, **SETTINGS, "BODY": body}
