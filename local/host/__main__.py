"""`python -m local.host`: run the project's functions until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from local.host.functions import Function
from local.host.host import LEASE, Host
from local.host.http import auth_level, template
from local.host.project import load_app, load_settings
from local.host.settings import HostError, read_json


def main() -> int:
    """Load the project, run it, and return the exit status."""
    options = _options()
    root = options.root.resolve()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", stream=sys.stdout)
    if options.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        load_settings(root, os.environ)
        app, host_json = load_app(root), read_json(root / "host.json")
        host = Host(app, host_json, os.environ, port=options.port, lease_seconds=options.lease_seconds)
        asyncio.run(_serve(host))
    except HostError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="0 takes a free one (default: 7071)")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the folder of function_app.py")
    parser.add_argument(
        "--lease-seconds",
        type=int,
        default=LEASE,
        help="how long a killed host's messages stay hidden (default: 600, as the real host)",
    )
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    return parser.parse_args()


async def _serve(host: Host) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await host.start()
    print(listing(host), flush=True)
    await stop.wait()
    print("Stopping: finishing what runs ...", flush=True)
    await host.stop()


def listing(host: Host) -> str:
    """List the functions with their triggers, HTTP routes in the order they are matched."""
    http = [route.target for route in host.http.table.routes]
    others = [function for function in host.functions if function.kind != "httpTrigger"]
    width = max((len(function.name) for function in host.functions), default=0)
    lines = [f"  {one.name:{width}}  {_route(one, host)}" for one in http]
    lines += [f"  {one.name:{width}}  {_start(one)}" for one in others]
    return "\n".join([f"Functions at {host.url}", *lines])


def _route(function: Function, host: Host) -> str:
    methods = ",".join(method.value for method in function.trigger.get("methods") or ()) or "any method"
    path = template(function, host.options.route_prefix)
    level = auth_level(function)
    return f"{methods} /{path}" + ("" if level == "anonymous" else f"  ({level} key)")


def _start(function: Function) -> str:
    if function.kind == "timerTrigger":
        return f"timer {function.trigger['schedule']}"
    return f"queue {function.trigger['queueName']}"


def _end_with_parent() -> None:
    """Wait for the pipe from the parent process to break, which no way of dying can prevent."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    raise SystemExit(main())
