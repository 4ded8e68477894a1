"""`make run`: the local world on its documented ports, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from local.azurite import AzuriteError
from local.ports import Ports
from local.stack import ROOT, Stack, StackError

LOG = ROOT / ".local" / "service.log"
ADMIN = "alice.admin@contoso.com"


def main() -> int:
    """Start everything, say what to do there, wait, stop everything; returns the exit status."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    print("Starting the local world: storage, Microsoft, the scheduling platform, the service ...", flush=True)
    began = time.monotonic()
    try:
        LOG.parent.mkdir(exist_ok=True)
        ports = Ports.usual(os.environ)
        data = Path(os.environ["DATA"]) if os.environ.get("DATA") else None
        with LOG.open("a" if ports.taken() else "w") as log, Stack(ports, output=log, data=data) as stack:
            stack.platform.load_roster()
            print(greeting(stack, time.monotonic() - began), flush=True)
            return _wait(stack, stopped)
    except (StackError, AzuriteError) as error:
        print(f"{error}\n{_last_words()}", file=sys.stderr)
        return 1


def _wait(stack: Stack, stopped: threading.Event) -> int:
    while not stopped.wait(0.5):
        if stack.service is None or stack.service.poll() is not None:
            print(f"The service has ended by itself. Its last messages:\n{_last_words()}", file=sys.stderr)
            return 1
    print("\nStopping ...", flush=True)
    return 0


def _last_words() -> str:
    """The end of the service's log: what it said before it ended."""
    return "".join(LOG.read_text().splitlines(keepends=True)[-15:]) if LOG.exists() else ""


def greeting(stack: Stack, seconds: float) -> str:
    """Say where everything is and what to try first."""
    return f"""
Running after {seconds:.1f} s. All of it is on this machine and gone when you stop it.

  1. Open {stack.platform.url} and go on as Alice Admin, the owner of Contoso Consulting.
  2. Make an activation link and open it in another tab: this is what the Microsoft admin gets.
  3. Sign in there as {ADMIN} and accept.
  4. Back in the first tab, watch the members connect, and read why some do not.

  Scheduling platform   {stack.platform.url}   sign in as an owner, an admin or a member
  Service               {stack.url}   the product: its pages and its API
  Microsoft, simulated  {stack.microsoft.http_url}   sign-in, consent, and /control to change people and faults
  Calendars             {stack.microsoft.http_url}/outlook   look into anybody's Outlook and change it
  The service's log     {LOG.relative_to(ROOT)}

Ctrl-C stops everything.
"""


if __name__ == "__main__":
    raise SystemExit(main())
