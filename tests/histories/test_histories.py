"""P1, P2, P6, P7, P8: whatever happens in whatever order, answers are honest, and at rest everything is true.

The same machines as `make soak`, from a fixed seed. See `local/soak`.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from local.soak.machine import Decided, Machine, Played
from local.soak.stage import Stage

HISTORIES = 5
"""Of each kind."""
STEPS = 25


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as running:
        yield running


@pytest.mark.parametrize("kind", [Machine, Decided], ids=["anything happens", "people decide"])
def test_no_history_makes_the_cache_lie_or_leaves_it_wrong(stage: Stage, kind: type[Played]) -> None:
    machine, before = type("Machine", (kind,), {"stage": stage}), stage.census.steps
    chosen = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)
    assert stage.census.steps - before > HISTORIES
