"""`python -m local.kills [--kills 50] [--changes 2000] [--seed 0]`; ends with 0 only if nothing is lost or wrong."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from local.azurite import AzuriteError
from local.kills.interruptions import Kind
from local.kills.report import print_report
from local.kills.run import NO_SCHEDULE, Outcome, Scale, run
from local.stack import ROOT, Stack, StackError

LEASE_SECONDS = 20
"""How long a killed service's messages stay hidden; the real host holds them for ten minutes.

With a kill each second or so it must be long enough that no message dies with its process five times: that is a
dead letter, kept and shown, and not what is tried here.
"""
LOG = ROOT / ".local" / "kills.log"


def main(arguments: list[str] | None = None) -> int:
    """Run and report; returns the exit status."""
    given, began = _parser().parse_args(arguments), time.monotonic()
    scale = Scale(given.changes, given.kills, given.restarts, given.mailboxes, given.seed)
    LOG.parent.mkdir(exist_ok=True)
    # The simulated Microsoft would write a traceback for each connection that a kill breaks.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="kills-") as data,
            LOG.open("w") as log,
            Stack(lease_seconds=given.lease, settings=NO_SCHEDULE, output=log, data=Path(data)) as stack,
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
    parser = argparse.ArgumentParser(prog="python -m local.kills", description=__doc__)
    usual = Scale()
    parser.add_argument("--kills", type=int, default=usual.kills)
    parser.add_argument("--changes", type=int, default=usual.changes)
    parser.add_argument("--restarts", type=int, default=usual.restarts, help="of storage")
    parser.add_argument("--mailboxes", type=int, default=usual.mailboxes)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument(
        "--lease", type=int, default=LEASE_SECONDS, help="seconds a killed host's messages stay hidden"
    )
    return parser


def report(outcome: Outcome, seconds: float) -> int:
    """Print the counts and what is wrong; returns the exit status."""
    well = f"Nothing lost, nothing wrong, in {seconds:.0f} s."
    return print_report(rows(outcome), outcome.findings, well, outcome.scale.seed, LOG)


def rows(outcome: Outcome) -> list[tuple[str, str]]:
    """The table."""
    delivery, scale = outcome.delivery, outcome.scale
    rest = "never" if outcome.rest_seconds is None else f"{outcome.rest_seconds:.1f}"
    return [
        ("changes made in Outlook", f"{outcome.changes:,}"),
        ("kills of the service (SIGKILL)", f"{outcome.interruptions[Kind.KILL]:,}"),
        ("  with messages in the work queues", f"{outcome.hits:,}"),
        ("restarts of storage", f"{outcome.interruptions[Kind.STORAGE]:,}"),
        ("notifications acknowledged", f"{delivery['acknowledged']:,}"),
        ("  sent, repeats included", f"{delivery['sent']:,}"),
        ("  retried by Graph", f"{delivery['retried']:,}"),
        ("  dropped by Graph", f"{delivery['dropped']:,}"),
        ("seconds from first to last change", f"{outcome.seconds:.1f}"),
        ("seconds to rest after the last change", rest),
        (f"calendars wrong, of {scale.mailboxes}", f"{len(outcome.calendars):,}"),
        (f"subscriptions wrong, of {scale.mailboxes}", f"{len(outcome.subscriptions):,}"),
        (f"members not connected, of {scale.mailboxes}", f"{len(outcome.members):,}"),
        ("messages left, dead ones included", f"{len(outcome.messages):,}"),
        ("notifications never acknowledged", f"{outcome.unacknowledged:,}"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
