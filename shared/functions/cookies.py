"""Cookies that tie an attempt to the browser it was started in.

https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie


@dataclass(frozen=True)
class BrowserCookie:
    """A cookie of one purpose. No script reads it, and it comes along only where somebody follows a link to us.

    Lax, so that it comes along when Microsoft sends the browser back. For the whole site and over https it is named
    `__Host-`, so that no other host of the domain can set it.
    """

    name: str
    path: str
    seconds: int
    public_url: str

    def keep(self, value: str) -> str:
        """The header that has a browser keep the value."""
        return self._header(value, self.seconds)

    def drop(self) -> str:
        """The header that has a browser forget it."""
        return self._header("", 0)

    def read(self, headers: Mapping[str, str]) -> str:
        """What a request brought; empty where that is nothing."""
        try:
            morsel = SimpleCookie(headers.get("Cookie", "")).get(self._name)
        except CookieError:
            return ""
        return morsel.value if morsel else ""

    def _header(self, value: str, seconds: int) -> str:
        secure = "; Secure" if self._is_secure else ""
        return f"{self._name}={value}; Path={self.path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"

    @property
    def _name(self) -> str:
        return f"__Host-{self.name}" if self.path == "/" and self._is_secure else self.name

    @property
    def _is_secure(self) -> bool:
        """Plain http is there on the developer's own machine only."""
        return self.public_url.startswith("https:")
