"""What tests of several folders share: started once in a process, when the first of them asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.azurite import Azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """A real storage emulator, in memory, for tests that use names of their own and look at nobody else's rows."""
    with Azurite() as running:
        yield running
