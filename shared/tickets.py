"""What is handed out for one attempt or link: which one it is for, and a secret of which only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field, replace

from shared.callers import ID
from shared.errors import Refusal

SEPARATOR = "~"
"""Between organization, link id and secret in a token; occurs in none of them."""

_TICKET = re.compile(rf"({ID.pattern}){SEPARATOR}([0-9a-f]{{12}}){SEPARATOR}([A-Za-z0-9_-]{{43}})")


@dataclass(frozen=True)
class Ticket:
    """A token or state taken apart: which link it is for, and the secret that proves it."""

    org: str
    link_id: str
    secret: str

    @classmethod
    def new(cls, org: str) -> Ticket:
        """The token of a new link."""
        return cls(org, secrets.token_hex(6), new_secret())

    @classmethod
    def parse(cls, text: str) -> Ticket:
        """Raises `Refusal("link_unknown")` for anything of another shape."""
        found = _TICKET.fullmatch(text)
        if found is None:
            raise Refusal("link_unknown")
        return cls(*found.groups())

    def __str__(self) -> str:
        return SEPARATOR.join((self.org, self.link_id, self.secret))

    def fresh(self) -> Ticket:
        """Another secret for the same link: the state of its next step."""
        return replace(self, secret=new_secret())

    def opens(self, digest: str | None) -> bool:
        """Whether this is the secret the digest was made of; in constant time."""
        return digest is not None and hmac.compare_digest(hashed(self.secret), digest)


@dataclass(frozen=True)
class Departure:
    """Where the browser goes next, and the secret it must bring back."""

    url: str
    browser: str = field(repr=False)


def new_secret() -> str:
    """256 bits nobody can guess."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is stored of a secret: enough to recognise it, of no use to whoever reads the table."""
    return hashlib.sha256(secret.encode()).hexdigest()
