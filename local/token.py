"""`make token`: a token of the local platform, to try the API of a running local world with.

As real as those of the sign-in page, and for the local world only: it is signed with the key that lies there.
"""

from __future__ import annotations

import argparse
import os

from local.certificates import prepare
from local.microsoft.sample import ORGANIZATIONS
from local.platform.server import SERVICE_ROLE, Platform
from local.ports import Ports
from local.stack import ROOT


def main(arguments: list[str] | None = None) -> None:
    """Print it."""
    options = _parser().parse_args(arguments)
    ports = Ports.usual(os.environ)
    key = prepare(ROOT / ".local").platform_key.read_bytes()
    platform = Platform(ORGANIZATIONS, f"http://localhost:{ports.port}", key)
    issuer = f"http://localhost:{ports.platform_port}"
    print(platform.token(options.organization, options.role, options.member, iss=issuer))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make token ARGS=...", description="A token of the local platform.")
    parser.add_argument("--role", default=SERVICE_ROLE, choices=("owner", "admin", "user", SERVICE_ROLE))
    parser.add_argument("--member", help="the id of a member; else the first of that role")
    parser.add_argument("--organization", default=next(iter(ORGANIZATIONS)).id)
    return parser


if __name__ == "__main__":
    main()
