"""The real browser that tests of pages are driven in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")


@contextmanager
def chromium(patience: int) -> Iterator[Browser]:
    """A running Chromium, which waits so many milliseconds for what should appear. In CI there has to be one."""
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("no chromium here")
    expect.set_options(timeout=patience)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()
