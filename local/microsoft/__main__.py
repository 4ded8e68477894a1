"""The simulated Microsoft in the foreground: `python -m local.microsoft --http-port 8400 --https-port 8443`."""

from __future__ import annotations

import argparse
import signal
import threading

from local.certificates import prepare
from local.microsoft.generate import generate
from local.microsoft.registration import CLIENT_ID, IDENTITY_CLIENT_ID, PUBLIC_URL
from local.microsoft.sample import sample_world
from local.microsoft.server import Simulator
from local.microsoft.world import World


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    options = _parser().parse_args(arguments)
    certificates = prepare(options.certificates)
    world = _world(options, certificates.client_public.read_bytes())
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    simulator = Simulator(
        world, certificates, http_port=options.http_port, https_port=options.https_port, host=options.host
    )
    with simulator as microsoft:
        print(_greeting(microsoft), flush=True)
        stopped.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.microsoft", description=__doc__)
    parser.add_argument("--http-port", type=int, default=8400, help="for browsers and the control API")
    parser.add_argument("--https-port", type=int, default=8443, help="for MSAL and Graph clients")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--world", choices=("sample", "generated"), default="sample")
    parser.add_argument("--users", type=int, default=2000, help="size of the generated world")
    parser.add_argument("--events-per-user", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--public-url", default=PUBLIC_URL, help="where our own service is reached")
    parser.add_argument("--certificates", default=".local", help="folder of keys and certificates")
    return parser


def _world(options: argparse.Namespace, certificate: bytes) -> World:
    if options.world == "sample":
        return sample_world(certificate, options.public_url)
    return generate(
        options.users,
        options.events_per_user,
        options.seed,
        client_certificate=certificate,
        public_url=options.public_url,
    ).world


def _greeting(microsoft: Simulator) -> str:
    world = microsoft.world
    tenants = ", ".join(f"{t.display_name} ({len(t.users)})" for t in world.tenants.values())
    return "\n".join(
        (
            "Simulated Microsoft is running.",
            f"  sign-in pages, control   {microsoft.http_url}",
            f"  calendars of people      {microsoft.http_url}/outlook",
            f"  tokens and Graph         {microsoft.https_url}  (CA: {microsoft.certificates.ca})",
            f"  application              {CLIENT_ID}",
            f"  managed identity         {microsoft.http_url}/identity/token  (client {IDENTITY_CLIENT_ID})",
            f"  tenants and users        {tenants}",
        )
    )


if __name__ == "__main__":
    main()
