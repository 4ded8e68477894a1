"""The platform in the foreground: `python -m local.platform --port 8500 --app-url http://localhost:7071`."""

from __future__ import annotations

import argparse
import signal
import threading

from local.certificates import prepare
from local.microsoft.sample import ORGANIZATIONS
from local.platform.server import Platform


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    options = _parser().parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    key = prepare(options.certificates).platform_key.read_bytes()
    with Platform(ORGANIZATIONS, options.app_url, key, options.port) as platform:
        print(f"The local scheduling platform is running: {platform.url}", flush=True)
        stopped.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.platform", description=__doc__)
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--app-url", default="http://localhost:7071", help="where the service is reached")
    parser.add_argument("--certificates", default=".local", help="folder of keys and certificates")
    return parser


if __name__ == "__main__":
    main()
