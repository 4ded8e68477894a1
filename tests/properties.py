"""Hypothesis as these tests use it: enough examples to find things, and no time limit, for machines are busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis

_settings = hypothesis.settings(
    deadline=None, max_examples=60, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)


def given(*strategies: Any, **named: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`hypothesis.given` with these settings."""
    return lambda test: _settings(hypothesis.given(*strategies, **named)(test))
