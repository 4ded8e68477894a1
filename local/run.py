"""`make run`: the local world on its documented ports, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from local.azurite import AzuriteError
from local.ports import Ports
from local.stack import Stack, StackError


def main() -> int:
    """Start everything, say what to do there, wait, stop everything; returns the exit status."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    print("Starting the local world: storage, Microsoft, the scheduling platform, the service ...", flush=True)
    began = time.monotonic()
    try:
        with Stack(Ports.usual(os.environ)) as stack:
            stack.platform.load_roster()
            print(greeting(stack, time.monotonic() - began), flush=True)
            return _wait(stack, stopped)
    except (StackError, AzuriteError) as error:
        print(error, file=sys.stderr)
        return 1


def _wait(stack: Stack, stopped: threading.Event) -> int:
    while not stopped.wait(0.5):
        if stack.service is None or stack.service.poll() is not None:
            print("The service has ended by itself; its last messages are above.", file=sys.stderr)
            return 1
    print("\nStopping ...", flush=True)
    return 0


def greeting(stack: Stack, seconds: float) -> str:
    """Say where everything is and what to try first."""
    return f"""
Running after {seconds:.1f} s. All of it is on this machine and gone when you stop it.

  Scheduling platform   {stack.platform.url}   sign in as an admin, make an activation link, see calendars connect
  Service               {stack.url}   its pages; the API is described at {stack.url}/api/openapi.json
  Microsoft, simulated  {stack.microsoft.http_url}   where activation links lead to sign in and consent

Start at {stack.platform.url} and follow the first link. Ctrl-C stops everything.
"""


if __name__ == "__main__":
    raise SystemExit(main())
