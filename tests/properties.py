"""Hypothesis as these tests use it: enough examples to find things, and no time limit, for machines are busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis

USUAL, THOUSAND = 60, 1_000
_settings = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])


def given(
    *strategies: Any, examples: int = USUAL, **named: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`hypothesis.given` with these settings."""
    settings = hypothesis.settings(_settings, max_examples=examples)
    return lambda test: settings(hypothesis.given(*strategies, **named)(test))
