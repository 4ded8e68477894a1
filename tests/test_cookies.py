"""The cookie that ties an attempt to a browser: who can read it, when it comes along, who can set it."""

from __future__ import annotations

import pytest

from shared.functions.cookies import BrowserCookie

HTTPS, HTTP = "https://outlook.example.com", "http://localhost:7071"


def cookie(public_url: str = HTTPS, path: str = "/") -> BrowserCookie:
    return BrowserCookie("sign_in", path, 900, public_url)


SET = {
    "for the whole site": (cookie(), "__Host-sign_in=v; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure"),
    "for a path": (cookie(path="/back"), "sign_in=v; Path=/back; Max-Age=900; HttpOnly; SameSite=Lax; Secure"),
    "without https": (cookie(HTTP), "sign_in=v; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"),
}


@pytest.mark.parametrize(("given", "header"), SET.values(), ids=SET.keys())
def test_how_it_is_set(given: BrowserCookie, header: str) -> None:
    assert given.keep("v") == header
    assert given.read({"Cookie": f"other=1; {header.partition(';')[0]}"}) == "v"


def test_it_is_forgotten_under_the_same_name() -> None:
    assert cookie().drop().startswith("__Host-sign_in=; Path=/; Max-Age=0; ")


NOT_IT = {
    "nothing": {},
    "an empty header": {"Cookie": ""},
    "another cookie": {"Cookie": "other=v"},
    "one that a sibling host could have set": {"Cookie": "sign_in=v"},
    "rubbish": {"Cookie": '__Host-sign_in="\\777; =;;; x=\x01'},
}


@pytest.mark.parametrize("headers", NOT_IT.values(), ids=NOT_IT.keys())
def test_what_is_not_the_cookie_is_nothing(headers: dict[str, str]) -> None:
    assert cookie().read(headers) in ("", "\\777")
