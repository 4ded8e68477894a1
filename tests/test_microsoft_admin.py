"""Whose page the activation button was pressed on."""

from __future__ import annotations

import pytest

from shared.functions.microsoft_admin import is_foreign

OURS = "https://outlook.calendly.example"
PRESSED = {
    # headers, whether it was somebody else's page
    "on our page": ({"Sec-Fetch-Site": "same-origin", "Origin": OURS}, False),
    "by a person, not a page": ({"Sec-Fetch-Site": "none"}, False),
    "on somebody's page": ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, True),
    "on a page of a sibling domain": ({"Sec-Fetch-Site": "same-site", "Origin": "https://x.calendly.example"}, True),
    "on somebody's page that says it is ours": ({"Sec-Fetch-Site": "cross-site", "Origin": OURS}, True),
    "on a page that hides where it is": ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, True),
    "on our page that hides where it is": ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, False),
    "with a word nobody knows": ({"Sec-Fetch-Site": "x"}, True),
    "with an empty word": ({"Sec-Fetch-Site": ""}, True),
    "by an older browser on our page": ({"Origin": OURS}, False),
    "by an older browser on somebody's page": ({"Origin": "https://evil.example"}, True),
    "by an older browser on a page that hides where it is": ({"Origin": "null"}, True),
    "by an older browser on our host without encryption": ({"Origin": "http://outlook.calendly.example"}, True),
    "by a program": ({}, False),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "expected"), PRESSED.values(), ids=PRESSED.keys())
def test_whether_the_button_was_pressed_elsewhere(headers: dict[str, str], expected: bool) -> None:
    assert is_foreign(headers, OURS) is expected
