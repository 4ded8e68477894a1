"""Where the local world listens."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of everything on this machine; 0 takes a free one."""

    port: int = 0
    """The service's."""
    platform_port: int = 0
    microsoft_http_port: int = 0
    microsoft_https_port: int = 0
    blob_port: int = 0
    queue_port: int = 0
    table_port: int = 0

    @classmethod
    def usual(cls, environ: Mapping[str, str]) -> Ports:
        """Return the documented ports, each of which a variable of its name in capitals replaces."""
        usual = cls(7071, 7080, 8400, 8443, 10000, 10001, 10002)
        return cls(**{name: int(environ.get(name.upper(), port)) for name, port in asdict(usual).items()})

    def taken(self) -> dict[str, int]:
        """Return the ports that something else listens on, by the variable that replaces each."""
        return {name.upper(): port for name, port in asdict(self).items() if port and not _is_free(port)}


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
