"""`python -m local.bookings [--bookings 200] [--kills 20] [--seed 0]`; ends with 0 only if all holds."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from local.azurite import AzuriteError
from local.bookings.clock import project
from local.bookings.counts import rows
from local.bookings.run import NO_EVENTS, Outcome, Scale, run
from local.kills.__main__ import LEASE_SECONDS
from local.kills.report import print_report
from local.kills.run import NO_SCHEDULE
from local.stack import ROOT, Stack, StackError

LOG = ROOT / ".local" / "bookings.log"


def main(arguments: list[str] | None = None) -> int:
    """Run and report; returns the exit status."""
    given, began = _parser().parse_args(arguments), time.monotonic()
    scale = Scale(given.bookings, given.kills, given.members, given.seed)
    LOG.parent.mkdir(exist_ok=True)
    # The simulated Microsoft would write a traceback for each connection that a kill breaks.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bookings-") as folder,
            LOG.open("w") as log,
            Stack(
                lease_seconds=LEASE_SECONDS,
                settings={**NO_SCHEDULE, **NO_EVENTS},
                output=log,
                data=Path(folder) / "azurite",
                project=project(Path(folder) / "project"),
            ) as stack,
        ):
            outcome = run(stack, scale)
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 130
    except (StackError, AzuriteError, TimeoutError) as error:
        print(f"{error}\nThe service's log: {LOG}", file=sys.stderr)
        return 1
    return report(outcome, time.monotonic() - began)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.bookings", description=__doc__)
    usual = Scale()
    parser.add_argument("--bookings", type=int, default=usual.bookings)
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--members", type=int, default=usual.members)
    parser.add_argument("--seed", type=int, default=usual.seed)
    return parser


def report(outcome: Outcome, seconds: float) -> int:
    """Print the counts and what is wrong; returns the exit status."""
    well = f"Each exactly once or not at all, in {seconds:.0f} s."
    return print_report(
        ((name, f"{value:,}") for name, value in rows(outcome)), outcome.findings, well, outcome.scale.seed, LOG
    )


if __name__ == "__main__":
    raise SystemExit(main())
