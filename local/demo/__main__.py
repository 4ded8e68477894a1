"""`make demo`: the story, unattended. Ends with 0 only if every step came out right."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from local.azurite import AzuriteError
from local.demo.chapters import Demo
from local.demo.story import Story
from local.stack import Stack, StackError

LEASE_SECONDS = 5
"""How long a killed service's messages stay hidden; the real host holds them for ten minutes."""


def main() -> int:
    """Tell the story; returns the exit status."""
    story = Story()
    story.chapter("The local world starts: storage, Microsoft, the scheduling platform, the service")
    with tempfile.NamedTemporaryFile("w+", prefix="outlook-demo-", suffix=".log") as log:
        try:
            with Stack(lease_seconds=LEASE_SECONDS, output=log) as stack:
                Demo(stack, story, Path(log.name)).tell()
        except (StackError, AzuriteError) as error:
            print(error, file=sys.stderr)
            return 1
    return story.end()


if __name__ == "__main__":
    raise SystemExit(main())
