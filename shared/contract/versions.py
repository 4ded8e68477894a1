"""Versions of things as HTTP says them: `ETag` on answers, `If-Match` on requests.

https://www.rfc-editor.org/rfc/rfc9110#name-if-match
"""

from __future__ import annotations

import re

from shared.errors import InvalidInput

IF_MATCH = "If-Match"
SHAPE = r'^(\*|(W/)?"[!#-~]{0,64}")$'
"""What is understood in `If-Match`: one tag, or a star."""
ANY_VERSION = 0
"""What a star stands for: whichever there is, as long as there is one. Versions count from 1."""
NO_VERSION = -1
"""What a tag stands for that is none of ours."""


def etag(version: int) -> str:
    """A version as a tag."""
    return f'"{version}"'


def version_from(header: str | None) -> int | None:
    """The version that a request is good for; None where it does not say. Raises `InvalidInput`.

    A weak tag counts as its strong one: what passes on an answer may have weakened it on the way.
    """
    if header is None:
        return None
    if not re.fullmatch(SHAPE, header, re.ASCII):
        raise InvalidInput(f'Send one ETag of an answer as {IF_MATCH}, such as {IF_MATCH}: "3".', field=IF_MATCH)
    if header == "*":
        return ANY_VERSION
    number = header.removeprefix("W/").strip('"')
    return int(number) if re.fullmatch(r"[1-9][0-9]{0,9}", number) else NO_VERSION
