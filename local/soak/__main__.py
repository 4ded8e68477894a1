"""`python -m local.soak [--minutes N] [--seed S]`: histories until the time is over or one breaks a promise."""

from __future__ import annotations

import argparse
import sys
import time

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from local.soak.errors import Divergence
from local.soak.machine import Decided, Machine
from local.soak.stage import Stage

ROUND = 10
"""Histories between two lines."""
STEPS = 30


def main(arguments: list[str] | None = None) -> int:
    """Run; 0 where nothing broke, 1 with the shortest history that broke something."""
    parser = argparse.ArgumentParser(prog="python -m local.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS, help="longest history")
    parser.add_argument("--as-found", action="store_true", help="do not look for a shorter history that breaks too")
    given = parser.parse_args(arguments)
    with Stage() as stage:
        number, until = given.seed, time.monotonic() + given.minutes * 60
        while time.monotonic() < until:
            try:
                one_round(stage, number, given.steps, shrink=not given.as_found)
            except Divergence as divergence:
                stage.census.divergences += 1
                report(stage, number, divergence)
                return 1
            print(f"seed {number}: {stage.census.line()}", flush=True)
            number += 1
        print(f"\nFaults raised:\n{stage.census.kinds()}", flush=True)
    return 0


def one_round(stage: Stage, number: int, steps: int, *, shrink: bool) -> None:
    """Some histories from one seed; every other seed is about decisions."""
    machine = type("Machine", (Decided if number % 2 else Machine,), {"stage": stage})
    chosen = settings(
        max_examples=ROUND,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    run_state_machine_as_test(seed(number)(machine), settings=chosen)


def report(stage: Stage, number: int, divergence: Divergence) -> None:
    """Say what broke and how to see it again."""
    print(f"seed {number}: {stage.census.line()}", flush=True)
    print(f"\nDIVERGENCE (again with --seed {number}): {divergence}", flush=True)
    for note in getattr(divergence, "__notes__", []):
        print(note, flush=True)


if __name__ == "__main__":
    sys.exit(main())
