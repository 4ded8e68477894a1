"""`python -m benchmarks [name ...]`: all benchmarks, or those named."""

from __future__ import annotations

import logging
import sys
import time

from benchmarks import available, bookings, busy, connect, imports, latency, members, refresh, storm, webhook
from benchmarks.report import heading, machine, note

BENCHMARKS = {
    "imports": imports.run,
    "webhook": webhook.run,
    "busy": busy.run,
    "available": available.run,
    "bookings": bookings.run,
    "members": members.run,
    "refresh": refresh.run,
    "latency": latency.run,
    "storm": storm.run,
    "connect": connect.run,
}


def main(names: list[str]) -> int:
    """Run what was asked for; returns the exit status."""
    unknown = sorted(set(names) - BENCHMARKS.keys())
    if unknown:
        print(f"No benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    logging.disable()  # what the service's parts say when they run in this process
    began = time.monotonic()
    print(f"On {machine()}.\nClient, service, storage emulator and simulated Microsoft share this machine.")
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    heading("Done")
    note(f"{time.monotonic() - began:.0f} s in all")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
